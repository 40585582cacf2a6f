/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/heredoc.h"

#include <ctype.h>
#include <errno.h>

#include "imagetool/dockerfile/words.h"

/* What a word announces. */
struct announced {
	bool strip_tabs; /* "<<-" */
	bool quoted;
	char *name;
};

/* The delimiter without its quotes and escapes. */
static char *unquote(const char *p, char escape, bool *ret_quoted, struct arena *a)
{
	auto_(strbuf) struct strbuf name = { 0 };
	char quote = '\0';

	*ret_quoted = false;
	for (; *p; p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? '\0' : *p;
			*ret_quoted = true;
			continue;
		}
		if (!quote && *p == escape) {
			*ret_quoted = true;
			if (!*++p)
				break;
		}
		strbuf_addc(&name, *p);
	}
	return arena_strndup(a, strbuf_str(&name), name.len);
}

/* Behind the "<<" of [0-9]*<<-?DELIMITER, the whole of a word; NULL: it is none. */
static const char *announced_name(const char *word, bool *ret_strip_tabs)
{
	while (isdigit((unsigned char)*word))
		word++;
	if (!starts_with(word, "<<"))
		return NULL;
	word += 2;
	*ret_strip_tabs = *word == '-';
	word += *ret_strip_tabs;
	return *word && !strchr(word, '<') ? word : NULL;
}

bool heredoc_is(const char *word)
{
	bool strip_tabs;

	return announced_name(word, &strip_tabs) != NULL;
}

static bool announces(const char *word, char escape, struct arena *a, struct announced *ret)
{
	word = announced_name(word, &ret->strip_tabs);
	if (!word)
		return false;
	ret->name = unquote(word, escape, &ret->quoted, a);
	return *ret->name != '\0';
}

static int read_content(const struct announced *d, struct line_reader *r, struct strbuf *content,
			size_t *ret_end, struct err *e)
{
	size_t len = strlen(d->name);
	unsigned first = r->line;
	struct span s;

	*ret_end = r->at;
	while (line_next(r, &s)) {
		const char *end = r->text + r->at;

		while (d->strip_tabs && s.len > 0 && s.p[0] == '\t') {
			s.p++;
			s.len--;
		}
		if (s.len == len && memcmp(s.p, d->name, len) == 0)
			return strbuf_check(content, "a here-document", e);
		strbuf_add(content, s.p, (size_t)(end - s.p));
		*ret_end = r->at;
	}
	return err_set(e, EINVAL, "unterminated heredoc: no line after line %u is just '%.80s'",
		       first, d->name);
}

static int add(struct instruction *i, const struct announced *d, struct line_reader *r,
	       struct arena *a, struct err *e)
{
	auto_(strbuf) struct strbuf content = { .max = DOCKERFILE_MAX };
	size_t begin = r->at, end;
	int result;

	if (i->n_heredocs == HEREDOCS_MAX)
		return err_set(e, E2BIG, "more than %d here-documents", HEREDOCS_MAX);
	result = read_content(d, r, &content, &end, e);
	if (result < 0)
		return result;
	if (!i->heredocs)
		i->heredocs = arena_alloc(a, HEREDOCS_MAX, sizeof(*i->heredocs));
	i->heredocs[i->n_heredocs++] = (struct heredoc){
		.name = d->name,
		.content = arena_strndup(a, strbuf_str(&content), content.len),
		.len = content.len,
		.expand = !d->quoted,
		.strip_tabs = d->strip_tabs,
		.raw = arena_strndup(a, r->text + begin, end - begin),
		.raw_len = end - begin,
	};
	i->last_line = r->line;
	return 0;
}

int heredocs_read(struct instruction *i, struct line_reader *r, struct arena *a, struct err *e)
{
	struct words w = { 0 };
	int result;

	if (i->json || !strstr(i->text, "<<"))
		return 0;
	result = words_split(i->text, r->escape, a, &w, e);
	for (size_t n = 0; n < w.n && result >= 0; n++) {
		struct announced d;

		if (announces(w.items[n], r->escape, a, &d))
			result = add(i, &d, r, a, e);
	}
	return result;
}
