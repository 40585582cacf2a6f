/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/scope.h"

#include "libutil/alloc.h"

void scopes_done(struct scopes *s)
{
	strv_done(&s->list);
}

/* Names may hold colons (host:port/name): the actions are behind the last one. */
static size_t subject_length(const char *scope)
{
	const char *colon = strrchr(scope, ':');

	return colon ? (size_t)(colon - scope) : 0;
}

static size_t find(const struct scopes *s, const char *subject, size_t len)
{
	size_t i = 0;

	while (i < s->list.n &&
	       (subject_length(s->list.v[i]) != len || strncmp(s->list.v[i], subject, len) != 0))
		i++;
	return i;
}

static bool has_action(const char *actions, const char *action, size_t len)
{
	for (const char *p = actions; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if (n == len && strncmp(p, action, len) == 0)
			return true;
		p += n;
	}
	return false;
}

/* The actions of both, without repetition. */
static char *join_actions(const char *a, const char *b)
{
	char *all = xstrdup(a);

	for (const char *p = b; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");
		char *more;

		if (n > 0 && !has_action(all, p, n)) {
			more = xasprintf("%s%s%.*s", all, all[0] ? "," : "", (int)n, p);
			free(all);
			all = more;
		}
		p += n;
	}
	return all;
}

static void add(struct scopes *s, const char *subject, size_t len, const char *actions)
{
	size_t i = find(s, subject, len);
	bool known = i < s->list.n;
	autofree char *all = join_actions(known ? s->list.v[i] + len + 1 : "", actions);

	if (known) {
		free(s->list.v[i]);
		s->list.v[i] = xasprintf("%.*s:%s", (int)len, subject, all);
	} else {
		strv_addf(&s->list, "%.*s:%s", (int)len, subject, all);
	}
}

void scopes_add(struct scopes *s, const char *type, const char *name, const char *actions)
{
	autofree char *subject = xasprintf("%s:%s", type, name);

	add(s, subject, strlen(subject), actions);
}

void scopes_add_text(struct scopes *s, const char *text)
{
	auto_(strv) struct strv words = { 0 };

	strv_split(&words, text, ' ', true);
	for (size_t i = 0; i < words.n && s->list.n < SCOPE_MAX; i++) {
		const char *word = words.v[i];
		size_t len = subject_length(word);

		if (len > 0 && memchr(word, ':', len))
			add(s, word, len, word + len + 1);
	}
}

static bool covers_one(const struct scopes *s, const char *wanted)
{
	size_t len = subject_length(wanted);
	size_t i = find(s, wanted, len);
	const char *have;

	if (i == s->list.n)
		return false;
	have = s->list.v[i] + len + 1;
	for (const char *p = wanted + len + 1; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if (!has_action(have, p, n))
			return false;
		p += n;
	}
	return true;
}

bool scopes_cover(const struct scopes *s, const struct scopes *wanted)
{
	for (size_t i = 0; i < wanted->list.n; i++) {
		if (!covers_one(s, wanted->list.v[i]))
			return false;
	}
	return true;
}

void scopes_copy(struct scopes *to, const struct scopes *from)
{
	scopes_done(to);
	strv_add_all(&to->list, from->list.v ? from->list.v : (char *[]){ NULL });
}
