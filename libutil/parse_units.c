/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers with a unit behind them: sizes and durations. */
#include <errno.h>
#include <stddef.h>
#include <strings.h>

#include "libutil/parse.h"

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", (int64_t)1 << 10 },
	{ "m", (int64_t)1 << 20 },
	{ "g", (int64_t)1 << 30 },
	{ "t", (int64_t)1 << 40 },
};

static const struct unit time_units[] = {
	{ "h", 3600000000000 }, { "m", 60000000000 }, { "s", 1000000000 }, { "ms", 1000000 },
	{ "us", 1000 },         { "µs", 1000 },       { "ns", 1 },
};

/* A decimal number without sign: "12", "1.5"; not ".5" and not "1.". */
struct decimal {
	uint64_t whole;
	const char *fraction; /* its digits */
	size_t fraction_len;
	bool over; /* `whole` did not fit */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns where the number ends; NULL when there is none. */
static const char *scan(const char *s, struct decimal *d)
{
	*d = (struct decimal){ 0 };
	if (!is_digit(*s))
		return NULL;
	for (; is_digit(*s); s++)
		if (__builtin_mul_overflow(d->whole, 10u, &d->whole) ||
		    __builtin_add_overflow(d->whole, (uint64_t)(*s - '0'), &d->whole))
			d->over = true;
	if (*s != '.')
		return s;
	d->fraction = ++s;
	while (is_digit(*s))
		s++;
	d->fraction_len = (size_t)(s - d->fraction);
	return d->fraction_len ? s : NULL;
}

/* sum += d * factor, rounded down.  The fraction is evaluated from its last digit, so nothing
 * overflows. */
static int add_scaled(const struct decimal *d, int64_t factor, int64_t *sum)
{
	int64_t part = 0, whole;

	if (d->over || __builtin_mul_overflow(d->whole, factor, &whole))
		return -ERANGE;
	for (size_t i = d->fraction_len; i-- > 0;)
		part = ((d->fraction[i] - '0') * factor + part) / 10;
	if (__builtin_add_overflow(whole, part, &whole) || __builtin_add_overflow(*sum, whole, sum))
		return -ERANGE;
	return 0;
}

/* "k", "kb" and "kib" mean the same, in any case. */
static const struct unit *find_size_unit(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
		size_t len = strlen(size_units[i].name);

		if (strncasecmp(s, size_units[i].name, len) != 0)
			continue;
		if (!s[len])
			return &size_units[i];
		if (size_units[i].factor > 1 &&
		    (strcasecmp(s + len, "b") == 0 || strcasecmp(s + len, "ib") == 0))
			return &size_units[i];
	}
	return NULL;
}

int parse_size(const char *s, int64_t *ret)
{
	const struct unit *unit;
	struct decimal d;
	int64_t v = 0;
	int r;

	if (streq(s, "-1")) {
		*ret = -1;
		return 0;
	}
	s = scan(s, &d);
	unit = s ? find_size_unit(s) : NULL;
	if (!unit)
		return -EINVAL;
	r = add_scaled(&d, unit->factor, &v);
	if (r < 0)
		return r;
	*ret = v;
	return 0;
}

/* The longest name that `s` begins with: "ms" before "m". */
static const struct unit *find_time_unit(const char *s)
{
	const struct unit *best = NULL;

	for (size_t i = 0; i < ARRAY_LEN(time_units); i++)
		if (starts_with(s, time_units[i].name) &&
		    (!best || strlen(time_units[i].name) > strlen(best->name)))
			best = &time_units[i];
	return best;
}

int parse_duration(const char *s, int64_t *ret_ns)
{
	static const struct unit second = { "", 1000000000 };
	bool first = true, over = false;
	int64_t sum = 0;

	do {
		const struct unit *unit;
		struct decimal d;

		s = scan(s, &d);
		if (!s)
			return -EINVAL;
		unit = first && !*s ? &second : find_time_unit(s);
		if (!unit)
			return -EINVAL;
		s += strlen(unit->name);
		/* Keep reading: wrong text is told before a sum that is too large. */
		if (!over)
			over = add_scaled(&d, unit->factor, &sum) < 0;
		first = false;
	} while (*s);
	if (over)
		return -ERANGE;
	*ret_ns = sum;
	return 0;
}
