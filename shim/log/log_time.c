/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/log_time.h"

#include <stdlib.h>

#include "libutil/parse.h"

/* All zones change their offset at quarters of an hour. */
#define QUARTER 900

static void learn_offset(struct log_clock *c, time_t now)
{
	struct tm tm = { 0 };

	c->known_from = now - now % QUARTER;
	c->known_until = c->known_from + QUARTER;
	c->offset = localtime_r(&now, &tm) ? (int)tm.tm_gmtoff : 0;
}

static char *put_two(char *to, int v)
{
	*to++ = (char)('0' + v / 10 % 10);
	*to++ = (char)('0' + v % 10);
	return to;
}

const char *log_time(struct log_clock *c, struct timespec when, char buf[LOG_TIME_SIZE])
{
	char *to;
	int off;

	if (!c->local)
		return time_text(when, buf);
	if (when.tv_sec < c->known_from || when.tv_sec >= c->known_until)
		learn_offset(c, when.tv_sec);
	off = abs(c->offset);
	when.tv_sec += c->offset;
	(void)time_text(when, buf);
	to = buf + strlen(buf) - 1;
	*to++ = c->offset < 0 ? '-' : '+';
	to = put_two(to, off / 3600);
	*to++ = ':';
	to = put_two(to, off / 60 % 60);
	*to = '\0';
	return buf;
}
