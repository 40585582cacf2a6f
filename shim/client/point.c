/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/point.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/parse.h"

#define NS 1000000000

/* "12" or "12.5": digits only. */
static int parse_epoch(const char *text, struct timespec *ret)
{
	autofree char *whole = xstrdup(text);
	char *dot = strchr(whole, '.');
	int64_t seconds;
	long ns = 0;

	if (dot)
		*dot++ = '\0';
	if (parse_i64(whole, &seconds) < 0 || seconds < 0 || (dot && !*dot))
		return -EINVAL;
	for (long scale = NS / 10; dot && *dot; dot++, scale /= 10) {
		if (*dot < '0' || *dot > '9')
			return -EINVAL;
		ns += (*dot - '0') * scale;
	}
	*ret = (struct timespec){ .tv_sec = (time_t)seconds, .tv_nsec = ns };
	return 0;
}

static int parse_ago(const char *text, struct timespec now, struct timespec *ret)
{
	int64_t ns;

	if (parse_duration(text, &ns) < 0)
		return -EINVAL;
	now.tv_sec -= (time_t)(ns / NS);
	now.tv_nsec -= (long)(ns % NS);
	if (now.tv_nsec < 0) {
		now.tv_sec--;
		now.tv_nsec += NS;
	}
	*ret = now;
	return 0;
}

/* A date with as much of a time as there is: what is missing is added until it is RFC 3339. */
static int parse_calendar(const char *text, int east, struct timespec *ret)
{
	static const char *const missing[] = { "", ":00", ":00:00", "T00:00:00" };
	size_t len = strcspn(text, "Zz+");
	const char *minus = strchr(text, 'T') ? strchr(strchr(text, 'T'), '-') : NULL;
	char zone[16];

	if (minus)
		len = (size_t)(minus - text);
	(void)snprintf(zone, sizeof(zone), "%c%02d:%02d", east < 0 ? '-' : '+', abs(east) / 3600,
		       abs(east) / 60 % 60);
	for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
		autofree char *whole = xasprintf("%.*s%s%s", (int)len, text, missing[i],
						 text[len] ? text + len : zone);

		if (parse_time(whole, ret) >= 0)
			return 0;
	}
	return -EINVAL;
}

int point_parse(const char *text, struct timespec now, int east, struct timespec *ret,
		struct err *e)
{
	if (parse_epoch(text, ret) >= 0 || parse_ago(text, now, ret) >= 0 ||
	    parse_calendar(text, east, ret) >= 0)
		return 0;
	return err_set(e, EINVAL,
		       "'%s' is no time: give 10m, 1h30m, 2026-01-02T15:04:05Z, 2026-01-02, or "
		       "seconds since 1970",
		       text);
}

int point_parse_now(const char *text, struct timespec *ret, struct err *e)
{
	struct timespec now;
	struct tm tm = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return point_parse(text, now, localtime_r(&now.tv_sec, &tm) ? (int)tm.tm_gmtoff : 0, ret,
			   e);
}
