/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a build as a document. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/store/build_cache.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

#define RECORD     "build record"
#define LAYERS_MAX 64
#define LEVEL_MAX  100
#define KIND_TEXTS 3

static const char *const kind_texts[KIND_TEXTS] = {
	[LAYER_PLAIN] = "none",
	[LAYER_GZIP] = "gzip",
	[LAYER_ZSTD] = "zstd",
};

void build_record_done(struct build_record *r)
{
	free(r->snapshot);
	free(r->name);
	free(r->note);
	free(r->layers);
	*r = (struct build_record){ 0 };
}

bool build_key_is_legal(const char *key)
{
	size_t len = strlen(key);

	return len == BUILD_KEY_SIZE - 1 && strspn(key, "0123456789abcdef") == len;
}

const struct build_layer *build_record_layer(const struct build_record *r,
					     const struct build_layer *like)
{
	for (size_t i = 0; i < r->n_layers; i++) {
		const struct build_layer *l = &r->layers[i];

		if (l->kind == like->kind && l->level == like->level &&
		    l->has_latest == like->has_latest &&
		    (!l->has_latest || l->latest == like->latest))
			return l;
	}
	return NULL;
}

void build_record_add_layer(struct build_record *r, const struct build_layer *layer)
{
	struct build_layer *old = NULL;

	for (size_t i = 0; i < r->n_layers; i++)
		if (build_record_layer(r, layer) == &r->layers[i])
			old = &r->layers[i];
	if (!old) {
		r->layers = xreallocarray(r->layers, r->n_layers + 1, sizeof(*r->layers));
		old = &r->layers[r->n_layers++];
	}
	*old = *layer;
}

/* ---- Writing ---- */

static void write_layer(struct json_writer *w, const struct build_layer *l)
{
	json_object(w);
	json_kv_string(w, "kind", kind_texts[l->kind]);
	json_kv_i64(w, "level", l->level);
	if (l->has_latest)
		json_kv_i64(w, "latest", l->latest);
	json_kv_string(w, "diffId", l->diff_id);
	json_kv_string(w, "digest", l->digest);
	json_kv_i64(w, "size", l->size);
	json_object_end(w);
}

void build_record_encode(const struct build_record *r, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_object(&w);
	json_kv_string(&w, "key", r->key);
	if (r->snapshot)
		json_kv_string(&w, "snapshot", r->snapshot);
	if (r->name)
		json_kv_string(&w, "name", r->name);
	if (r->note)
		json_kv_string(&w, "note", r->note);
	json_kv_i64(&w, "created", r->created);
	json_kv_i64(&w, "size", r->size);
	if (r->n_layers) {
		json_key(&w, "layers");
		json_array(&w);
		for (size_t i = 0; i < r->n_layers; i++)
			write_layer(&w, &r->layers[i]);
		json_array_end(&w);
	}
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

/* ---- Reading ---- */

static int read_number(const struct json *doc, const char *key, int64_t min, int64_t max,
		       int64_t *ret, struct err *e)
{
	const struct json *v = json_get(doc, key);

	if (!v || v->kind != JSON_NUMBER || v->number.kind != JSON_NUM_I64 || v->number.i64 < min ||
	    v->number.i64 > max)
		return err_set(e, EBADMSG, RECORD ": '%s' is no number in range", key);
	*ret = v->number.i64;
	return 0;
}

static int read_digest(const struct json *doc, const char *key, char ret[DIGEST_TEXT_SIZE],
		       struct err *e)
{
	const char *text = json_get_string(doc, key);

	if (!text)
		return err_set(e, EBADMSG, RECORD ": '%s' is no text", key);
	if (digest_check(text, NULL) < 0)
		return err_set(e, EBADMSG, RECORD ": '%s' is no digest", key);
	(void)snprintf(ret, DIGEST_TEXT_SIZE, "%s", text);
	return 0;
}

static int read_kind(const struct json *doc, enum layer_compression *ret, struct err *e)
{
	const char *text = json_get_string(doc, "kind");

	for (size_t i = 0; text && i < ARRAY_LEN(kind_texts); i++)
		if (streq(text, kind_texts[i])) {
			*ret = (enum layer_compression)i;
			return 0;
		}
	return err_set(e, EBADMSG, RECORD ": 'kind' is none");
}

static int read_layer(const struct json *doc, struct build_layer *l, struct err *e)
{
	int64_t level = 0;
	int r = read_kind(doc, &l->kind, e);

	if (r >= 0)
		r = read_number(doc, "level", 0, LEVEL_MAX, &level, e);
	l->level = (int)level;
	l->has_latest = json_get(doc, "latest") != NULL;
	if (r >= 0 && l->has_latest)
		r = read_number(doc, "latest", INT64_MIN, INT64_MAX, &l->latest, e);
	if (r >= 0)
		r = read_digest(doc, "diffId", l->diff_id, e);
	if (r >= 0)
		r = read_digest(doc, "digest", l->digest, e);
	return r < 0 ? r : read_number(doc, "size", 0, INT64_MAX, &l->size, e);
}

static int read_layers(const struct json *doc, struct build_record *r, struct err *e)
{
	const struct json *list = json_get(doc, "layers");

	if (!list)
		return 0;
	if (list->kind != JSON_ARRAY || list->len > LAYERS_MAX)
		return err_set(e, EBADMSG, RECORD ": 'layers' is no list");
	for (size_t i = 0; i < list->len; i++) {
		struct build_layer l = { 0 };
		int n = list->items[i].kind == JSON_OBJECT
				? read_layer(&list->items[i], &l, e)
				: err_set(e, EBADMSG, RECORD ": a layer is no object");

		if (n < 0)
			return n;
		build_record_add_layer(r, &l);
	}
	return 0;
}

/* Its own directory, or one of the store's that names a layer. */
static bool names_snapshot(const char *text)
{
	return text[0] == '\0' || snapshot_key_is_legal(text);
}

static int read_texts(const struct json *doc, struct build_record *r, struct err *e)
{
	const char *key = json_get_string(doc, "key");
	const char *snapshot = json_get_string(doc, "snapshot");
	const char *name = json_get_string(doc, "name"), *note = json_get_string(doc, "note");

	if (!key || !build_key_is_legal(key))
		return err_set(e, EBADMSG, RECORD ": 'key' is none");
	if (snapshot && !names_snapshot(snapshot))
		return err_set(e, EBADMSG, RECORD ": 'snapshot' is none");
	(void)snprintf(r->key, sizeof(r->key), "%s", key);
	r->snapshot = snapshot ? xstrdup(snapshot) : NULL;
	r->name = name ? xstrdup(name) : NULL;
	r->note = note ? xstrdup(note) : NULL;
	return 0;
}

int build_record_decode(const char *text, size_t len, struct build_record *ret, struct err *e)
{
	auto_(build_record) struct build_record rec = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = json_parse(RECORD, text, len, &a, &doc, e);

	if (r < 0)
		return r;
	if (doc->kind != JSON_OBJECT)
		return err_set(e, EBADMSG, RECORD ": no object");
	r = read_texts(doc, &rec, e);
	if (r >= 0)
		r = read_number(doc, "created", INT64_MIN, INT64_MAX, &rec.created, e);
	if (r >= 0)
		r = read_number(doc, "size", 0, INT64_MAX, &rec.size, e);
	if (r >= 0)
		r = read_layers(doc, &rec, e);
	if (r < 0)
		return r;
	*ret = rec;
	rec = (struct build_record){ 0 };
	return 0;
}
