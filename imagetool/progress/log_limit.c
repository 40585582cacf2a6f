/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/progress/log_limit.h"

#include <stdio.h>

#define SECOND 1000000000LL

static int64_t allowed(const struct log_limit *l, int64_t elapsed, bool *ret_by_speed)
{
	int64_t seconds = elapsed <= 0 ? 1 : (elapsed + SECOND - 1) / SECOND;
	int64_t by_speed = l->speed_max < 0 || seconds > INT64_MAX / (l->speed_max + 1)
				   ? INT64_MAX
				   : seconds * l->speed_max;
	int64_t by_size = l->max < 0 ? INT64_MAX : l->max;

	*ret_by_speed = by_speed < by_size;
	return *ret_by_speed ? by_speed : by_size;
}

static void say(const struct log_limit *l, bool by_speed, char note[LOG_LIMIT_NOTE])
{
	int64_t limit = by_speed ? l->speed_max : l->max;
	bool mib = limit >= (1 << 20) && limit % (1 << 20) == 0;

	(void)snprintf(note, LOG_LIMIT_NOTE, "[output clipped, log limit %lld%s%s reached]",
		       (long long)(mib ? limit >> 20 : limit >> 10), mib ? "MiB" : "KiB",
		       by_speed ? "/s" : "");
}

size_t log_limit_take(struct log_limit *l, int64_t elapsed, size_t len, char note[LOG_LIMIT_NOTE])
{
	bool by_speed;
	int64_t room = allowed(l, elapsed, &by_speed) - l->taken;

	note[0] = '\0';
	if (room >= (int64_t)len) {
		l->clipping = false;
		l->taken += (int64_t)len;
		return len;
	}
	if (!l->clipping)
		say(l, by_speed, note);
	l->clipping = true;
	if (room <= 0)
		return 0;
	l->taken += room;
	return (size_t)room;
}
