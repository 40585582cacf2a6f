/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/http_date.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <stdbool.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* By hand: strptime(3) reads names of the process's locale. */
static int month_of(const char name[4])
{
	const char *at = strstr(months, name);

	return strlen(name) == 3 && at && (at - months) % 3 == 0 ? (int)(at - months) / 3 : -1;
}

struct date {
	int day, year, hour, minute, second;
	char month[4];
};

static bool scan(const char *text, struct date *d)
{
	int end = 0;
	const char *comma = strchr(text, ',');

	if (comma &&
	    sscanf(comma, ", %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &d->day, d->month, &d->year,
		   &d->hour, &d->minute, &d->second, &end) == 6 &&
	    end > 0 && comma[end] == '\0')
		return true;
	end = 0;
	if (comma &&
	    sscanf(comma, ", %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &d->day, d->month, &d->year,
		   &d->hour, &d->minute, &d->second, &end) == 6 &&
	    end > 0 && comma[end] == '\0') {
		d->year += d->year < 70 ? 2000 : 1900;
		return true;
	}
	end = 0;
	return sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", d->month, &d->day,
		      &d->hour, &d->minute, &d->second, &d->year, &end) == 6 &&
	       end > 0 && text[end] == '\0';
}

int http_date_parse(const char *text, time_t *ret)
{
	struct date d = { 0 };
	struct tm tm = { 0 };

	if (!scan(text, &d))
		return -EINVAL;
	tm = (struct tm){ .tm_mday = d.day,
			  .tm_mon = month_of(d.month),
			  .tm_year = d.year - 1900,
			  .tm_hour = d.hour,
			  .tm_min = d.minute,
			  .tm_sec = d.second };
	if (tm.tm_mon < 0 || d.day < 1 || d.day > 31 || d.hour < 0 || d.hour > 23 || d.minute < 0 ||
	    d.minute > 59 || d.second < 0 || d.second > 60 || d.year < 1970)
		return -EINVAL;
	*ret = timegm(&tm);
	return 0;
}
