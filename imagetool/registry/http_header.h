/* SPDX-License-Identifier: Apache-2.0 */
/* Header lines into struct http_answer.  Pure. */
#ifndef IMAGETOOL_REGISTRY_HTTP_HEADER_H
#define IMAGETOOL_REGISTRY_HTTP_HEADER_H

#include "imagetool/registry/http.h"

/* Forget everything: the next answer, after a redirect or for a new request, starts from nothing.
 */
void http_header_reset(struct http_answer *a);
/* One line as it came, not NUL-terminated; a status line resets. */
void http_header_line(struct http_answer *a, const char *line, size_t len);
/* First byte of "bytes 5-9/10"; -EINVAL for anything else, also NULL. */
int http_range_start(const char *content_range, int64_t *ret);

/* The target of the first Link with rel=next, as written: owned, or NULL.  A list goes on there. */
char *http_link_next(const struct strv *links);

/*
 * The text of a Warning header as the distribution protocol has it, `299 - "text"`: owned, without
 * control characters, at most HTTP_WARNING_MAX bytes.  NULL for other codes and forms.
 */
#define HTTP_WARNING_MAX 4096
char *http_warning_text(const char *value);

#endif
