/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/change.h"

#include <errno.h>

#include "libutil/file.h"
#include "libutil/path.h"

/* Bytes: thousands of mounts. */
#define DOCUMENT_MAX ((size_t)1 << 20)

int live_begin(struct live_change *c, const struct live_request *req, struct err *e)
{
	int r = store_open(c->store, req->host->root, false, e);

	if (r >= 0)
		r = container_load_living(c->store, req->id, &c->container, e);
	if (r >= 0)
		r = container_spec(&c->container, &c->spec, e);
	if (r < 0)
		return r;
	if (!spec_find_namespace(c->spec, OCI_NS_MOUNT))
		return err_set(e, EOPNOTSUPP, "it has no mount namespace of its own");
	return 0;
}

int live_read_file(const char *file, char **ret_text, size_t *ret_len, const char **ret_name,
		   struct err *e)
{
	return file_read_named(file, DOCUMENT_MAX, ret_text, ret_len, ret_name, e);
}

static bool same_place(const char *x, const char *y)
{
	autofree char *a = path_join("/", x), *b = path_join("/", y);
	autofree char *clean_a = path_clean(a), *clean_b = path_clean(b);

	return streq(clean_a, clean_b);
}

static char *item_at(const struct live_kind *kind, const struct oci_array *list, size_t i)
{
	return (char *)list->items + i * kind->size;
}

static const char *path_at(const struct live_kind *kind, const struct oci_array *list, size_t i)
{
	return *(const char *const *)(const void *)(item_at(kind, list, i) + kind->path);
}

size_t live_find(const struct live_kind *kind, const struct oci_array *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (same_place(path_at(kind, list, i), path))
			return i;
	return list->n;
}

int live_add(const struct live_kind *kind, struct oci_array *list, const struct oci_array *items,
	     struct arena *a, struct err *e)
{
	list->items = arena_grow(a, list->items, list->n, list->n + items->n, kind->size);
	for (size_t i = 0; i < items->n; i++) {
		const char *path = path_at(kind, items, i);

		if (live_find(kind, list, path) < list->n)
			return err_set(e, EEXIST,
				       "the container has a %s '%s' already: remove it first",
				       kind->name, path);
		memcpy(item_at(kind, list, list->n++), item_at(kind, items, i), kind->size);
	}
	return 0;
}

void live_remove(const struct live_kind *kind, struct oci_array *list,
		 const struct oci_array *items)
{
	for (size_t i = 0; i < items->n; i++) {
		size_t at = live_find(kind, list, path_at(kind, items, i));

		if (at == list->n)
			continue;
		list->n--;
		memmove(item_at(kind, list, at), item_at(kind, list, at + 1),
			(list->n - at) * kind->size);
	}
	/* Absent, not empty. */
	if (list->n == 0)
		list->items = NULL;
}

int live_end(const struct live_change *c, int r, struct err *e)
{
	if (r < 0) {
		container_drop_spec(&c->container);
		return r;
	}
	r = container_keep_spec(&c->container, e);
	if (r >= 0)
		r = container_write_record(&c->container, e);
	return r < 0 ? err_wrap(e, r, "it is done, but not written down") : 0;
}
