/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker-archive.  Each layer is HEX/layer.tar beside the VERSION and json that
 * the oldest readers want; HEX is the layer's chain id, which says what it and
 * all below it are.  manifest.json is what everyone else reads.
 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/archive/save.h"
#include "imagetool/errors.h"
#include "imagetool/layer/layer.h"
#include "libutil/alloc.h"
#include "libutil/digest.h"

struct docker_layer {
	const char *id;     /* hex of the chain id */
	const char *parent; /* or NULL */
	const char *diff_id;
	const struct image_descriptor *desc;
};

struct docker_image {
	const struct image *image;
	const char **ids; /* of its layers */
	size_t n_ids;
};

struct saving {
	const struct store *store;
	struct sink *to;
	struct arena arena;
	struct docker_layer *layers; /* of all images, owned */
	size_t n, cap;
	struct docker_image *images; /* in the arena */
	size_t n_images;
};

static void saving_done(struct saving *s)
{
	free(s->layers);
	arena_done(&s->arena);
}
AUTO_DEFINE_DONE(saving, saving_done)

/* config.md: ChainID(n) = digest of "ChainID(n-1) DiffID(n)", the first is the diffID itself. */
static const char *chain_id(struct arena *a, const char *below, const char *diff_id)
{
	char text[DIGEST_TEXT_SIZE];
	autofree char *both = NULL;

	if (!below)
		return arena_strdup(a, digest_hex(diff_id));
	both = xasprintf("sha256:%s %s", below, diff_id);
	digest_of(DIGEST_SHA256, both, strlen(both), text);
	return arena_strdup(a, digest_hex(text));
}

static void add_layer(struct saving *s, const struct docker_layer *layer)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->layers[i].id, layer->id))
			return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->layers = xreallocarray(s->layers, s->cap, sizeof(*s->layers));
	}
	s->layers[s->n++] = *layer;
}

static int add_image(struct saving *s, const struct image *img, struct err *e)
{
	const struct image_descriptor *layers = img->manifest->layers.items;
	size_t n = img->manifest->layers.n;
	struct docker_image *d = &s->images[s->n_images++];
	const char *below = NULL;

	if (!img->config || img->config->rootfs->diff_ids.n != n)
		return err_set(e, EINVAL, "'%s' is not an image that docker-archive can hold",
			       img->name);
	*d = (struct docker_image){ .image = img, .n_ids = n };
	d->ids = arena_alloc(&s->arena, n + 1, sizeof(*d->ids));
	for (size_t i = 0; i < n; i++) {
		const char *diff_id = img->config->rootfs->diff_ids.items[i];
		struct docker_layer layer = {
			.id = chain_id(&s->arena, below, diff_id),
			.parent = below,
			.diff_id = diff_id,
			.desc = &layers[i],
		};

		add_layer(s, &layer);
		d->ids[i] = below = layer.id;
	}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct docker_layer *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* ---- Layers ---- */

typedef int layer_fn(void *ctx, const uint8_t *data, size_t len, struct err *e);

/* Hands out the uncompressed bytes, checked at the end. */
static int read_layer(const struct saving *s, const struct docker_layer *layer, layer_fn *fn,
		      void *ctx, struct err *e)
{
	autofd int fd = blob_open(s->store, layer->desc->digest, NULL, e);
	auto_(layer_stream) struct layer_stream *stream = NULL;
	struct tar_source source;
	const uint8_t *data;
	int r = fd;

	if (r >= 0)
		r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd }, layer->desc,
				     layer->diff_id, &stream, e);
	if (r < 0)
		return r;
	source = layer_stream_source(stream);
	while ((r = source.next(source.ctx, &data, e)) > 0) {
		r = fn(ctx, data, (size_t)r, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : layer_stream_verify(stream, NULL, e);
}

static int count(void *ctx, const uint8_t *data UNUSED, size_t len, struct err *e UNUSED)
{
	*(int64_t *)ctx += (int64_t)len;
	return 0;
}

static int copy(void *ctx, const uint8_t *data, size_t len, struct err *e)
{
	struct sink *to = ctx;

	return to->data(to, data, len, e);
}

static int write_layer_json(struct saving *s, const struct docker_layer *layer, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };
	autofree char *name = xasprintf("%s/json", layer->id);

	json_object(&w);
	json_kv_string(&w, "id", layer->id);
	if (layer->parent)
		json_kv_string(&w, "parent", layer->parent);
	json_kv_string(&w, "created", "1970-01-01T00:00:00Z");
	json_object_end(&w);
	return sink_text(s->to, name, text.data, text.len, e);
}

