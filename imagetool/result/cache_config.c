/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/cache_config.h"

#include <stdio.h>

#include "imagetool/errors.h"
#include "libutil/json.h"

/* ---- Writing ---- */

static void write_layer(struct json_writer *w, const struct cache_layer *l)
{
	json_object(w);
	json_kv_string(w, "blob", l->digest);
	json_kv_i64(w, "parent", l->parent);
	json_key(w, "annotations");
	json_object(w);
	json_kv_string(w, "mediaType", l->media_type);
	json_kv_string(w, "diffID", l->diff_id);
	json_kv_i64(w, "size", l->size);
	json_kv_string(w, "createdAt", l->created);
	json_object_end(w);
	json_object_end(w);
}

static void write_record(struct json_writer *w, const struct cache_record *r)
{
	json_object(w);
	if (r->layer != CACHE_NONE) {
		json_key(w, "layers");
		json_array(w);
		json_object(w);
		json_kv_i64(w, "layer", r->layer);
		json_kv_string(w, "createdAt", r->created);
		json_object_end(w);
		json_array_end(w);
	}
	json_kv_string(w, "digest", r->key);
	if (r->link != CACHE_NONE) {
		json_key(w, "inputs");
		json_array(w);
		json_array(w);
		json_object(w);
		json_kv_i64(w, "link", r->link);
		json_object_end(w);
		json_array_end(w);
		json_array_end(w);
	}
	json_object_end(w);
}

static void write_records(struct json_writer *w, const struct cache_config *c)
{
	json_array(w);
	for (size_t i = 0; i < c->n_records; i++)
		write_record(w, &c->records[i]);
	json_array_end(w);
}

void cache_config_encode(const struct cache_config *c, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_object(&w);
	json_key(&w, "layers");
	json_array(&w);
	for (size_t i = 0; i < c->n_layers; i++)
		write_layer(&w, &c->layers[i]);
	json_array_end(&w);
	json_key(&w, "records");
	write_records(&w, c);
	json_object_end(&w);
}

void cache_records_encode(const struct cache_config *c, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	write_records(&w, c);
}

/* ---- Reading ---- */

static int bad(const char *name, const char *what, struct err *e)
{
	return err_set(e, IMAGE_EVERIFY, "%s: %s", name, what);
}

/* A whole number from `min`, below `end`; `without` when there is none. */
static bool get_index(const struct json *v, const char *key, int without, size_t end, int *ret)
{
	const struct json *n = json_get(v, key);

	*ret = without;
	if (!n)
		return without == CACHE_NONE || (size_t)without < end;
	if (n->kind != JSON_NUMBER || n->number.kind != JSON_NUM_I64 ||
	    n->number.i64 < CACHE_NONE || n->number.i64 >= (int64_t)end)
		return false;
	*ret = (int)n->number.i64;
	return true;
}

static const struct json *get_array(const struct json *v, const char *key)
{
	const struct json *list = json_get(v, key);

	return list && list->kind == JSON_ARRAY ? list : NULL;
}

static const char *text_or(const struct json *v, const char *key, const char *without)
{
	const char *text = json_get_string(v, key);

	return text ? text : without;
}

static int read_layer(const char *name, const struct json *v, size_t n, struct cache_layer *ret,
		      struct err *e)
{
	const struct json *notes = json_get(v, "annotations");
	const struct json *size = json_get(notes, "size");

	*ret = (struct cache_layer){ .digest = json_get_string(v, "blob"),
				     .diff_id = json_get_string(notes, "diffID"),
				     .media_type = text_or(notes, "mediaType", ""),
				     .created = text_or(notes, "createdAt", "") };
	if (size && size->kind == JSON_NUMBER && size->number.kind == JSON_NUM_I64)
		ret->size = size->number.i64;
	if (!ret->digest || digest_check(ret->digest, NULL) < 0)
		return bad(name, "a layer has no legal digest", e);
	if (ret->diff_id && digest_check(ret->diff_id, NULL) < 0)
		return bad(name, "a layer has no legal diffID", e);
	if (!get_index(v, "parent", CACHE_NONE, n, &ret->parent) || ret->size < 0)
		return bad(name, "a layer's parent or size can't be", e);
	return 0;
}

