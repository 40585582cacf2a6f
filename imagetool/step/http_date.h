/* SPDX-License-Identifier: Apache-2.0 */
/* Dates in headers: "Sun, 06 Nov 1994 08:49:37 GMT" and the two older forms of RFC 9110. */
#ifndef IMAGETOOL_STEP_HTTP_DATE_H
#define IMAGETOOL_STEP_HTTP_DATE_H

#include <time.h>

/* -EINVAL for anything else. */
int http_date_parse(const char *text, time_t *ret);

#endif
