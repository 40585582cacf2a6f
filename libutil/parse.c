/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/parse.h"

#include <errno.h>
#include <limits.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits up to the end of the text.  A wrong character is told before an overflow. */
static int digits(const char *s, uint64_t max, uint64_t *ret)
{
	bool over = false;
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned d = (unsigned)(*s - '0');

		if (!is_digit(*s))
			return -EINVAL;
		over = over || v > (max - d) / 10 || d > max;
		v = over ? 0 : v * 10 + d;
	}
	if (over)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_u64(const char *s, uint64_t *ret)
{
	return digits(s, UINT64_MAX, ret);
}

int parse_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;
	int r = digits(s + negative, (uint64_t)INT64_MAX + negative, &v);

	if (r < 0)
		return r;
	/* Negate below zero, where INT64_MIN has room. */
	*ret = negative && v ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	return 0;
}

int parse_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = digits(s, UINT32_MAX, &v);

	if (r < 0)
		return r;
	*ret = (uint32_t)v;
	return 0;
}

int parse_int(const char *s, int *ret)
{
	int64_t v;
	int r = parse_i64(s, &v);

	if (r < 0)
		return r;
	if (v < INT_MIN || v > INT_MAX)
		return -ERANGE;
	*ret = (int)v;
	return 0;
}

int parse_id(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = digits(s, UINT32_MAX - 1, &v);

	if (r < 0)
		return r;
	*ret = (uint32_t)v;
	return 0;
}

int parse_pid(const char *s, pid_t *ret)
{
	uint64_t v;
	int r = digits(s, INT_MAX, &v);

	if (r < 0)
		return r;
	if (v == 0)
		return -ERANGE;
	*ret = (pid_t)v;
	return 0;
}

int parse_bool(const char *s, bool *ret)
{
	if (streq(s, "true") || streq(s, "1") || streq(s, "yes"))
		*ret = true;
	else if (streq(s, "false") || streq(s, "0") || streq(s, "no"))
		*ret = false;
	else
		return -EINVAL;
	return 0;
}
