/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/convert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/commit/new_image.h"
#include "imagetool/commit/rebase.h"
#include "imagetool/commit/squash.h"
#include "imagetool/store/descriptor.h"
#include "libutil/parse.h"

struct converting {
	struct store *store;
	const struct convert_opts *opts;
	struct convert_result *result;
	struct recompressed done;
	struct arena arena; /* owns descriptors of what was made */
};

static void converting_done(struct converting *c)
{
	recompressed_done(&c->done);
	arena_done(&c->arena);
}
AUTO_DEFINE_DONE(converting, converting_done)

/* ---- Steps of one image ---- */

/* The bases for the image's own platform. */
struct bases {
	struct image old, new;
};

static void bases_done(struct bases *b)
{
	image_done(&b->old);
	image_done(&b->new);
}
AUTO_DEFINE_DONE(bases, bases_done)

static void platform_of(const struct image_config *c, struct platform *ret)
{
	*ret = (struct platform){ 0 };
	(void)snprintf(ret->os, sizeof(ret->os), "%s", c->os);
	(void)snprintf(ret->arch, sizeof(ret->arch), "%s", c->architecture);
	(void)snprintf(ret->variant, sizeof(ret->variant), "%s", c->variant ? c->variant : "");
}

static int step_rebase(struct converting *c, struct new_image *n, struct bases *b, struct err *e)
{
	struct platform p;
	int r;

	if (!c->opts->base)
		return 0;
	platform_of(&n->config, &p);
	r = image_load(c->store, c->opts->old_base, &p, &b->old, e);
	if (r >= 0)
		r = image_load(c->store, c->opts->base, &p, &b->new, e);
	return r < 0 ? r : rebase(n, &b->old, &b->new, e);
}

/* The history of the layers that became one stays, as entries without layers. */
static void tell_of_squash(struct converting *c, struct new_image *n, size_t first)
{
	struct oci_array old = n->config.history;
	const struct image_history *h = old.items;
	struct image_history own = { .created = n->config.created,
				     .created_by = "creel-image convert --squash" };
	char text[TIME_TEXT_SIZE];
	size_t layer = 0;

	n->config.history = (struct oci_array){ 0 };
	for (size_t i = 0; i < old.n; i++) {
		struct image_history entry = h[i];

		layer += !(entry.empty_layer.set && entry.empty_layer.v);
		if (layer > first)
			entry.empty_layer = (struct opt_bool){ true, true };
		new_image_add_history(n, &entry);
	}
	if (c->opts->has_epoch)
		own.created = n->config.created = arena_strdup(
			&n->arena, time_text((struct timespec){ .tv_sec = c->opts->epoch }, text));
	new_image_add_history(n, &own);
}

static int step_squash(struct converting *c, struct new_image *n, struct err *e)
{
	struct compress_opts to = c->opts->recompress.to;
	struct compress_result made;
	size_t last = c->opts->squash_last;
	size_t first = last && last < n->n_layers ? n->n_layers - last : 0;
	int r;

	if (!c->opts->squash || n->n_layers - first < 2)
		return 0;
	if (!c->opts->compress)
		to.kind = LAYER_GZIP;
	r = new_image_edit(n, e);
	if (r >= 0)
		r = squash_layers(n->layers, &n->config.rootfs->diff_ids, first, c->store, &to,
				  &made, e);
	if (r < 0)
		return err_wrap(e, r, "squash");
	n->n_layers = n->config.rootfs->diff_ids.n = first;
	new_image_add_made(n, to.kind, &made);
	tell_of_squash(c, n, first);
	c->result->layers++;
	return 0;
}

/* The config stays as it is where it can. */
static int take_diff_ids(struct new_image *n, const struct oci_strings *ids, struct err *e)
{
	bool same = true;
	int r;

	for (size_t i = 0; i < ids->n; i++)
		same = same && streq(ids->items[i], n->config.rootfs->diff_ids.items[i]);
	r = same ? 0 : new_image_edit(n, e);
	if (r >= 0 && !same)
		n->config.rootfs->diff_ids = *ids;
	return r;
}

static int step_compress(struct converting *c, struct new_image *n, struct err *e)
{
	const struct oci_strings *old = &n->config.rootfs->diff_ids;
	struct oci_strings ids = { .n = old->n };
	int r;

	if (!c->opts->compress)
		return 0;
	ids.items = arena_alloc(&n->arena, ids.n + 1, sizeof(*ids.items));
	for (size_t i = 0; i < ids.n; i++)
		ids.items[i] = old->items[i];
	r = recompress_layers(c->store, n->layers, &ids, &c->opts->recompress, &c->done, &n->arena,
			      e);
	if (r > 0)
		c->result->layers += (size_t)r;
	return r < 0 ? r : take_diff_ids(n, &ids, e);
}

static const char *keep(struct converting *c, const char *text)
{
	return text ? arena_strdup(&c->arena, text) : NULL;
}

/* `ret` lives as long as `c`. */
static int convert_one(struct converting *c, const struct image *img, struct image_descriptor *ret,
		       struct err *e)
{
	auto_(new_image) struct new_image n = { 0 };
	auto_(bases) struct bases bases = { 0 };
	struct image_descriptor made;
	int r = new_image_begin(&n, img, e);

