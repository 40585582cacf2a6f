/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) of short texts, for names; what must be fast or more is libutil/digest.h's.
 */
#ifndef LIBUTIL_SHA256_H
#define LIBUTIL_SHA256_H

#include <stddef.h>

#define SHA256_TEXT_SIZE 65

/* Lower-case hex digits and a NUL. */
void sha256_hex(const void *data, size_t len, char text[SHA256_TEXT_SIZE]);

#endif
