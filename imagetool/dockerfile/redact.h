/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs that people and files get to see.  What stands in front of an URL's "@" opens a server for
 * whoever knows it: it goes to that server, and into no name, history, attestation or message.
 */
#ifndef IMAGETOOL_DOCKERFILE_REDACT_H
#define IMAGETOOL_DOCKERFILE_REDACT_H

#include "libutil/strbuf.h"

/* Appends the text; in each URL in it name and password are "xxxxx", as BuildKit has them. */
void redact_text(struct strbuf *out, const char *text);
/* Owned. */
char *redact_url(const char *url) MALLOC_LIKE;

#endif
