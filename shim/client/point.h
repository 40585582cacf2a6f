/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point in time as docker's --since and --until take it:
 *
 *     10m, 1h30m                         so long ago
 *     1136073600, 1136073600.000000001   seconds since 1970
 *     2006-01-02T15:04:05.999Z, ...+07:00
 *     2006-01-02T15:04:05, 2006-01-02T15:04, 2006-01-02, 2006-01-02Z   local time without zone
 */
#ifndef SHIM_CLIENT_POINT_H
#define SHIM_CLIENT_POINT_H

#include <time.h>

#include "libutil/err.h"

/* `now` and the seconds by which local time is east of UTC then.  Pure. */
int point_parse(const char *text, struct timespec now, int east, struct timespec *ret,
		struct err *e);

/* The same by the clock and the time zone of this process. */
int point_parse_now(const char *text, struct timespec *ret, struct err *e);

#endif
