/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/pattern.h"

#include <errno.h>
#include <stdint.h>

#include "libutil/utf8.h"

/* A pattern is a row of places; matching moves a set of them over the path (no backtracking). */
enum place_kind {
	PLACE_CHAR,   /* this character */
	PLACE_ONE,    /* any but a slash */
	PLACE_CLASS,  /* one of ranges, and no slash */
	PLACE_STAR,   /* any number but of slashes */
	PLACE_DIRS,   /* "(.*\/)?", entered: may be left at once */
	PLACE_WITHIN, /* inside it: left behind a slash */
	PLACE_ALL,    /* any number of anything */
};

struct range {
	uint32_t from, to;
};

struct place {
	enum place_kind kind;
	uint32_t c;
	bool negated;
	const struct range *ranges;
	size_t n_ranges;
};

struct pattern {
	struct place *places;
	size_t n;
};

/* ---- Characters: what is no UTF-8 counts byte by byte, above Unicode ---- */

static size_t character(const char *p, size_t len, uint32_t *ret)
{
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_length(p, len);

	if (n == 0) {
		*ret = 0x110000U + (uint8_t)*p;
		return 1;
	}
	*ret = (uint8_t)*p & masks[n];
	for (size_t i = 1; i < n; i++)
		*ret = *ret << 6 | ((uint8_t)p[i] & 0x3f);
	return n;
}

/* ---- Compiling ---- */

struct compiler {
	const char *p;
	struct arena *arena;
	struct pattern *pattern;
};

static int bad(struct err *e)
{
	return err_set(e, EINVAL, "syntax error in pattern");
}

static struct place *add(struct compiler *c, enum place_kind kind)
{
	struct place *p = &c->pattern->places[c->pattern->n++];

	*p = (struct place){ .kind = kind };
	return p;
}

static int class_character(struct compiler *c, uint32_t *ret, struct err *e)
{
	if (*c->p == '\\')
		c->p++;
	else if (*c->p == '-' || *c->p == ']')
		return bad(e);
	if (!*c->p)
		return bad(e);
	c->p += character(c->p, strlen(c->p), ret);
	return 0;
}

/* Behind the bracket. */
static int compile_class(struct compiler *c, struct err *e)
{
	struct range *ranges = arena_alloc(c->arena, strlen(c->p), sizeof(*ranges));
	struct place *p = add(c, PLACE_CLASS);

	p->ranges = ranges;
	p->negated = *c->p == '^';
	c->p += p->negated;
	while (*c->p != ']' || p->n_ranges == 0) {
		struct range *range = &ranges[p->n_ranges];
		int r = class_character(c, &range->from, e);

		if (r < 0)
			return r;
		range->to = range->from;
		if (*c->p == '-') {
			c->p++;
			r = class_character(c, &range->to, e);
			if (r < 0)
				return r;
		}
		p->n_ranges++;
	}
	c->p++;
	return 0;
}

/* "*", or "**" with the slash behind it. */
static void compile_star(struct compiler *c)
{
	if (c->p[1] != '*') {
		(void)add(c, PLACE_STAR);
		c->p++;
		return;
	}
	while (*c->p == '*')
		c->p++;
	if (*c->p == '/')
		c->p++;
	if (!*c->p) {
		(void)add(c, PLACE_ALL);
		return;
	}
	(void)add(c, PLACE_DIRS);
	(void)add(c, PLACE_WITHIN);
}

static int compile_next(struct compiler *c, struct err *e)
{
	struct place *p;

	switch (*c->p) {
	case '*':
		compile_star(c);
		return 0;
	case '?':
		(void)add(c, PLACE_ONE);
		c->p++;
		return 0;
	case '[':
		c->p++;
		return compile_class(c, e);
	case '\\':
		if (!*++c->p)
			return bad(e);
		break;
	default:
		break;
	}
	p = add(c, PLACE_CHAR);
	c->p += character(c->p, strlen(c->p), &p->c);
	return 0;
}

int pattern_compile(const char *text, struct arena *a, struct pattern **ret, struct err *e)
{
	struct compiler c = { .p = text, .arena = a };
	size_t len = strlen(text);
	int r = 0;

	if (len > PATTERN_MAX)
		return err_set(e, ENAMETOOLONG, "the pattern has more than %d bytes", PATTERN_MAX);
	c.pattern = arena_alloc(a, 1, sizeof(*c.pattern));
	c.pattern->places = arena_alloc(a, len + 1, sizeof(*c.pattern->places));
	while (*c.p && r >= 0)
		r = compile_next(&c, e);
	if (r < 0)
		return err_wrap(e, r, "pattern '%.80s'", text);
	*ret = c.pattern;
	return 0;
}

bool pattern_is_plain(const char *text)
{
	return text[strcspn(text, "*?[\\")] == '\0';
}

/* ---- Matching ---- */

/* Mark place `i`, and those that may be passed without a character. */
static void enter(const struct pattern *p, bool *at, size_t i)
{
	for (; !at[i]; i++) {
		at[i] = true;
		if (i == p->n)
			return;
		if (p->places[i].kind == PLACE_DIRS)
			enter(p, at, i + 2);
		else if (p->places[i].kind != PLACE_STAR && p->places[i].kind != PLACE_ALL)
			return;
	}
}

static bool in_class(const struct place *p, uint32_t c)
{
	for (size_t i = 0; i < p->n_ranges; i++)
		if (c >= p->ranges[i].from && c <= p->ranges[i].to)
			return !p->negated;
	return p->negated;
}

/* Which place follows place `i` when `c` comes; SIZE_MAX: none. */
static size_t follow(const struct pattern *p, size_t i, uint32_t c)
{
	const struct place *place = &p->places[i];

	switch (place->kind) {
	case PLACE_CHAR:
		return place->c == c ? i + 1 : SIZE_MAX;
	case PLACE_ONE:
		return c != '/' ? i + 1 : SIZE_MAX;
	case PLACE_CLASS:
		return c != '/' && in_class(place, c) ? i + 1 : SIZE_MAX;
	case PLACE_STAR:
		return c != '/' ? i : SIZE_MAX;
	case PLACE_ALL:
	case PLACE_WITHIN:
		return i;
	case PLACE_DIRS:
		break;
	}
	return SIZE_MAX;
}

static void step(const struct pattern *p, const bool *at, bool *next, uint32_t c)
{
	memset(next, 0, p->n + 1);
	for (size_t i = 0; i < p->n; i++) {
		size_t to = at[i] ? follow(p, i, c) : SIZE_MAX;

		if (to != SIZE_MAX)
			enter(p, next, to);
		if (at[i] && p->places[i].kind == PLACE_WITHIN && c == '/')
			enter(p, next, i + 1);
	}
}

bool pattern_match(const struct pattern *p, const char *path, size_t len)
{
	bool sets[2][PATTERN_MAX + 2];
	size_t now = 0;
	uint32_t c;

	memset(sets[0], 0, p->n + 1);
	enter(p, sets[0], 0);
	for (size_t i = 0; i < len; now = !now) {
		i += character(path + i, len - i, &c);
		step(p, sets[now], sets[!now], c);
	}
	return sets[now][p->n];
}
