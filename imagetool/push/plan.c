/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to an image or index of the store. */
#include <errno.h>
#include <inttypes.h>

#include "imagetool/errors.h"
#include "imagetool/push/internal.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

#define INDEX_MAX_DEPTH 4

static int walk(struct push *p, const struct image_descriptor *desc, int depth, struct err *e);

static void add_document(struct push *p, const struct push_document *d)
{
	if (p->n_documents == p->cap_documents) {
		p->cap_documents = p->cap_documents ? 2 * p->cap_documents : 8;
		p->documents = xreallocarray(p->documents, p->cap_documents, sizeof(*p->documents));
	}
	p->documents[p->n_documents++] = *d;
}

/* Those of Windows base layers, whose licence keeps them where they are. */
static bool is_foreign(const struct image_descriptor *desc)
{
	bool foreign = false;

	return desc->media_type &&
	       media_type_parse(desc->media_type, NULL, &foreign) == MEDIA_LAYER && foreign;
}

static int add_blob(struct push *p, struct push_document *d, const struct image_descriptor *desc,
		    struct err *e)
{
	int64_t size = descriptor_size(desc);

	if (is_foreign(desc)) {
		p->n_foreign++;
		return 0;
	}
	if (size < 0)
		return err_set(e, IMAGE_EVERIFY, "manifest '%s' gives no size for blob '%s'",
			       d->digest, desc->digest);
	if (!blob_exists(p->store, desc->digest, size))
		return err_set(e, IMAGE_ENOTFOUND,
			       "blob '%s' of %" PRId64 " bytes is not in store '%s': pull or load "
			       "the image again",
			       desc->digest, size, store_path(p->store));
	d->blobs[d->n_blobs++] = desc;
	return 0;
}

static int walk_manifest(struct push *p, struct push_document *d, struct err *e)
{
	const struct image_descriptor *layers;
	struct image_manifest *m;
	int r = image_manifest_decode(d->digest, d->text, d->len, &p->arena, &m, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "manifest");
	layers = m->layers.items;
	d->blobs = arena_alloc(&p->arena, m->layers.n + 1, sizeof(struct image_descriptor *));
	d->mount_from = arena_alloc(&p->arena, m->layers.n + 1, sizeof(char *));
	if (m->config)
		r = add_blob(p, d, m->config, e);
	for (size_t i = 0; i < m->layers.n && r >= 0; i++)
		r = add_blob(p, d, &layers[i], e);
	return r;
}

static int walk_index(struct push *p, const struct push_document *d, int depth, struct err *e)
{
	const struct image_descriptor *all;
	struct image_index *index;
	int r = image_index_decode(d->digest, d->text, d->len, &p->arena, &index, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "index");
	if (depth >= INDEX_MAX_DEPTH)
		return err_set(e, IMAGE_EVERIFY, "more than %d indexes lie in one another",
			       INDEX_MAX_DEPTH);
	all = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n && r >= 0; i++) {
		if (!blob_exists(p->store, all[i].digest, descriptor_size(&all[i])))
			return err_set(e, IMAGE_ENOTFOUND,
				       "manifest '%s' of the index is not in store '%s': push one "
				       "image with --platform, or copy all of them with 'copy'",
				       all[i].digest, store_path(p->store));
		r = walk(p, &all[i], depth + 1, e);
	}
	return r;
}

/* What an index names without being an image of a kind we know goes as it is, with nothing else. */
static int walk(struct push *p, const struct image_descriptor *desc, int depth, struct err *e)
{
	enum media_kind kind = descriptor_kind(desc);
	struct push_document d = { .digest = desc->digest,
				   .media_type = desc->media_type,
				   .is_index = kind == MEDIA_INDEX };
	autofree char *text = NULL;
	int r;

	if (!digest_set_add(&p->seen, desc->digest))
		return 0;
	if (!desc->media_type)
		return err_set(e, IMAGE_EVERIFY, "'%s' has no media type", desc->digest);
	r = blob_read(p->store, desc->digest, descriptor_size(desc), IMAGE_MANIFEST_MAX, &text,
		      &d.len, e);
	if (r < 0)
		return r;
	d.text = arena_strndup(&p->arena, text, d.len);
	if (kind == MEDIA_INDEX)
		r = walk_index(p, &d, depth, e);
	else if (kind == MEDIA_MANIFEST)
		r = walk_manifest(p, &d, e);
	if (r >= 0)
		add_document(p, &d);
	return r;
}

int push_plan(struct push *p, const struct image_descriptor *top, struct err *e)
{
	return walk(p, top, 0, e);
}
