/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/index/gather.h"

#include "imagetool/copy/copy.h"
#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

/* ---- Into the store ---- */

static int no_name(struct image_target *t UNUSED, const struct image_descriptor *top UNUSED,
		   const char *name UNUSED, struct err *e UNUSED)
{
	return 0;
}

static int copy_in(struct store *s, struct image_source *from, const struct gather_opts *opts,
		   struct arena *a, struct image_descriptor *ret, struct err *e)
{
	const struct copy_opts how = { .platform = opts->platform, .all = opts->all };
	struct image_target_ops ops; /* outlives the target */
	auto_(image_target) struct image_target *target = NULL;
	auto_(copy_result) struct copy_result result = { 0 };
	struct place to = { .kind = PLACE_STORE, .name = NULL };
	struct place_opts to_opts = *opts->place;
	int64_t size;
	int fd, r;

	/* The store wants a name; it is never given. */
	to.name = xstrdup("x");
	to_opts.store = s;
	r = target_open(&to, &(struct target_opts){ .place = &to_opts, .source = from }, &target,
			e);
	place_done(&to);
	if (r < 0)
		return r;
	ops = *target->ops;
	ops.name = no_name;
	target->ops = &ops;
	r = copy_image(from, target, &how, &result, e);
	if (r < 0)
		return r;
	fd = blob_open(s, result.digest, &size, e);
	if (fd < 0)
		return fd;
	(void)close(fd);
	*ret = (struct image_descriptor){ .media_type = arena_strdup(a, result.media_type),
					  .digest = arena_strdup(a, result.digest),
					  .size = { .set = true, .v = size } };
	return 0;
}

/* The manifest or index that the place names, in the store. */
static int bring(struct store *s, const char *text, const struct gather_opts *opts, struct arena *a,
		 struct image_descriptor *ret, struct err *e)
{
	auto_(image_source) struct image_source *source = NULL;
	auto_(place) struct place place = { 0 };
	struct place_opts from = *opts->place;
	struct store_image found;
	int r = place_parse(text, &place, e);

	if (r < 0)
		return r;
	if (place.kind == PLACE_STORE) {
		r = store_resolve(s, place.name, a, &found, e);
		if (r >= 0)
			*ret = *found.desc;
		return r;
	}
	from.store = s;
	r = source_open(&place, &from, &source, e);
	return r < 0 ? r : copy_in(s, source, opts, a, ret, e);
}

/* ---- Into the index ---- */

/* What the config says; an artifact has none. */
static void find_platform(const struct store *s, struct image_descriptor *desc,
			  struct image_platform *space, struct image *img)
{
	const struct store_image entry = { .name = "", .desc = desc };

	if (desc->platform || descriptor_kind(desc) != MEDIA_MANIFEST ||
	    image_load_entry(s, &entry, NULL, img, NULL) < 0)
		return;
	if (!img->config || !img->config->os || !img->config->architecture)
		return;
	*space = (struct image_platform){ .os = img->config->os,
					  .architecture = img->config->architecture,
					  .variant = img->config->variant,
					  .os_version = img->config->os_version,
					  .os_features = img->config->os_features };
	desc->platform = space;
}

/* Annotations of an entry of index.json are the store's own. */
static int add_one(const struct store *s, const struct image_descriptor *from, bool own_notes,
		   struct index_draft *d, struct err *e)
{
	struct image_descriptor desc = *from;
	auto_(image) struct image img = { 0 };
	struct image_platform space;

	if (own_notes)
		desc.annotations = (struct oci_strmap){ 0 };
	find_platform(s, &desc, &space, &img);
	return index_draft_add(d, &desc, e);
}

static int add_from_index(const struct store *s, const struct image_descriptor *desc,
			  const struct gather_opts *opts, struct arena *a, struct index_draft *d,
			  struct err *e)
{
	const struct image_descriptor *all;
	struct platform host;
	struct image_index *index;
	autofree char *text = NULL;
	size_t len;
	int r = blob_read(s, desc->digest, descriptor_size(desc), IMAGE_MANIFEST_MAX, &text, &len,
			  e);

	if (r >= 0)
		r = image_index_decode(desc->digest, text, len, a, &index, e);
	if (r < 0)
		return r;
	all = index->manifests.items;
	platform_host(&host);
	if (!opts->all) {
		r = platform_choose(index, opts->platform ? opts->platform : &host, e);
		return r < 0 ? r : add_one(s, &all[r], false, d, e);
	}
	for (size_t i = 0; i < index->manifests.n && r >= 0; i++)
		r = add_one(s, &all[i], false, d, e);
	return r;
}

int gather(struct store *s, const char *place, const struct gather_opts *opts,
	   struct index_draft *d, size_t *ret_last, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	size_t before = d->doc.manifests.n;
	struct image_descriptor desc;
	int r = bring(s, place, opts, &a, &desc, e);

	if (r >= 0)
		r = descriptor_kind(&desc) == MEDIA_INDEX ? add_from_index(s, &desc, opts, &a, d, e)
							  : add_one(s, &desc, true, d, e);
	if (r < 0)
		return err_wrap(e, r, "add '%s'", place);
	*ret_last = (size_t)r;
	return (int)(d->doc.manifests.n - before);
}
