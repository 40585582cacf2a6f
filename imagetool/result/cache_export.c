/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/cache_export.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/copy/copy.h"
#include "imagetool/result/history.h"
#include "libutil/base64.h"

/* ---- The document ---- */

static int find_layer(const struct cache_config *c, const char *digest)
{
	for (size_t i = 0; i < c->n_layers; i++)
		if (streq(c->layers[i].digest, digest))
			return (int)i;
	return CACHE_NONE;
}

static const char *time_of(int64_t seconds, struct arena *a)
{
	return result_time_text(a, (struct timespec){ .tv_sec = seconds });
}

static int add_layer(struct cache_config *c, const struct cache_entries *entries, size_t i,
		     struct arena *a)
{
	const struct cache_entry *n = &entries->items[i];
	const struct cache_entry *below =
		n->below == CACHE_NOTHING_BELOW ? NULL : &entries->items[n->below];
	int known = find_layer(c, n->layer.desc.digest);

	if (known != CACHE_NONE)
		return known;
	c->layers[c->n_layers] = (struct cache_layer){
		.digest = n->layer.desc.digest,
		.diff_id = n->layer.diff_id,
		.media_type = n->layer.desc.media_type,
		.size = n->layer.desc.size.v,
		.parent = below && below->changed ? find_layer(c, below->layer.desc.digest)
						  : CACHE_NONE,
		.created = time_of(n->created, a),
	};
	return (int)c->n_layers++;
}

static void add_record(struct cache_config *c, const char *key, int layer, int link,
		       const char *created)
{
	struct cache_record *r = &c->records[c->n_records++];

	*r = (struct cache_record){ .layer = layer, .link = link, .created = created };
	(void)snprintf(r->key, sizeof(r->key), "sha256:%.64s", key);
}

static void add_entry(struct cache_config *c, const struct cache_entry *n, int layer,
		      struct arena *a)
{
	const char *created = time_of(n->created, a);
	int own = (int)c->n_records;

	add_record(c, n->key, layer, CACHE_NONE, created);
	if (n->other_key && !streq(n->other_key, n->key))
		add_record(c, n->other_key, layer, own, created);
}

static void begin_config(const struct cache_entries *entries, struct arena *a,
			 struct cache_config *ret)
{
	*ret = (struct cache_config){ 0 };
	ret->layers = arena_alloc(a, entries->n + 1, sizeof(*ret->layers));
	ret->records = arena_alloc(a, 2 * entries->n + 1, sizeof(*ret->records));
}

void cache_config_of(const struct cache_entries *entries, struct arena *a, struct cache_config *ret)
{
	begin_config(entries, a, ret);
	for (size_t i = 0; i < entries->n; i++) {
		const struct cache_entry *n = &entries->items[i];

		add_entry(ret, n, n->changed ? add_layer(ret, entries, i, a) : CACHE_NONE, a);
	}
}

/* ---- In an image ---- */

static int layer_of_image(const struct result_image *image, const char *diff_id)
{
	for (size_t i = 0; i < image->n_layers; i++)
		if (streq(image->layers[i].diff_id, diff_id))
			return (int)i;
	return CACHE_NONE;
}

const char *cache_inline(const struct cache_entries *entries, const struct result_image *image,
			 struct arena *a)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(strbuf) struct strbuf encoded = { .max = 2 * STRBUF_DEFAULT_MAX };
	struct cache_config c;

	begin_config(entries, a, &c);
	for (size_t i = 0; i < entries->n; i++) {
		const struct cache_entry *n = &entries->items[i];
		int layer = n->changed ? layer_of_image(image, n->layer.diff_id) : CACHE_NONE;

		if (!n->changed || layer != CACHE_NONE)
			add_entry(&c, n, layer, a);
	}
	if (c.n_records == 0)
		return NULL;
	cache_records_encode(&c, &text);
	base64_add(&encoded, text.data, text.len);
	return arena_strndup(a, strbuf_str(&encoded), encoded.len);
}

/* ---- Elsewhere ---- */

static int add_config(struct store *s, const struct cache_config *c, struct arena *a,
		      struct image_descriptor *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = CACHE_CONFIG_MAX };

	cache_config_encode(c, &text);
	return blob_add_text(s, &text, "cache", CACHE_CONFIG_TYPE, a, ret, e);
}

/* The layers, and behind them the config, for an index. */
static struct image_descriptor *list_blobs(const struct cache_config *c,
					   const struct image_descriptor *config, struct arena *a)
{
	struct image_descriptor *all = arena_alloc(a, c->n_layers + 1, sizeof(*all));

	for (size_t i = 0; i < c->n_layers; i++)
		all[i] = (struct image_descriptor){ .media_type = c->layers[i].media_type,
						    .digest = c->layers[i].digest,
						    .size = { true, c->layers[i].size } };
	all[c->n_layers] = *config;
	return all;
}

static int add_top(struct store *s, const struct cache_config *c, bool as_index, struct arena *a,
		   struct image_descriptor *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct image_descriptor config, *blobs;
	struct image_manifest m = { .schema_version = { true, 2 },
				    .media_type = MEDIA_OCI_MANIFEST,
				    .config = &config };
	struct image_index index = { .schema_version = { true, 2 }, .media_type = MEDIA_OCI_INDEX };
	int r = add_config(s, c, a, &config, e);

	if (r < 0)
		return r;
	blobs = list_blobs(c, &config, a);
	m.layers = (struct oci_array){ blobs, c->n_layers };
	index.manifests = (struct oci_array){ blobs, c->n_layers + 1 };
	if (as_index)
		oci_encode(&image_index_type, &index, 0, &text);
	else
		oci_encode(&image_manifest_type, &m, 0, &text);
	return blob_add_text(s, &text, "cache", as_index ? index.media_type : m.media_type, a, ret,
			     e);
}

static int send(struct store *s, const struct cache_spec *spec, const struct image_descriptor *top,
		const struct registry_opts *registry, struct err *e)
{
	auto_(image_source) struct image_source *source = source_of_stored(s, top);
	auto_(image_target) struct image_target *target = NULL;
	auto_(copy_result) struct copy_result result = { 0 };
	const struct place place = {
		.kind = spec->kind == CACHE_LOCAL ? PLACE_OCI : PLACE_REGISTRY,
		.path = spec->kind == CACHE_LOCAL ? spec->place : NULL,
		.name = spec->kind == CACHE_LOCAL ? spec->name : spec->place,
		.index = -1,
	};
	struct place_opts opts = { .store = s, .quiet = true };
	const struct copy_opts how = { .all = spec->as_index, .name = place.name };
	int r;

	if (registry)
		opts.registry = *registry;
	if (spec->insecure)
		opts.registry.tls = REGISTRY_TLS_OFF;
	opts.registry.push = true;
	r = target_open(&place, &(struct target_opts){ .place = &opts }, &target, e);
	if (r >= 0)
		r = copy_image(source, target, &how, &result, e);
	if (r >= 0 && target->ops->commit)
		r = target->ops->commit(target, e);
	return r;
}

int cache_export(struct store *s, const struct cache_spec *spec,
		 const struct cache_entries *entries, const struct registry_opts *registry,
		 struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct cache_config c;
	struct image_descriptor top;
	int r;

	cache_config_of(entries, &a, &c);
	r = add_top(s, &c, spec->as_index, &a, &top, e);
	if (r >= 0)
		r = send(s, spec, &top, registry, e);
	if (target_appeared(r, e))
		r = send(s, spec, &top, registry, e);
	return r < 0 ? err_wrap(e, r, "write cache '%s'", spec->place) : 0;
}
