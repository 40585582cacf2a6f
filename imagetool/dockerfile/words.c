/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/words.h"

#include <errno.h>

int words_add(struct words *w, const char *word, struct arena *a, struct err *e)
{
	if (w->n == DOCKERFILE_WORDS_MAX)
		return err_set(e, E2BIG, "the instruction has more than %d words",
			       DOCKERFILE_WORDS_MAX);
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 8;
		w->items = arena_grow(a, w->items, w->n, w->cap, sizeof(*w->items));
	}
	w->items[w->n++] = word;
	return 0;
}

/* Where the word that begins at `p` ends.  A lone escape at the very end is not part of it. */
static const char *word_end(const char *p, char escape, struct strbuf *word)
{
	char quote = '\0';

	for (; *p; p++) {
		if (!quote && is_blank(*p))
			break;
		if (*p == escape) {
			if (!p[1])
				continue;
			strbuf_addc(word, *p++);
		} else if (quote) {
			quote = *p == quote ? '\0' : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		}
		strbuf_addc(word, *p);
	}
	return p;
}

int words_split(const char *text, char escape, struct arena *a, struct words *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	int r = 0;

	while (r >= 0) {
		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		strbuf_truncate(&word, 0);
		text = word_end(text, escape, &word);
		if (word.len > 0)
			r = words_add(ret, arena_strndup(a, strbuf_str(&word), word.len), a, e);
	}
	return r;
}

int words_split_plain(const char *text, struct arena *a, struct words *ret, struct err *e)
{
	int r = 0;

	while (r >= 0) {
		const char *begin;

		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		begin = text;
		while (*text && !is_blank(*text))
			text++;
		r = words_add(ret, arena_strndup(a, begin, (size_t)(text - begin)), a, e);
	}
	return r;
}
