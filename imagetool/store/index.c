/* SPDX-License-Identifier: Apache-2.0 */
/* index.json: which images there are and what they are called. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/internal.h"
#include "libutil/cleanup.h"
#include "libutil/file.h"

int store_index(const struct store *s, struct arena *a, struct image_index **ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = file_read_regular_at(s->dirfd, "index.json", JSON_MAX_SIZE, &text, &len, e);

	if (r < 0)
		return err_wrap(e, r, "store '%s'", s->path);
	if (image_index_decode("index.json", text, len, a, ret, e) < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "store '%s'", s->path);
	return 0;
}

const char *store_name_of(const struct image_descriptor *desc)
{
	return descriptor_annotation(desc, IMAGE_REF_NAME);
}

/* ---- Editing: pure, on decoded documents ---- */

/* Keep the entries for which `drop` says no. */
typedef bool drop_fn(const struct image_descriptor *desc, const char *text);

static size_t index_drop(struct image_index *index, drop_fn *drop, const char *text)
{
	struct image_descriptor *all = index->manifests.items;
	size_t kept = 0, n = index->manifests.n;

	for (size_t i = 0; i < n; i++) {
		if (!drop(&all[i], text))
			all[kept++] = all[i];
	}
	index->manifests.n = kept;
	return n - kept;
}

static bool has_name(const struct image_descriptor *desc, const char *name)
{
	return streq(store_name_of(desc), name);
}

static bool has_digest(const struct image_descriptor *desc, const char *digest)
{
	return streq(desc->digest, digest);
}

/* A descriptor may keep its place without a name only until it gets one. */
static bool is_nameless(const struct image_descriptor *desc, const char *digest)
{
	return has_name(desc, "") && has_digest(desc, digest);
}

/* The descriptor's annotations with ref.name set to `name`; "" leaves it out. */
static struct oci_strmap annotations_named(const struct image_descriptor *desc, const char *name,
					   struct arena *a)
{
	size_t n = desc->annotations.n;
	struct oci_strmap map = { .items = arena_alloc(a, n + 1, sizeof(*map.items)) };

	for (size_t i = 0; i < n; i++) {
		if (!streq(desc->annotations.items[i].key, IMAGE_REF_NAME))
			map.items[map.n++] = desc->annotations.items[i];
	}
	if (name[0] != '\0')
		map.items[map.n++] = (struct oci_pair){ IMAGE_REF_NAME, name };
	return map;
}

static void index_set(struct image_index *index, const char *name,
		      const struct image_descriptor *desc, struct arena *a)
{
	struct image_descriptor *all;
	size_t n;

	if (name[0] != '\0')
		(void)index_drop(index, has_name, name);
	(void)index_drop(index, is_nameless, desc->digest);
	n = index->manifests.n;
	all = arena_grow(a, index->manifests.items, n, n + 1, sizeof(*all));
	all[n] = *desc;
	all[n].annotations = annotations_named(desc, name, a);
	index->manifests.items = all;
	index->manifests.n = n + 1;
}

/* ---- The file ---- */

static int index_write(struct store *s, const struct image_index *index, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = JSON_MAX_SIZE };
	int r;

	oci_encode(&image_index_type, index, 0, &text);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, "index.json", e);
	if (r < 0)
		return r;
	return temp_replace(s, "index.json", text.data, text.len, e);
}

int store_tag(struct store *s, const char *name, const struct image_descriptor *desc, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct image_index *index;
	autofd int lock = -1;
	/* Held before it is looked for: between the caller's look and ours it may have gone. */
	int r = store_hold_image(s, desc, e);

	if (r < 0)
		return r;
	if (!blob_is_there(s, desc->digest, -1))
		return err_set(e, IMAGE_ENOTFOUND,
			       "'%s' was removed from store '%s' meanwhile: try again",
			       desc->digest, s->path);
	lock = store_lock_index(s, e);
	if (lock < 0)
		return lock;
	r = store_index(s, &a, &index, e);
	if (r < 0)
		return r;
	index_set(index, name, desc, &a);
	return index_write(s, index, e);
}

/* Returns how many entries went. */
static int untag_where(struct store *s, drop_fn *drop, const char *text, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct image_index *index;
	autofd int lock = store_lock_index(s, e);
	size_t dropped;
	int r;

	if (lock < 0)
		return lock;
	r = store_index(s, &a, &index, e);
	if (r < 0)
		return r;
	dropped = index_drop(index, drop, text);
	if (dropped == 0)
		return 0;
	r = index_write(s, index, e);
	return r < 0 ? r : (int)dropped;
}

int store_untag(struct store *s, const char *name, struct err *e)
{
	int r = name[0] == '\0' ? 0 : untag_where(s, has_name, name, e);

	if (r == 0)
		return err_set(e, IMAGE_ENOTFOUND, "no image '%s' in store '%s'", name, s->path);
	return r < 0 ? r : 0;
}

int store_untag_digest(struct store *s, const char *digest, struct err *e)
{
	return untag_where(s, has_digest, digest, e);
}

int store_untag_nameless(struct store *s, const char *digest, struct err *e)
{
	return untag_where(s, is_nameless, digest, e);
}
