/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/image.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"

#define INDEX_MAX_DEPTH 4

/* Blob text that lives as long as the image. */
static int read_text(const struct store *s, const struct image_descriptor *desc, size_t max,
		     struct image *img, const char **ret, size_t *ret_len, struct err *e)
{
	autofree char *text = NULL;
	int r = blob_read(s, desc->digest, descriptor_size(desc), max, &text, ret_len, e);

	if (r < 0)
		return r;
	*ret = arena_strndup(&img->arena, text, *ret_len);
	return 0;
}

/* Go down through indexes to the manifest for this platform. */
static int select_manifest(const struct store *s, const struct platform *platform,
			   struct image *img, struct err *e)
{
	img->selected = img->desc;
	for (int depth = 0; descriptor_kind(img->selected) == MEDIA_INDEX; depth++) {
		const struct image_descriptor *entries;
		struct image_index *index;
		const char *text;
		size_t len;
		int r;

		if (depth == INDEX_MAX_DEPTH)
			return err_set(e, IMAGE_EVERIFY, "index '%s' lies in too many indexes",
				       img->selected->digest);
		r = read_text(s, img->selected, IMAGE_MANIFEST_MAX, img, &text, &len, e);
		if (r < 0)
			return r;
		r = image_index_decode(img->selected->digest, text, len, &img->arena, &index, e);
		if (r < 0)
			return err_wrap(e, -IMAGE_EVERIFY, "image index");
		r = platform_choose(index, platform, e);
		if (r < 0)
			return r;
		entries = index->manifests.items;
		img->selected = &entries[r];
	}
	return 0;
}

static int load_manifest(const struct store *s, struct image *img, struct err *e)
{
	struct image_manifest *m;
	int r;

	if (descriptor_kind(img->selected) != MEDIA_MANIFEST)
		return err_set(e, IMAGE_EVERIFY, "'%s' has media type '%s', which is no image",
			       img->selected->digest,
			       img->selected->media_type ? img->selected->media_type : "");
	r = read_text(s, img->selected, IMAGE_MANIFEST_MAX, img, &img->manifest_text,
		      &img->manifest_len, e);
	if (r < 0)
		return r;
	r = image_manifest_decode(img->selected->digest, img->manifest_text, img->manifest_len,
				  &img->arena, &m, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "image manifest");
	img->manifest = m;
	return 0;
}

static int load_config(const struct store *s, struct image *img, struct err *e)
{
	const struct image_descriptor *desc = img->manifest->config;
	struct image_config *config;
	int r;

	if (!desc || descriptor_kind(desc) != MEDIA_CONFIG)
		return 0;
	r = read_text(s, desc, IMAGE_CONFIG_MAX, img, &img->config_text, &img->config_len, e);
	if (r < 0)
		return r;
	r = image_config_decode(desc->digest, img->config_text, img->config_len, &img->arena,
				&config, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "image config");
	img->config = config;
	return 0;
}

/* img->name and img->desc are set. */
static int load_found(const struct store *s, const struct platform *platform, struct image *img,
		      struct err *e)
{
	struct platform host;
	int r;

	if (!platform) {
		platform_host(&host);
		platform = &host;
	}
	r = store_hold_image(s, img->desc, e);
	if (r >= 0)
		r = select_manifest(s, platform, img, e);
	if (r >= 0)
		r = load_manifest(s, img, e);
	if (r >= 0)
		r = load_config(s, img, e);
	return r;
}

int image_load(const struct store *s, const char *name, const struct platform *platform,
	       struct image *img, struct err *e)
{
	struct store_image found;
	int r;

	*img = (struct image){ 0 };
	r = store_resolve(s, name, &img->arena, &found, e);
	if (r < 0)
		return r;
	img->name = found.name;
	img->desc = found.desc;
	r = load_found(s, platform, img, e);
	return r < 0 ? err_wrap(e, r, "image '%s'", name) : 0;
}

int image_load_entry(const struct store *s, const struct store_image *entry,
		     const struct platform *platform, struct image *img, struct err *e)
{
	int r;

	*img = (struct image){ .name = entry->name, .desc = entry->desc };
	r = load_found(s, platform, img, e);
	return r < 0 ? err_wrap(e, r, "image '%s'", entry->name) : 0;
}

void image_done(struct image *img)
{
	arena_done(&img->arena);
	*img = (struct image){ 0 };
}
