/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to numbers.  Each parser is total: the whole text must match, nothing is
 * skipped (no leading blanks, no '+', no trailing text), and the result is in
 * range; otherwise -EINVAL or -ERANGE and *ret is untouched.
 */
#ifndef LIBUTIL_PARSE_H
#define LIBUTIL_PARSE_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "libutil/macro.h"

int parse_u64(const char *s, uint64_t *ret);
int parse_i64(const char *s, int64_t *ret);
int parse_u32(const char *s, uint32_t *ret);
int parse_int(const char *s, int *ret);
/* A user or group id: 0 .. 4294967294 (the all-ones value means "no change" to the kernel). */
int parse_id(const char *s, uint32_t *ret);
/* A process id: 1 .. INT_MAX. */
int parse_pid(const char *s, pid_t *ret);
/* "true", "false", "1", "0", "yes", "no". */
int parse_bool(const char *s, bool *ret);
/* Bytes: a number ("1.5" too) with an optional b, k, m, g or t (powers of 1024; "kb", "KiB" too);
 * "-1" gives -1. */
int parse_size(const char *s, int64_t *ret);
/* Go-like durations: "300ms", "1.5h", "1h30m"; a bare number means seconds.  Not negative.
 * Nanoseconds. */
int parse_duration(const char *s, int64_t *ret_ns);
/* RFC 3339 time with optional fraction, zone Z or +hh:mm. */
int parse_time(const char *s, struct timespec *ret);
/* RFC 3339 in UTC with nanoseconds: "2026-01-02T03:04:05.000000006Z". `buf` holds TIME_TEXT_SIZE.
 */
#define TIME_TEXT_SIZE 32
const char *time_text(struct timespec t, char buf[TIME_TEXT_SIZE]);

#endif
