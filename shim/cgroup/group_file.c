/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/group_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/parse.h"

/* io.stat of a host with hundreds of devices. */
#define GROUP_FILE_MAX ((size_t)1 << 20)

char *group_text(int dirfd, const char *file, struct arena *a)
{
	autofree char *text = NULL;
	size_t len = 0;

	if (file_read_at(dirfd, file, GROUP_FILE_MAX, &text, &len, NULL) < 0)
		return NULL;
	return arena_strndup(a, text, len);
}

static struct pb_number number(const char *text)
{
	uint64_t v = 0;

	if (streq(text, "max"))
		return pb_set((int64_t)UINT64_MAX);
	return parse_u64(text, &v) < 0 ? (struct pb_number){ 0 } : pb_set((int64_t)v);
}

struct pb_number group_number(int dirfd, const char *file)
{
	auto_(arena) struct arena a = { 0 };
	char *text = group_text(dirfd, file, &a);

	if (!text)
		return (struct pb_number){ 0 };
	text[strcspn(text, "\n")] = '\0';
	return number(text);
}

static void set(const char *key, const char *value, const struct group_key *keys, size_t n,
		void *object)
{
	for (size_t i = 0; i < n; i++)
		if (streq(keys[i].key, key))
			*(struct pb_number *)((char *)object + keys[i].offset) = number(value);
}

char *group_next_line(char **text)
{
	return strsep(text, "\n");
}

char *group_next_word(char **line)
{
	char *word;

	do
		word = strsep(line, " \t");
	while (word && *word == '\0');
	return word;
}

void group_keys(int dirfd, const char *file, const struct group_key *keys, size_t n, void *object)
{
	auto_(arena) struct arena a = { 0 };
	char *text = group_text(dirfd, file, &a);

	for (char *line; text && (line = group_next_line(&text));) {
		const char *key = group_next_word(&line);
		const char *value = group_next_word(&line);

		if (key && value)
			set(key, value, keys, n, object);
	}
}

void group_pairs(char *text, const struct group_key *keys, size_t n, void *object)
{
	for (char *pair; (pair = group_next_word(&text));) {
		char *value = strchr(pair, '=');

		if (!value)
			continue;
		*value = '\0';
		set(pair, value + 1, keys, n, object);
	}
}

bool group_device(const char *text, struct pb_number *ret_major, struct pb_number *ret_minor)
{
	autofree char *major = xstrdup(text);
	char *minor = strchr(major, ':');

	if (!minor)
		return false;
	*minor++ = '\0';
	*ret_major = number(major);
	*ret_minor = number(minor);
	return ret_major->set && ret_minor->set;
}

void *group_append(struct pb_list *list, size_t size, struct arena *a)
{
	/* Full whenever it has a power of two. */
	if ((list->n & (list->n - 1)) == 0)
		list->items = arena_grow(a, list->items, list->n, list->n ? 2 * list->n : 1, size);
	return (char *)list->items + size * list->n++;
}
