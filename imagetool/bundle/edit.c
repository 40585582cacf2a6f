/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/edit.h"

/* Security comes after the capabilities: what a filter allows depends on them.  Parameters of the
 * kernel come after the namespaces that they belong to. */
static spec_edit_fn *const edits[] = {
	edit_capabilities, edit_security, edit_mounts,     edit_devices,
	edit_resources,    edit_block_io, edit_namespaces, edit_sysctls,
	edit_annotations,  edit_process,  edit_cdi,
};

int spec_edit_apply(struct spec_edit *ed, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		int r = edits[i](ed, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Who made a list left no room in it, so each item costs a copy: what people type is short, and
 * devices of a host are some hundreds. */
void *edit_push(struct arena *a, struct oci_array *list, size_t size)
{
	list->items = arena_grow(a, list->items, list->n, list->n + 1, size);
	return (char *)list->items + size * list->n++;
}

void edit_push_string(struct arena *a, struct oci_strings *list, const char *text)
{
	/* One more than there are: the list ends with NULL. */
	list->items = arena_grow(a, list->items, list->n, list->n + 2, sizeof(*list->items));
	list->items[list->n++] = arena_strdup(a, text);
}

bool edit_has_string(const struct oci_strings *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->items[i], text))
			return true;
	return false;
}

void edit_remove_string(struct oci_strings *list, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!streq(list->items[i], text))
			list->items[kept++] = list->items[i];
	if (list->items)
		list->items[kept] = NULL;
	list->n = kept;
}

void edit_set_pair(struct arena *a, struct oci_strmap *map, const char *key, const char *value)
{
	for (size_t i = 0; i < map->n; i++) {
		if (!streq(map->items[i].key, key))
			continue;
		map->items[i].value = arena_strdup(a, value);
		return;
	}
	map->items = arena_grow(a, map->items, map->n, map->n + 1, sizeof(*map->items));
	map->items[map->n++] = (struct oci_pair){ arena_strdup(a, key), arena_strdup(a, value) };
}

struct spec_mount *edit_find_mount(const struct runtime_spec *spec, const char *destination)
{
	struct spec_mount *m = spec->mounts.items;

	for (size_t i = 0; i < spec->mounts.n; i++)
		if (streq(m[i].destination, destination))
			return &m[i];
	return NULL;
}

void edit_remove_mount(struct runtime_spec *spec, const char *destination)
{
	struct spec_mount *m = spec->mounts.items;
	size_t kept = 0;

	for (size_t i = 0; i < spec->mounts.n; i++)
		if (!streq(m[i].destination, destination))
			m[kept++] = m[i];
	spec->mounts.n = kept;
}

struct spec_resources *edit_resources_of(struct spec_edit *ed)
{
	struct spec_linux *l = ed->spec->linux_;

	if (!l->resources)
		l->resources = arena_alloc(ed->a, 1, sizeof(*l->resources));
	return l->resources;
}
