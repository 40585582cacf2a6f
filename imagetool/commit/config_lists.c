/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/config_lists.h"

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

void set_add(struct arena *a, struct oci_strings *set, const char *text)
{
	size_t at = 0;

	for (size_t i = 0; i < set->n; i++)
		if (streq(set->items[i], text))
			return;
	while (at < set->n && strcmp(set->items[at], text) < 0)
		at++;
	grow(a, set);
	memmove(set->items + at + 1, set->items + at, (set->n - at) * sizeof(*set->items));
	set->items[at] = text;
	set->n++;
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
