/* SPDX-License-Identifier: Apache-2.0 */
/* From words of the command line to a verb; names may be of two words. */
#include "libutil/verb_rows.h"

size_t verb_spelling(const char *spellings, const char **ret)
{
	size_t len = strcspn(spellings, "|");

	*ret = spellings[len] ? spellings + len + 1 : NULL;
	return len;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return word && strlen(word) == len && strncmp(text, word, len) == 0;
}

/* How many of the words are one of these spellings; 0: they are another name. */
static size_t match(const char *spellings, char *const *words)
{
	for (const char *name = spellings, *next; name; name = next) {
		size_t len = verb_spelling(name, &next), first = strcspn(name, " |");

		if (!is_word(name, first, words[0]))
			continue;
		if (first == len)
			return 1;
		if (is_word(name + first + 1, len - first - 1, words[1]))
			return 2;
	}
	return 0;
}

const char *verb_foreign(const struct program *p, char *const *words)
{
	for (const struct foreign_row *row = p->foreign; row && row->words; row++)
		if (match(row->words, words))
			return row->hint;
	return NULL;
}

const struct verb *verb_find(const struct program *p, char *const *words, size_t *ret_n)
{
	for (const struct verb *const *v = p->verbs; *v; v++) {
		*ret_n = match((*v)->name, words);
		if (!*ret_n && (*v)->alias)
			*ret_n = match((*v)->alias, words);
		if (*ret_n)
			return *v;
	}
	return NULL;
}

const char *verb_in_group(const struct verb *v, const char *group)
{
	size_t len = strlen(group);

	return starts_with(v->name, group) && v->name[len] == ' ' ? v->name + len + 1 : NULL;
}

bool verb_is_group(const struct program *p, const char *word)
{
	for (const struct verb *const *v = p->verbs; *v; v++)
		if (verb_in_group(*v, word))
			return true;
	return false;
}

size_t verb_group_length(const struct program *p, size_t i)
{
	const char *name = p->verbs[i]->name;
	size_t len = strcspn(name, " ");

	if (!name[len])
		return 0;
	for (size_t before = 0; before < i; before++)
		if (strncmp(p->verbs[before]->name, name, len + 1) == 0)
			return 0;
	return len;
}
