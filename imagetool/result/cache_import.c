/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/cache_import.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/copy/document.h"
#include "imagetool/copy/source.h"
#include "imagetool/errors.h"
#include "imagetool/layer/layer.h"
#include "imagetool/result/cache_config.h"
#include "imagetool/sign/base64.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/parse.h"

struct cache_import {
	struct arena arena;
	struct store *store;
	struct image_source *source;
	struct cache_config config;
	pthread_mutex_t lock; /* of the source, which is one conversation */
};

void cache_import_free(struct cache_import *i)
{
	if (!i)
		return;
	source_free(i->source);
	arena_done(&i->arena);
	(void)pthread_mutex_destroy(&i->lock);
	free(i);
}

/* ---- Opening ---- */

static int read_config(struct cache_import *i, const struct image_descriptor *desc, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = source_read(i->source, desc, CACHE_CONFIG_MAX, &text, &len, e);

	return r < 0 ? r : cache_config_decode("cache", text, len, &i->arena, &i->config, e);
}

/* The layers an inline cache speaks of are the image's own. */
static void take_layers(struct cache_import *i, const struct image_manifest *m,
			const struct image_config *config)
{
	const struct image_descriptor *layers = m->layers.items;

	i->config.layers = arena_alloc(&i->arena, m->layers.n + 1, sizeof(*i->config.layers));
	i->config.n_layers = m->layers.n;
	for (size_t k = 0; k < m->layers.n; k++)
		i->config.layers[k] = (struct cache_layer){
			.digest = layers[k].digest,
			.diff_id = config->rootfs->diff_ids.items[k],
			.media_type = layers[k].media_type ? layers[k].media_type : "",
			.size = descriptor_size(&layers[k]),
			.parent = (int)k - 1,
			.created = "",
		};
}

static int read_inline(struct cache_import *i, const struct image_manifest *m,
		       const struct image_config *config, struct err *e)
{
	auto_(sign_bytes) struct sign_bytes text = { 0 };
	int r;

	if (!config->buildkit_cache)
		return 0;
	if (config->rootfs->diff_ids.n != m->layers.n)
		return err_set(e, IMAGE_EVERIFY, "the manifest has %zu layers, the config %zu",
			       m->layers.n, config->rootfs->diff_ids.n);
	r = base64_decode("inline cache", config->buildkit_cache, strlen(config->buildkit_cache),
			  BASE64_STANDARD, &text, e);
	if (r >= 0)
		r = cache_records_decode("inline cache", (const char *)text.data, text.len,
					 m->layers.n, &i->arena, &i->config, e);
	if (r >= 0)
		take_layers(i, m, config);
	return r;
}

static int read_image(struct cache_import *i, const struct image_manifest *m, struct err *e)
{
	autofree char *text = NULL;
	struct image_config *config;
	size_t len;
	int r = source_read(i->source, m->config, IMAGE_CONFIG_MAX, &text, &len, e);

	if (r < 0)
		return r;
	r = image_config_decode(m->config->digest, arena_strndup(&i->arena, text, len), len,
				&i->arena, &config, e);
	return r < 0 ? r : read_inline(i, m, config, e);
}

static int read_manifest(struct cache_import *i, const struct registry_document *d, struct err *e)
{
	struct image_manifest *m;
	int r = image_manifest_decode(d->digest, d->text, d->len, &i->arena, &m, e);

	if (r < 0)
		return r;
	if (m->config->media_type && streq(m->config->media_type, CACHE_CONFIG_TYPE))
		return read_config(i, m->config, e);
	return descriptor_kind(m->config) == MEDIA_CONFIG ? read_image(i, m, e) : 0;
}

/* A cache that is an index names its config beside its layers; else it is one of images. */
static int read_index(struct cache_import *i, struct registry_document *d,
		      const struct platform *platform, struct err *e)
{
	const struct image_descriptor *all;
	struct image_index *index;
	int r = image_index_decode(d->digest, d->text, d->len, &i->arena, &index, e);

	if (r < 0)
		return r;
	all = index->manifests.items;
	for (size_t k = 0; k < index->manifests.n; k++)
		if (all[k].media_type && streq(all[k].media_type, CACHE_CONFIG_TYPE))
			return read_config(i, &all[k], e);
	r = source_select(i->source, platform, d, e);
	return r < 0 ? r : read_manifest(i, d, e);
}

static int read_top(struct cache_import *i, const struct platform *platform, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	int r = i->source->ops->top(i->source, &d, e);

	if (r < 0)
		return r;
	return document_is_index(&d) ? read_index(i, &d, platform, e) : read_manifest(i, &d, e);
}

static int open_source(const struct cache_spec *spec, const struct registry_opts *registry,
		       struct image_source **ret, struct err *e)
{
	const struct place place = {
		.kind = spec->kind == CACHE_LOCAL ? PLACE_OCI : PLACE_REGISTRY,
		.path = spec->kind == CACHE_LOCAL ? spec->place : NULL,
		.name = spec->kind == CACHE_LOCAL ? spec->name : spec->place,
		.index = -1,
	};
	struct place_opts opts = { .quiet = true };

