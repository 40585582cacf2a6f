/* SPDX-License-Identifier: Apache-2.0 */
/* Names people give to containers, and random ones. */
#ifndef LIBUTIL_IDS_H
#define LIBUTIL_IDS_H

#include "libutil/err.h"

#define ID_MAX 1024

/* [a-zA-Z0-9_+-][a-zA-Z0-9_+.-]*, at most ID_MAX bytes and a legal file name (255 bytes). */
int id_check(const char *id, struct err *e);
/* `n` random lower-case hex digits and a NUL into buf (n + 1 bytes); n is at most 256. */
int id_random(char *buf, size_t n, struct err *e);

#endif
