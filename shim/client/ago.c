/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/ago.h"

#include <inttypes.h>
#include <stdio.h>

#include "libutil/parse.h"

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* Up to `below` seconds it is a text, or so many units. */
static const struct {
	int64_t below, unit;
	const char *text;
} steps[] = {
	{ 1, 0, "Less than a second" },    { 2, 0, "1 second" },
	{ MINUTE, 1, "seconds" },          { 2 * MINUTE, 0, "About a minute" },
	{ HOUR, MINUTE, "minutes" },       { 2 * HOUR, 0, "About an hour" },
	{ 48 * HOUR, HOUR, "hours" },      { 14 * DAY, DAY, "days" },
	{ 60 * DAY, 7 * DAY, "weeks" },    { 730 * DAY, 30 * DAY, "months" },
	{ INT64_MAX, 365 * DAY, "years" },
};

const char *ago_text(int64_t seconds, char buf[AGO_SIZE])
{
	size_t i = 0;

	while (i < ARRAY_LEN(steps) - 1 && seconds >= steps[i].below)
		i++;
	if (steps[i].unit == 0)
		(void)snprintf(buf, AGO_SIZE, "%s", steps[i].text);
	else
		(void)snprintf(buf, AGO_SIZE, "%" PRId64 " %s", seconds / steps[i].unit,
			       steps[i].text);
	return buf;
}

/* A time that is missing, or to come, is now. */
static const char *since(const char *time, struct timespec now, char buf[AGO_SIZE])
{
	struct timespec then;

	if (!time || parse_time(time, &then) < 0)
		then = now;
	return ago_text(then.tv_sec < now.tv_sec ? now.tv_sec - then.tv_sec : 0, buf);
}

const char *status_text(const struct entry *en, struct timespec now, char buf[STATUS_TEXT_SIZE])
{
	const struct record *rec = en->rec;
	char ago[AGO_SIZE];

	switch (en->status) {
	case ENTRY_RUNNING:
		(void)snprintf(buf, STATUS_TEXT_SIZE, "Up %s",
			       since(rec->started ? rec->started : rec->created, now, ago));
		break;
	case ENTRY_EXITED:
		(void)snprintf(buf, STATUS_TEXT_SIZE, "Exited (%d) %s ago", (int)en->exit->code.v,
			       since(en->exit->exited_at, now, ago));
		break;
	case ENTRY_RESTARTING:
		(void)snprintf(buf, STATUS_TEXT_SIZE, "Restarting (%d) %s ago",
			       (int)rec->last_code.v, since(rec->last_exited_at, now, ago));
		break;
	case ENTRY_CREATING:
		(void)snprintf(buf, STATUS_TEXT_SIZE, "Created");
		break;
	case ENTRY_LOST:
		(void)snprintf(buf, STATUS_TEXT_SIZE, "Lost");
		break;
	}
	return buf;
}
