/* SPDX-License-Identifier: Apache-2.0 */
/* From words of the command line to a verb; names may be of two words. */
#include "libutil/verb_rows.h"

/* How many of the words are this name; 0: it is another. */
static size_t match(const char *name, char *const *words)
{
	size_t first = strcspn(name, " ");

	if (!words[0] || strlen(words[0]) != first || strncmp(name, words[0], first) != 0)
		return 0;
	if (!name[first])
		return 1;
	return words[1] && streq(words[1], name + first + 1) ? 2 : 0;
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
