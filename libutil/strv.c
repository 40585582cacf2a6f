/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/strv.h"

#include <stdarg.h>
#include <stdlib.h>

#include "libutil/alloc.h"

#define FIRST_CAP ((size_t)8)

void strv_done(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){ 0 };
}

void strv_add_owned(struct strv *s, char *text)
{
	/* One more than the items: the vector ends in NULL at all times. */
	if (s->n + 1 >= s->cap) {
		s->cap = s->cap ? s->cap * 2 : FIRST_CAP;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = text;
	s->v[s->n] = NULL;
}

void strv_add(struct strv *s, const char *text)
{
	strv_add_owned(s, xstrdup(text));
}

void strv_addf(struct strv *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_add_owned(s, xvasprintf(fmt, ap));
	va_end(ap);
}

void strv_add_all(struct strv *s, char *const *list)
{
	for (; list && *list; list++)
		strv_add(s, *list);
}

bool strv_has(const struct strv *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->v[i], text))
			return true;
	return false;
}

static bool env_is(const char *entry, const char *name, size_t len)
{
	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

void strv_env_set(struct strv *s, const char *name, const char *value)
{
	size_t len = strlen(name);
	char *entry = xasprintf("%s=%s", name, value);

	for (size_t i = 0; i < s->n; i++) {
		if (env_is(s->v[i], name, len)) {
			free(s->v[i]);
			s->v[i] = entry;
			return;
		}
	}
	strv_add_owned(s, entry);
}

const char *strv_env_get(const struct strv *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < s->n; i++)
		if (env_is(s->v[i], name, len))
			return s->v[i] + len + 1;
	return NULL;
}

void strv_split(struct strv *s, const char *text, char sep, bool skip_empty)
{
	for (;;) {
		const char *end = strchrnul(text, sep);

		if (end > text || !skip_empty)
			strv_add_owned(s, xstrndup(text, (size_t)(end - text)));
		if (!*end)
			return;
		text = end + 1;
	}
}

char *strv_join(const struct strv *s, const char *sep)
{
	size_t sep_len = strlen(sep), size = 1;
	char *text, *to;

	for (size_t i = 0; i < s->n; i++)
		size += strlen(s->v[i]) + sep_len;
	text = to = xcalloc(size, 1);
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			to = stpcpy(to, sep);
		to = stpcpy(to, s->v[i]);
	}
	return text;
}

char *const *strv_argv(const struct strv *s)
{
	static char *const none[] = { NULL };

	return s->v ? s->v : none;
}
