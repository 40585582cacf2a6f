/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 both ways by plain arithmetic.  gmtime_r() and timegm() would do,
 * but their first call reads /etc/localtime.
 */
#include <errno.h>

#include "libutil/parse.h"

#define DAY_SECONDS 86400
/* From 0000-03-01 to 1970-01-01, in the calendar that starts years in March. */
#define EPOCH_DAYS      719468
#define DAYS_400_YEARS  146097
#define MAX_TEXT_SECOND 253402300799   /* 9999-12-31T23:59:59Z */
#define MIN_TEXT_SECOND (-62167219200) /* 0000-01-01T00:00:00Z */

/* Years that begin in March put the leap day last, so month lengths follow one formula. */
static int64_t days_since_epoch(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * DAYS_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - EPOCH_DAYS;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + EPOCH_DAYS;
	int64_t era = (z >= 0 ? z : z - (DAYS_400_YEARS - 1)) / DAYS_400_YEARS;
	int64_t day_of_era = z - era * DAYS_400_YEARS;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			       day_of_era / (DAYS_400_YEARS - 1)) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t m = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `n` digits, then `end` (any of its characters; NULL: nothing is checked). */
static bool field(const char **s, int n, const char *end, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	if (end) {
		if (!**s || !strchr(end, **s))
			return false;
		(*s)++;
	}
	*ret = v;
	return true;
}

/* ".123" -> 123000000; digits beyond the ninth are read and dropped. */
static bool fraction(const char **s, long *ret_ns)
{
	long scale = 100000000, ns = 0;

	if (**s != '.')
		return true;
	(*s)++;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		ns += (**s - '0') * scale;
	*ret_ns = ns;
	return true;
}

/* "Z" or "+hh:mm", to the end of the text. */
static bool zone(const char *s, int *ret_seconds)
{
	int sign = *s == '-' ? -1 : 1, hours, minutes;

	if ((*s == 'Z' || *s == 'z') && !s[1]) {
		*ret_seconds = 0;
		return true;
	}
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!field(&s, 2, ":", &hours) || !field(&s, 2, NULL, &minutes) || *s)
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

int parse_time(const char *s, struct timespec *ret)
{
	int year, month, day, hour, minute, second, offset;
	long ns = 0;

	if (!field(&s, 4, "-", &year) || !field(&s, 2, "-", &month) || !field(&s, 2, "Tt ", &day) ||
	    !field(&s, 2, ":", &hour) || !field(&s, 2, ":", &minute) ||
	    !field(&s, 2, NULL, &second) || !fraction(&s, &ns) || !zone(s, &offset))
		return -EINVAL;
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return -ERANGE;
	/* A leap second (60) becomes the first of the next minute, as POSIX time has it. */
	ret->tv_sec = (time_t)(days_since_epoch(year, month, day) * DAY_SECONDS + hour * 3600 +
			       minute * 60 + second - offset);
	ret->tv_nsec = ns;
	return 0;
}

/* `v` as n digits with zeros in front; returns what follows. */
static char *put(char *to, int n, int64_t v)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}

const char *time_text(struct timespec t, char buf[TIME_TEXT_SIZE])
{
	int64_t sec = t.tv_sec, days, rest;
	int year, month, day;
	char *to = buf;

	/* Four digits are all that RFC 3339 has for a year. */
	if (sec > MAX_TEXT_SECOND)
		sec = MAX_TEXT_SECOND;
	if (sec < MIN_TEXT_SECOND)
		sec = MIN_TEXT_SECOND;
	days = sec / DAY_SECONDS - (sec % DAY_SECONDS < 0);
	rest = sec - days * DAY_SECONDS;
	date_of(days, &year, &month, &day);
	to = put(to, 4, year);
	*to++ = '-';
	to = put(to, 2, month);
	*to++ = '-';
	to = put(to, 2, day);
	*to++ = 'T';
	to = put(to, 2, rest / 3600);
	*to++ = ':';
	to = put(to, 2, rest / 60 % 60);
	*to++ = ':';
	to = put(to, 2, rest % 60);
	*to++ = '.';
	to = put(to, 9, t.tv_nsec);
	*to++ = 'Z';
	*to = '\0';
	return buf;
}
