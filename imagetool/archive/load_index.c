/* SPDX-License-Identifier: Apache-2.0 */
/* OCI layouts: from index.json down to every blob. */
#include <errno.h>

#include "imagetool/archive/load_internal.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/layer.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/path.h"

#define COPY_SIZE       ((size_t)256 << 10)
#define INDEX_MAX_DEPTH 4

int load_check_count(const struct load *l, size_t n, struct err *e)
{
	if (n == 0)
		return err_set(e, IMAGE_ENOTFOUND, "it has no images");
	if (l->opts->name && n > 1)
		return err_set(e, EINVAL, "--name is for one image, and it has %zu", n);
	return 0;
}

int load_name(struct load *l, const char *name, const struct image_descriptor *desc, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *full = NULL;
	const char *wanted = l->opts->name ? l->opts->name : name ? name : "";
	int r;

	/* A bare word is a layout's own name for an image; what has a ':' or '/' is a reference, as
	 * is what a person gives. */
	if (l->opts->name || strpbrk(wanted, ":/")) {
		r = reference_parse(wanted, &ref, e);
		if (r < 0)
			return r;
		full = reference_text(&ref);
		wanted = full;
	}
	r = store_tag(l->store, wanted, desc, e);
	if (r >= 0)
		strv_add(&l->result->names, *wanted ? wanted : desc->digest);
	return r;
}

/* ---- Blobs ---- */

static int copy_blob(struct load *l, const struct image_descriptor *desc, struct err *e)
{
	autofree char *buf = xcalloc(COPY_SIZE, 1);
	auto_(blob) struct blob *b = NULL;
	autofd int fd = blob_open(l->layout, desc->digest, NULL, e);
	int r = fd;

	if (r >= 0)
		r = blob_begin(l->store, desc->digest, desc->size.v, &b, e);
	while (r >= 0 && (r = byte_source_read_fd(&fd, buf, COPY_SIZE, e)) > 0) {
		r = blob_write(b, buf, (size_t)r, e);
		if (r >= 0)
			r = interrupt_check(e);
	}
	return r < 0 ? r : blob_commit(steal_ptr(&b), NULL, e);
}

static int need_blob(struct load *l, const struct image_descriptor *desc, struct err *e)
{
	int64_t size;
	int r;

	if (blob_exists(l->store, desc->digest, desc->size.v))
		return 0;
	if (l->layout)
		return copy_blob(l, desc, e);
	r = blob_open(l->store, desc->digest, &size, NULL);
	if (r < 0)
		return err_set(e, IMAGE_EVERIFY, "blob %s is missing", desc->digest);
	(void)close(r);
	return err_set(e, IMAGE_EVERIFY, "blob %s has %lld bytes, it should have %lld",
		       desc->digest, (long long)size, (long long)desc->size.v);
}

static int read_document(struct load *l, const struct image_descriptor *desc, char **ret,
			 size_t *ret_len, struct err *e)
{
	int r = need_blob(l, desc, e);

	return r < 0 ? r
		     : blob_read(l->store, desc->digest, desc->size.v, IMAGE_MANIFEST_MAX, ret,
				 ret_len, e);
}

/* ---- Documents ---- */

static int need_manifest(struct load *l, const struct image_descriptor *desc, struct err *e)
{
	autofree char *text = NULL;
	const struct image_descriptor *layers;
	struct image_manifest *m;
	bool foreign = false;
	size_t len;
	int r = read_document(l, desc, &text, &len, e);

	if (r >= 0)
		r = image_manifest_decode(desc->digest, text, len, &l->arena, &m, e);
	if (r >= 0)
		r = need_blob(l, m->config, e);
	if (r < 0)
		return r;
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n && r >= 0; i++) {
		/* Layers that may not be distributed are elsewhere. */
		if (layers[i].media_type)
			(void)media_type_parse(layers[i].media_type, NULL, &foreign);
		if (!foreign)
			r = need_blob(l, &layers[i], e);
		foreign = false;
	}
	return r;
}