	if (r >= 0)
		r = step_rebase(c, &n, &bases, e);
	if (r >= 0)
		r = step_squash(c, &n, e);
	if (r >= 0)
		r = step_compress(c, &n, e);
	if (r >= 0)
		r = new_image_write(&n, c->store, c->opts->format, &made, NULL, e);
	if (r < 0)
		return r;
	*ret = (struct image_descriptor){ .media_type = keep(c, made.media_type),
					  .digest = keep(c, made.digest),
					  .size = made.size };
	ret->platform = arena_alloc(&c->arena, 1, sizeof(*ret->platform));
	ret->platform->os = keep(c, made.platform->os);
	ret->platform->architecture = keep(c, made.platform->architecture);
	ret->platform->variant = keep(c, made.platform->variant);
	ret->platform->os_version = keep(c, made.platform->os_version);
	c->result->images++;
	return 0;
}

/* ---- An index ---- */

/* What says something of other members by their digests, which change. */
static bool is_statement(const struct image_descriptor *d)
{
	return d->artifact_type || *descriptor_annotation(d, "vnd.docker.reference.digest") ||
	       (d->platform && d->platform->os && streq(d->platform->os, "unknown"));
}

static int convert_member(struct converting *c, const char *name,
			  const struct image_descriptor *old, struct image_descriptor *ret,
			  struct err *e)
{
	auto_(image) struct image img = { 0 };
	const struct store_image entry = { .name = name, .desc = old };
	int r;

	if (descriptor_kind(old) != MEDIA_MANIFEST)
		return err_set(e, EINVAL, "%s is an index inside an index: convert it by itself",
			       old->digest);
	r = image_load_entry(c->store, &entry, NULL, &img, e);
	if (r == -ENOENT)
		return err_wrap(e, r,
				"not all platforms are here, choose one by --platform or get them "
				"by 'pull --all-platforms'");
	if (r >= 0)
		r = convert_one(c, &img, ret, e);
	if (r < 0)
		return r;
	/* The index knows best what its members are for. */
	if (old->platform)
		ret->platform = old->platform;
	ret->annotations = old->annotations;
	return 0;
}

static int write_index(struct converting *c, const struct image_index *old,
		       struct image_descriptor *items, size_t n, const char *media_type,
		       struct image_descriptor *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct image_index index = {
		.schema_version = { true, 2 },
		.media_type = media_type,
		.manifests = { .items = items, .n = n },
	};

	if (streq(media_type, MEDIA_OCI_INDEX))
		index.annotations = old->annotations;
	oci_encode(&image_index_type, &index, 0, &text);
	return blob_add_text(c->store, &text, "index", media_type, &c->arena, ret, e);
}

static int convert_index_of(struct converting *c, const struct store_image *found,
			    struct image_descriptor *ret, struct err *e)
{
	autofree char *text = NULL;
	struct image_index *index;
	const struct image_descriptor *old;
	struct image_descriptor *items;
	size_t len, n = 0;
	bool docker;
	int r = blob_read(c->store, found->desc->digest, descriptor_size(found->desc),
			  IMAGE_MANIFEST_MAX, &text, &len, e);

	if (r >= 0)
		r = image_index_decode(found->desc->digest, text, len, &c->arena, &index, e);
	if (r < 0)
		return r;
	old = index->manifests.items;
	items = arena_alloc(&c->arena, index->manifests.n, sizeof(*items));
	for (size_t i = 0; i < index->manifests.n && r >= 0; i++) {
		if (is_statement(&old[i]))
			c->result->left_out++;
		else
			r = convert_member(c, found->name, &old[i], &items[n++], e);
	}
	if (r < 0)
		return r;
	docker = c->opts->format == IMAGE_DOCKER ||
		 (c->opts->format == IMAGE_AS_IS && found->desc->media_type &&
		  streq(found->desc->media_type, MEDIA_DOCKER_LIST));
	return write_index(c, index, items, n, docker ? MEDIA_DOCKER_LIST : MEDIA_OCI_INDEX, ret,
			   e);
}

/* ---- */

static int convert_manifest_of(struct converting *c, const struct store_image *found,
			       struct image_descriptor *ret, struct err *e)
{
	auto_(image) struct image img = { 0 };
	int r = image_load_entry(c->store, found, c->opts->platform, &img, e);

	return r < 0 ? r : convert_one(c, &img, ret, e);
}

int convert_image(struct store *s, const char *name, const struct convert_opts *opts,
		  struct convert_result *ret, struct err *e)
{
	auto_(converting) struct converting c = { .store = s, .opts = opts, .result = ret };
	struct store_image found;
	struct image_descriptor made;
	int r;

	*ret = (struct convert_result){ 0 };
	r = store_resolve(s, name, &c.arena, &found, e);
	if (r < 0)
		return r;
	if (descriptor_kind(found.desc) == MEDIA_INDEX && !opts->platform)
		r = convert_index_of(&c, &found, &made, e);
	else
		r = convert_manifest_of(&c, &found, &made, e);
	if (r < 0)
		return err_wrap(e, r, "convert '%s'", name);
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", made.digest);
	return store_tag(s, opts->name, &made, e);
}
