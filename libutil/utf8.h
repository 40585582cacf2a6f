/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef LIBUTIL_UTF8_H
#define LIBUTIL_UTF8_H

#include <stddef.h>

/* Bytes of the character at `s` (1 to 4), or 0 when the `len` bytes do not begin with one. */
size_t utf8_length(const char *s, size_t len);
/* How many of the bytes are good; `len` when all are. */
size_t utf8_span(const char *s, size_t len);

#endif
