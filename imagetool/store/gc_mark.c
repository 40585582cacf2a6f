/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/gc_mark.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "imagetool/store/internal.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"

/* Indexes in indexes; nobody builds more than two. */
#define GC_MAX_DEPTH 8

void gc_live_done(struct gc_live *live)
{
	digest_set_done(&live->blobs);
	digest_set_done(&live->snapshots);
	digest_set_done(&live->walked);
}

static int mark(const struct store *s, const struct image_descriptor *desc, int depth,
		struct gc_live *live, struct err *e);

/* A layer's snapshot may stand alone or be bound to what lies below it. */
static void mark_layers(const struct image_config *config, struct gc_live *live)
{
	const char *const *ids = config->rootfs ? config->rootfs->diff_ids.items : NULL;
	size_t n = config->rootfs ? config->rootfs->diff_ids.n : 0;
	char chain[DIGEST_TEXT_SIZE] = "", key[SNAPSHOT_KEY_SIZE];

	for (size_t i = 0; i < n && digest_check(ids[i], NULL) >= 0; i++) {
		snapshot_chain_id(chain, ids[i]);
		snapshot_key_alone(ids[i], key);
		(void)digest_set_add(&live->snapshots, key);
		snapshot_key_chain(chain, key);
		(void)digest_set_add(&live->snapshots, key);
	}
	if (chain[0]) {
		snapshot_key_plain(chain, key);
		(void)digest_set_add(&live->snapshots, key);
	}
}

static int mark_config(const struct store *s, const struct image_descriptor *desc,
		       struct gc_live *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	/* Who calls another image's manifest a configuration must not keep it from being walked. */
	autofree char *as_config = xasprintf("config %s", desc->digest);
	struct image_config *config;
	autofree char *text = NULL;
	size_t len;
	int r;

	(void)digest_set_add(&live->blobs, desc->digest);
	if (descriptor_kind(desc) != MEDIA_CONFIG || !digest_set_add(&live->walked, as_config) ||
	    !blob_is_there(s, desc->digest, -1))
		return 0;
	r = blob_read(s, desc->digest, -1, IMAGE_CONFIG_MAX, &text, &len, e);
	if (r < 0)
		return r;
	/* Nobody can have made snapshots of what is whole and yet no image's configuration. */
	if (image_config_decode(desc->digest, text, len, &a, &config, NULL) >= 0)
		mark_layers(config, live);
	return 0;
}

static int mark_manifest(const struct store *s, const char *digest, const char *text, size_t len,
			 int depth, struct gc_live *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *layers;
	struct image_manifest *m;
	int r = image_manifest_decode(digest, text, len, &a, &m, e);

	if (r >= 0 && m->config)
		r = mark_config(s, m->config, live, e);
	if (r < 0)
		return r;
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n; i++)
		(void)digest_set_add(&live->blobs, layers[i].digest);
	return m->subject ? mark(s, m->subject, depth + 1, live, e) : 0;
}

static int mark_index(const struct store *s, const char *digest, const char *text, size_t len,
		      int depth, struct gc_live *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = image_index_decode(digest, text, len, &a, &index, e);

	entries = r < 0 ? NULL : index->manifests.items;
	for (size_t i = 0; r >= 0 && i < index->manifests.n; i++)
		r = mark(s, &entries[i], depth + 1, live, e);
	if (r >= 0 && index->subject)
		r = mark(s, index->subject, depth + 1, live, e);
	return r;
}

static int mark(const struct store *s, const struct image_descriptor *desc, int depth,
		struct gc_live *live, struct err *e)
{
	enum media_kind kind = descriptor_kind(desc);
	autofree char *text = NULL;
	size_t len;
	int r;

	(void)digest_set_add(&live->blobs, desc->digest);
	if ((kind != MEDIA_MANIFEST && kind != MEDIA_INDEX) ||
	    !digest_set_add(&live->walked, desc->digest))
		return 0;
	if (depth > GC_MAX_DEPTH)
		return err_set(e, IMAGE_EVERIFY, "'%s' lies in too many indexes", desc->digest);
	if (!blob_is_there(s, desc->digest, -1))
		return 0;
	r = blob_read(s, desc->digest, -1, IMAGE_MANIFEST_MAX, &text, &len, e);
	if (r < 0)
		return r;
	if (kind == MEDIA_INDEX)
		return mark_index(s, desc->digest, text, len, depth, live, e);
	return mark_manifest(s, desc->digest, text, len, depth, live, e);
}

int gc_mark(const struct store *s, const struct image_descriptor *desc, struct gc_live *live,
	    struct err *e)
{
	return mark(s, desc, 0, live, e);
}

int gc_mark_index(const struct store *s, struct gc_live *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(s, &a, &index, e);

	entries = r < 0 ? NULL : index->manifests.items;
	for (size_t i = 0; r >= 0 && i < index->manifests.n; i++) {
		const char *name = store_name_of(&entries[i]);

		r = mark(s, &entries[i], 0, live, e);
		if (r < 0)
			return err_wrap(
				e, r,
				"image '%s': remove it with 'creel-image rm', or pull it again",
				*name ? name : entries[i].digest);
	}
	return r;
}