	if (registry)
		opts.registry = *registry;
	if (spec->insecure)
		opts.registry.tls = REGISTRY_TLS_OFF;
	return source_open(&place, &opts, ret, e);
}

int cache_import_open(struct store *s, const struct cache_spec *spec,
		      const struct platform *platform, const struct registry_opts *registry,
		      struct cache_import **ret, struct err *e)
{
	auto_(cache_import) struct cache_import *i = xcalloc(1, sizeof(*i));
	int r;

	i->store = s;
	(void)pthread_mutex_init(&i->lock, NULL);
	r = open_source(spec, registry, &i->source, e);
	if (r >= 0)
		r = read_top(i, platform, e);
	if (r < 0)
		return err_wrap(e, r, "cache '%s'", spec->place);
	*ret = steal_ptr(&i);
	return 0;
}

/* ---- Finding ---- */

static const struct cache_record *find_record(const struct cache_config *c, const char *key)
{
	for (size_t i = 0; i < c->n_records; i++)
		if (starts_with(c->records[i].key, "sha256:") &&
		    streq(digest_hex(c->records[i].key), key))
			return &c->records[i];
	return NULL;
}

/* 0: of a kind that is no layer, or that nothing could be proved of. */
static int fill_layer(const struct cache_layer *l, struct build_layer *ret)
{
	*ret = (struct build_layer){ .size = l->size };
	if (media_type_parse(l->media_type, &ret->kind, NULL) != MEDIA_LAYER || !l->diff_id)
		return 0;
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", l->digest);
	(void)snprintf(ret->diff_id, sizeof(ret->diff_id), "%s", l->diff_id);
	return 1;
}

int cache_import_find(void *ctx, const char *key, struct build_record *ret, struct err *e UNUSED)
{
	const struct cache_import *i = ctx;
	const struct cache_record *own = find_record(&i->config, key), *r = own;
	struct build_layer layer;
	struct timespec created = { 0 };

	/* Another name of a record counts as that one does. */
	if (own && own->link != CACHE_NONE)
		r = &i->config.records[own->link];
	if (!r || r->link != CACHE_NONE || !starts_with(r->key, "sha256:"))
		return 0;
	if (r->layer != CACHE_NONE && !fill_layer(&i->config.layers[r->layer], &layer))
		return 0;
	*ret = (struct build_record){ 0 };
	(void)snprintf(ret->key, sizeof(ret->key), "%s", digest_hex(r->key));
	(void)parse_time(r->created, &created);
	ret->created = created.tv_sec;
	if (r->layer != CACHE_NONE)
		build_record_add_layer(ret, &layer);
	else
		ret->snapshot = xstrdup("");
	return 1;
}

/* ---- Fetching ---- */

static int pass(struct blob_stream *from, struct blob *to, struct err *e)
{
	autofree char *buf = xcalloc(1, 256 << 10);
	int r;

	while ((r = from->read(from, buf, 256 << 10, e)) > 0) {
		r = blob_write(to, buf, (size_t)r, e);
		if (r < 0)
			return r;
	}
	return r;
}

static int fetch(struct cache_import *i, const struct image_descriptor *desc, struct err *e)
{
	auto_(blob_stream) struct blob_stream *from = NULL;
	auto_(blob) struct blob *to = NULL;
	int r = source_blob(i->source, desc, &from, e);

	if (r >= 0)
		r = blob_begin(i->store, desc->digest, descriptor_size(desc), &to, e);
	if (r >= 0)
		r = pass(from, to, e);
	return r < 0 ? r : blob_commit(steal_ptr(&to), NULL, e);
}

/* An image's config promises the diffID: what is inside must be that. */
static int check_inside(const struct store *s, const struct image_descriptor *desc,
			const char *diff_id, struct err *e)
{
	auto_(layer_stream) struct layer_stream *stream = NULL;
	autofd int fd = blob_open(s, desc->digest, NULL, e);
	int r = fd;

	if (r >= 0)
		r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd }, desc,
				     diff_id, &stream, e);
	return r < 0 ? r : layer_stream_verify(stream, NULL, e);
}

int cache_import_fetch(void *ctx, const struct build_layer *layer, struct err *e)
{
	struct cache_import *i = ctx;
	const struct image_descriptor desc = {
		.digest = layer->digest,
		.size = { layer->size > 0, layer->size },
		.media_type = layer->kind == LAYER_ZSTD   ? MEDIA_OCI_LAYER "+zstd"
			      : layer->kind == LAYER_GZIP ? MEDIA_OCI_LAYER "+gzip"
							  : MEDIA_OCI_LAYER,
	};
	int r = 0;

	if (!blob_exists(i->store, layer->digest, layer->size > 0 ? layer->size : -1)) {
		(void)pthread_mutex_lock(&i->lock);
		r = fetch(i, &desc, e);
		(void)pthread_mutex_unlock(&i->lock);
	}
	if (r >= 0)
		r = check_inside(i->store, &desc, layer->diff_id, e);
	return r < 0 ? err_wrap(e, r, "layer %s of a cache", layer->digest) : 0;
}
