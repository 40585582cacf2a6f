/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/directive.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

struct directive {
	struct span name, value;
};

/* "# name = value" */
static bool parse(struct span line, struct directive *ret)
{
	struct span s = line;
	size_t n = 0;

	if (s.len == 0 || s.p[0] != '#')
		return false;
	s.p++;
	s.len--;
	s = span_trim_left(s);
	while (n < s.len && isalnum((unsigned char)s.p[n]))
		n++;
	if (n == 0 || !isalpha((unsigned char)s.p[0]))
		return false;
	ret->name = (struct span){ s.p, n };
	s = span_trim_left((struct span){ s.p + n, s.len - n });
	if (s.len == 0 || s.p[0] != '=')
		return false;
	ret->value = span_trim((struct span){ s.p + 1, s.len - 1 });
	return ret->value.len > 0;
}

static bool is_named(const struct directive *d, const char *name)
{
	return strlen(name) == d->name.len && strncasecmp(d->name.p, name, d->name.len) == 0;
}

static int set_escape(struct line_reader *r, const struct directive *d, struct dockerfile *ret,
		      struct err *e)
{
	if (d->value.len != 1 || (d->value.p[0] != '\\' && d->value.p[0] != '`'))
		return err_set(
			e, EINVAL,
			"directive 'escape' is '%.*s': it can only be \\ or `, the character "
			"that continues lines",
			(int)(d->value.len < 80 ? d->value.len : 80), d->value.p);
	ret->escape = r->escape = d->value.p[0];
	return 0;
}

/* 1: an order, and taken; 0: the directives are over. */
static int take(struct line_reader *r, const struct directive *d, unsigned *seen, struct arena *a,
		struct dockerfile *ret, struct err *e)
{
	static const char *const names[] = { "syntax", "escape", "check" };
	size_t i = 0;
	int result = 0;

	while (i < ARRAY_LEN(names) && !is_named(d, names[i]))
		i++;
	if (i == ARRAY_LEN(names))
		return 0;
	if (*seen & (1U << i))
		return err_set(e, EINVAL, "directive '%s' is there twice: keep one of them",
			       names[i]);
	*seen |= 1U << i;
	if (i == 0)
		ret->syntax = arena_strndup(a, d->value.p, d->value.len);
	else if (i == 1)
		result = set_escape(r, d, ret, e);
	else
		ret->check = arena_strndup(a, d->value.p, d->value.len);
	if (i == 2)
		ret->check_line = r->line;
	return result < 0 ? result : 1;
}

int directives_read(struct line_reader *r, struct arena *a, struct dockerfile *ret, struct err *e)
{
	unsigned seen = 0;
	int result = 1;

	while (result > 0) {
		struct line_reader before = *r;
		struct directive d;
		struct span line;

		result = line_next(r, &line) && parse(line, &d) ? take(r, &d, &seen, a, ret, e) : 0;
		ret->failed_line = r->line;
		if (result == 0)
			*r = before;
	}
	if (result < 0)
		return result;
	ret->failed_line = 0;
	r->escape = ret->escape;
	return 0;
}
