/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/challenge.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

struct scanner {
	const char *p;
	struct arena *a;
};

static void skip_blanks(struct scanner *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* "" when there is none. */
static const char *scan_token(struct scanner *s)
{
	const char *start = s->p;

	while (is_token_char(*s->p))
		s->p++;
	return arena_strndup(s->a, start, (size_t)(s->p - start));
}

/* After the opening quote.  NULL when the closing one is missing. */
static const char *scan_quoted(struct scanner *s)
{
	char *out = arena_alloc(s->a, strlen(s->p) + 1, 1);
	size_t n = 0;

	for (; *s->p && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p[1])
			s->p++;
		out[n++] = *s->p;
	}
	if (*s->p != '"')
		return NULL;
	s->p++;
	return out;
}

/* token68: what Negotiate and Basic carry.  It ends its challenge, else it is a parameter's name.
 */
static void skip_token68(struct scanner *s)
{
	const char *p = s->p;

	while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("-._~+/", *p)))
		p++;
	if (p == s->p)
		return;
	while (*p == '=')
		p++;
	while (*p == ' ' || *p == '\t')
		p++;
	if (*p == ',' || *p == '\0')
		s->p = p;
}

static int scan_param(struct scanner *s, struct challenge *c, const char *name, struct err *e)
{
	const char *value;

	s->p++; /* the '=' */
	skip_blanks(s);
	if (*s->p == '"') {
		s->p++;
		value = scan_quoted(s);
	} else {
		value = scan_token(s);
	}
	if (!value)
		return err_set(e, EINVAL, "challenge: '%.100s' has no closing quote", name);
	if (c->n_params == CHALLENGE_PARAMS)
		return err_set(e, E2BIG, "challenge: more than %d parameters", CHALLENGE_PARAMS);
	c->params[c->n_params].name = name;
	c->params[c->n_params++].value = value;
	return 0;
}

static int start_challenge(struct scanner *s, struct challenges *list, const char *scheme,
			   struct err *e)
{
	if (list->n == CHALLENGES_MAX)
		return err_set(e, E2BIG, "challenge: more than %d schemes", CHALLENGES_MAX);
	list->items[list->n++] = (struct challenge){ .scheme = scheme };
	skip_token68(s);
	return 0;
}

/* A word is a parameter's name when '=' follows, a new scheme otherwise. */
static int scan_item(struct scanner *s, struct challenges *list, size_t before, struct err *e)
{
	const char *word = scan_token(s);

	if (word[0] == '\0')
		return err_set(e, EINVAL, "challenge: unexpected '%.20s'", s->p);
	skip_blanks(s);
	if (*s->p != '=')
		return start_challenge(s, list, word, e);
	if (list->n == before)
		return err_set(e, EINVAL, "challenge: '%.100s' stands before any scheme", word);
	return scan_param(s, &list->items[list->n - 1], word, e);
}

int challenge_parse(const char *value, struct arena *a, struct challenges *list, struct err *e)
{
	struct scanner s = { .p = value, .a = a };
	size_t before = list->n;

	if (strlen(value) > CHALLENGE_TEXT_MAX)
		return err_set(e, E2BIG, "challenge: longer than %d bytes", CHALLENGE_TEXT_MAX);
	for (;;) {
		int r;

		while (*s.p == ' ' || *s.p == '\t' || *s.p == ',')
			s.p++;
		if (*s.p == '\0')
			return 0;
		r = scan_item(&s, list, before, e);
		if (r < 0) {
			list->n = before;
			return r;
		}
	}
}

const struct challenge *challenge_find(const struct challenges *list, const char *scheme)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcasecmp(list->items[i].scheme, scheme) == 0)
			return &list->items[i];
	}
	return NULL;
}

const char *challenge_get(const struct challenge *c, const char *name)
{
	for (size_t i = 0; i < c->n_params; i++) {
		if (strcasecmp(c->params[i].name, name) == 0)
			return c->params[i].value;
	}
	return NULL;
}