static int write_layer(struct saving *s, const struct docker_layer *layer, struct err *e)
{
	autofree char *version = xasprintf("%s/VERSION", layer->id);
	autofree char *tar = xasprintf("%s/layer.tar", layer->id);
	int64_t size = 0;
	int r = s->to->dir(s->to, layer->id, e);

	if (r >= 0)
		r = sink_text(s->to, version, "1.0", 3, e);
	if (r >= 0)
		r = write_layer_json(s, layer, e);
	/* The header states the size before the data, which only reading it tells. */
	if (r >= 0)
		r = read_layer(s, layer, count, &size, e);
	if (r >= 0)
		r = s->to->file(s->to, tar, size, e);
	if (r >= 0)
		r = read_layer(s, layer, copy, s->to, e);
	return r < 0 ? err_wrap(e, r, "layer %s", layer->desc->digest) : 0;
}

/* ---- Documents ---- */

/* Names as docker prints them ("nginx:1.25"); an image by digest has none. */
static char *familiar_name(const struct image *img)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	if (!*img->name || reference_parse(img->name, &ref, NULL) < 0 || !ref.tag)
		return NULL;
	return reference_familiar(&ref);
}

static void put_item(const struct docker_image *d, struct json_writer *w)
{
	autofree char *name = familiar_name(d->image);
	autofree char *config =
		xasprintf("%s.json", digest_hex(d->image->manifest->config->digest));

	json_object(w);
	json_kv_string(w, "Config", config);
	json_key(w, "RepoTags");
	if (name) {
		json_array(w);
		json_string(w, name);
		json_array_end(w);
	} else {
		json_null(w);
	}
	json_key(w, "Layers");
	json_array(w);
	for (size_t i = 0; i < d->n_ids; i++) {
		autofree char *layer = xasprintf("%s/layer.tar", d->ids[i]);

		json_string(w, layer);
	}
	json_array_end(w);
	json_object_end(w);
}

static int write_manifest(const struct saving *s, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };
	int r;

	json_array(&w);
	for (size_t i = 0; i < s->n_images; i++)
		put_item(&s->images[i], &w);
	json_array_end(&w);
	r = strbuf_check(&text, "manifest.json", e);
	return r < 0 ? r : sink_text(s->to, "manifest.json", text.data, text.len, e);
}

/* A name cut in two: "nginx" and "1.25"; false when there is none. */
struct tagged {
	char *name; /* owned */
	const char *tag;
};

static bool split_name(const struct image *img, struct tagged *ret)
{
	char *colon;

	ret->name = familiar_name(img);
	colon = ret->name ? strrchr(ret->name, ':') : NULL;
	if (!colon)
		return false;
	*colon = '\0';
	ret->tag = colon + 1;
	return true;
}

/* One member per repository: the tags of image `first` and of those behind it, unless an earlier
 * image had the repository. */
static void put_repository(const struct saving *s, size_t first, struct json_writer *w)
{
	struct tagged own = { 0 };
	bool had = !split_name(s->images[first].image, &own) || !s->images[first].n_ids;

	for (size_t i = 0; i < s->n_images && !had; i++) {
		const struct docker_image *d = &s->images[i];
		struct tagged other = { 0 };

		if (split_name(d->image, &other) && streq(other.name, own.name) && d->n_ids) {
			had = i < first;
			if (i == first) {
				json_key(w, own.name);
				json_object(w);
			}
			if (i >= first)
				json_kv_string(w, other.tag, d->ids[d->n_ids - 1]);
		}
		free(other.name);
	}
	if (own.name && !had)
		json_object_end(w);
	free(own.name);
}

/* {"nginx": {"1.25": "<top layer>"}} */
static int write_repositories(const struct saving *s, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };

	json_object(&w);
	for (size_t i = 0; i < s->n_images; i++)
		put_repository(s, i, &w);
	json_object_end(&w);
	return sink_text(s->to, "repositories", text.data, text.len, e);
}

/* Several images may share one config. */
static bool is_written(const struct saving *s, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (streq(s->images[i].image->manifest->config->digest,
			  s->images[index].image->manifest->config->digest))
			return true;
	return false;
}

static int write_configs(const struct saving *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->n_images && r >= 0; i++) {
		const struct image *img = s->images[i].image;
		autofree char *name =
			xasprintf("%s.json", digest_hex(img->manifest->config->digest));

		if (!is_written(s, i))
			r = sink_text(s->to, name, img->config_text, img->config_len, e);
	}
	return r;
}

int save_docker(const struct store *store, const struct save_images *images, struct sink *to,
		struct err *e)
{
	auto_(saving) struct saving s = { .store = store, .to = to };
	int r = 0;

	s.images = arena_alloc(&s.arena, images->n, sizeof(*s.images));
	for (size_t i = 0; i < images->n && r >= 0; i++)
		r = add_image(&s, &images->items[i], e);
	if (r < 0)
		return r;
	if (s.n)
		qsort(s.layers, s.n, sizeof(*s.layers), by_id);
	for (size_t i = 0; i < s.n && r >= 0; i++)
		r = write_layer(&s, &s.layers[i], e);
	if (r >= 0)
		r = write_configs(&s, e);
	if (r >= 0)
		r = write_manifest(&s, e);
	if (r >= 0)
		r = write_repositories(&s, e);
	return r < 0 ? r : to->end(to, e);
}