static int need(struct load *l, const struct image_descriptor *desc, int depth, struct err *e);

/* Other platforms' images may have been left out of the layout; what is there must be whole. */
static int need_index(struct load *l, const struct image_descriptor *desc, int depth, struct err *e)
{
	autofree char *text = NULL;
	const struct image_descriptor *entries;
	const struct store *source = l->layout ? l->layout : l->store;
	struct image_index *index;
	size_t len, found = 0;
	int r = read_document(l, desc, &text, &len, e);

	if (r >= 0)
		r = image_index_decode(desc->digest, text, len, &l->arena, &index, e);
	if (r < 0)
		return r;
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n && r >= 0; i++) {
		if (!blob_exists(source, entries[i].digest, -1))
			continue;
		found++;
		r = need(l, &entries[i], depth + 1, e);
	}
	if (r >= 0 && !found && index->manifests.n)
		return err_set(e, IMAGE_EVERIFY, "index %s: none of its manifests is here",
			       desc->digest);
	return r;
}

static int need(struct load *l, const struct image_descriptor *desc, int depth, struct err *e)
{
	if (depth > INDEX_MAX_DEPTH)
		return err_set(e, IMAGE_EVERIFY, "'%s' lies in too many indexes", desc->digest);
	switch (media_type_parse(desc->media_type ? desc->media_type : "", NULL, NULL)) {
	case MEDIA_INDEX:
		return need_index(l, desc, depth, e);
	case MEDIA_MANIFEST:
		return need_manifest(l, desc, e);
	case MEDIA_UNKNOWN:
	case MEDIA_CONFIG:
	case MEDIA_LAYER:
	case MEDIA_EMPTY:
		break;
	}
	/* image-spec: an unknown media type in an index is no error; it is kept as a blob. */
	return need_blob(l, desc, e);
}

static const char *annotation(const struct image_descriptor *desc, const char *key)
{
	for (size_t i = 0; i < desc->annotations.n; i++)
		if (streq(desc->annotations.items[i].key, key))
			return desc->annotations.items[i].value;
	return NULL;
}

/* Is `name` what save makes of the full name: the tag, or "repository-tag" and more? */
static bool is_short_for(const char *name, const char *full)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *longer = NULL;

	if (reference_parse(full, &ref, NULL) < 0 || !ref.tag)
		return false;
	longer = xasprintf("%s-%s", path_base(ref.repository), ref.tag);
	return streq(name, ref.tag) || streq(name, full) || starts_with(name, longer);
}

/* Docker and containerd put the tag into ref.name and the whole name beside it.  umoci gives a
 * derived image a ref.name of its own and leaves the other as it was: then it is stale. */
const char *archive_name_of(const struct image_descriptor *desc)
{
	const char *full = annotation(desc, IMAGE_FULL_NAME);
	const char *name = annotation(desc, IMAGE_REF_NAME);

	if (full && (!name || is_short_for(name, full)))
		return full;
	return name;
}

int load_index(struct load *l, const struct image_index *index, struct err *e)
{
	const struct image_descriptor *entries = index->manifests.items;
	int r = load_check_count(l, index->manifests.n, e);

	for (size_t i = 0; i < index->manifests.n && r >= 0; i++) {
		r = need(l, &entries[i], 0, e);
		if (r >= 0)
			r = load_name(l, archive_name_of(&entries[i]), &entries[i], e);
	}
	return r;
}

int load_layout(struct store *s, const char *dir, const struct load_opts *opts,
		struct load_result *ret, struct err *e)
{
	struct load l = { .store = s, .opts = opts, .result = ret };
	auto_(store) struct store *layout = NULL;
	struct image_index *index;
	int r = store_open(dir, STORE_READ, &layout, e);

	l.layout = layout;
	if (r >= 0)
		r = store_index(layout, &l.arena, &index, e);
	if (r >= 0)
		r = load_index(&l, index, e);
	arena_done(&l.arena);
	return r;
}