/* Links are looked at when all records are there. */
static int read_link(const char *name, const struct json *v, size_t n, int *ret, struct err *e)
{
	const struct json *inputs = get_array(v, "inputs");
	const struct json *first = inputs && inputs->len ? &inputs->items[0] : NULL;

	*ret = CACHE_NONE;
	if (!first)
		return 0;
	if (inputs->len > 1 || first->kind != JSON_ARRAY || first->len != 1)
		return 1; /* BuildKit's */
	if (!get_index(&first->items[0], "link", 0, n, ret) || *ret == CACHE_NONE)
		return bad(name, "a record's link leads nowhere", e);
	return 0;
}

/* 1: BuildKit's, or nothing at all. */
static int read_record(const char *name, const struct json *v, size_t n, size_t n_layers,
		       struct cache_record *ret, struct err *e)
{
	const char *key = json_get_string(v, "digest");
	const struct json *results = get_array(v, "layers");
	const struct json *result = results && results->len == 1 ? &results->items[0] : NULL;
	int r;

	*ret = (struct cache_record){ .layer = CACHE_NONE, .link = CACHE_NONE, .created = "" };
	if (!key || digest_check(key, NULL) < 0 || strlen(key) >= sizeof(ret->key))
		return bad(name, "a record has no legal digest", e);
	(void)snprintf(ret->key, sizeof(ret->key), "%s", key);
	if (json_get(v, "chains") || (results && results->len > 1))
		return 1;
	if (result && (!get_index(result, "layer", 0, n_layers, &ret->layer) || ret->layer < 0))
		return bad(name, "a record's layer is not there", e);
	if (result)
		ret->created = text_or(result, "createdAt", "");
	r = read_link(name, v, n, &ret->link, e);
	return r;
}

/* Those of BuildKit stay as empty places, because links count them. */
static int read_records(const char *name, const struct json *list, size_t n_layers, struct arena *a,
			struct cache_config *ret, struct err *e)
{
	if (list->kind != JSON_ARRAY)
		return bad(name, "its records are no list", e);
	ret->records = arena_alloc(a, list->len + 1, sizeof(*ret->records));
	ret->n_records = list->len;
	for (size_t i = 0; i < list->len; i++) {
		int r = read_record(name, &list->items[i], list->len, n_layers, &ret->records[i],
				    e);

		if (r < 0)
			return r;
		if (r > 0)
			ret->records[i].key[0] = '\0';
	}
	return 0;
}

static int read_layers(const char *name, const struct json *list, struct arena *a,
		       struct cache_config *ret, struct err *e)
{
	int r = 0;

	ret->layers = arena_alloc(a, list->len + 1, sizeof(*ret->layers));
	ret->n_layers = list->len;
	for (size_t i = 0; i < list->len && r >= 0; i++)
		r = read_layer(name, &list->items[i], list->len, &ret->layers[i], e);
	return r;
}

int cache_config_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct cache_config *ret, struct err *e)
{
	static const struct json nothing = { .kind = JSON_ARRAY };
	const struct json *layers, *records;
	struct json *doc;
	int r = json_parse(name, text, len, a, &doc, e);

	*ret = (struct cache_config){ 0 };
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "cache");
	if (doc->kind != JSON_OBJECT)
		return bad(name, "it is no cache config", e);
	layers = get_array(doc, "layers");
	records = get_array(doc, "records");
	r = read_layers(name, layers ? layers : &nothing, a, ret, e);
	return r < 0 ? r
		     : read_records(name, records ? records : &nothing, ret->n_layers, a, ret, e);
}

int cache_records_decode(const char *name, const char *text, size_t len, size_t n_layers,
			 struct arena *a, struct cache_config *ret, struct err *e)
{
	struct json *doc;
	int r = json_parse(name, text, len, a, &doc, e);

	*ret = (struct cache_config){ 0 };
	return r < 0 ? err_wrap(e, -IMAGE_EVERIFY, "cache")
		     : read_records(name, doc, n_layers, a, ret, e);
}
