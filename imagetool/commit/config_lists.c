/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/config_lists.h"

#include <stdlib.h>
#include <string.h>

void list_of(struct arena *a, const char *const *words, size_t n, struct oci_strings *ret)
{
	ret->items = arena_alloc(a, n + 1, sizeof(*ret->items));
	for (size_t i = 0; i < n; i++)
		ret->items[i] = words[i];
	ret->n = n;
}

/* A copy with room for one more. */
static void grow(struct arena *a, struct oci_strings *list)
{
	list->items = arena_grow(a, list->items, list->n, list->n + 2, sizeof(*list->items));
}

void list_append(struct arena *a, struct oci_strings *list, const char *text)
{
	grow(a, list);
	list->items[list->n++] = text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void set_add(struct arena *a, struct oci_strings *set, const char *const *words, size_t n)
{
	const char **all = arena_grow(a, set->items, set->n, set->n + n + 1, sizeof(*all));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		all[set->n + i] = words[i];
	n += set->n;
	qsort(all, n, sizeof(*all), by_text);
	for (size_t i = 0; i < n; i++)
		if (!kept || !streq(all[kept - 1], all[i]))
			all[kept++] = all[i];
	all[kept] = NULL;
	*set = (struct oci_strings){ .items = all, .n = kept };
}

static size_t env_find(const struct oci_strings *env, const char *name)
{
	size_t len = strlen(name), i = 0;

	while (i < env->n && !(strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '='))
		i++;
	return i;
}

void env_set(struct arena *a, struct oci_strings *env, const char *name, const char *value)
{
	size_t at = env_find(env, name);

	grow(a, env);
	env->items[at] = arena_printf(a, "%s=%s", name, value);
	env->n += at == env->n;
}

const char *env_get(const struct oci_strings *env, const char *name)
{
	size_t at = env_find(env, name);

	return at < env->n ? env->items[at] + strlen(name) + 1 : NULL;
}

void map_set(struct arena *a, struct oci_strmap *map, const char *key, const char *value)
{
	size_t at = 0;

	map->items = arena_grow(a, map->items, map->n, map->n + 1, sizeof(*map->items));
	while (at < map->n && strcmp(map->items[at].key, key) < 0)
		at++;
	/* One that came in another order may stand anywhere. */
	for (size_t i = 0; i < map->n; i++)
		if (streq(map->items[i].key, key)) {
			map->items[i].value = value;
			return;
		}
	memmove(map->items + at + 1, map->items + at, (map->n - at) * sizeof(*map->items));
	map->items[at] = (struct oci_pair){ key, value };
	map->n++;
}
