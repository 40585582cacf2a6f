/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/convert.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "libutil/json.h"

#define FOREIGN_OCI    "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define FOREIGN_DOCKER "application/vnd.docker.image.rootfs.foreign.diff.tar"

/* ---- Media types ---- */

static const struct {
	enum media_kind kind;
	enum layer_compression compression;
	bool foreign;
	const char *oci, *docker; /* NULL: there is none */
} types[] = {
	{ MEDIA_MANIFEST, LAYER_PLAIN, false, MEDIA_OCI_MANIFEST, MEDIA_DOCKER_MANIFEST },
	{ MEDIA_INDEX, LAYER_PLAIN, false, MEDIA_OCI_INDEX, MEDIA_DOCKER_LIST },
	{ MEDIA_CONFIG, LAYER_PLAIN, false, MEDIA_OCI_CONFIG, MEDIA_DOCKER_CONFIG },
	{ MEDIA_LAYER, LAYER_PLAIN, false, MEDIA_OCI_LAYER, MEDIA_DOCKER_LAYER },
	{ MEDIA_LAYER, LAYER_GZIP, false, MEDIA_OCI_LAYER "+gzip", MEDIA_DOCKER_LAYER ".gzip" },
	{ MEDIA_LAYER, LAYER_ZSTD, false, MEDIA_OCI_LAYER "+zstd", NULL },
	{ MEDIA_LAYER, LAYER_PLAIN, true, FOREIGN_OCI, FOREIGN_DOCKER },
	{ MEDIA_LAYER, LAYER_GZIP, true, FOREIGN_OCI "+gzip", FOREIGN_DOCKER ".gzip" },
	{ MEDIA_LAYER, LAYER_ZSTD, true, FOREIGN_OCI "+zstd", NULL },
};

const char *convert_type(const char *type, enum image_format to)
{
	enum layer_compression compression = LAYER_PLAIN;
	bool foreign = false;
	enum media_kind kind = media_type_parse(type, &compression, &foreign);

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].kind == kind && types[i].compression == compression &&
		    types[i].foreign == foreign)
			return to == IMAGE_DOCKER ? types[i].docker : types[i].oci;
	return NULL;
}

static const char *type_of(const struct json *desc)
{
	const char *type = json_get_string(desc, "mediaType");

	return type ? type : "";
}

/* ---- Writing ---- */

/* A descriptor with other values in their places; NULL keeps the old one. */
static void put_descriptor(struct json_writer *w, const struct json *desc,
			   const struct converted *now)
{
	json_object(w);
	for (size_t i = 0; i < desc->len; i++) {
		if (streq(desc->keys[i], "mediaType") && now->media_type)
			json_kv_string(w, "mediaType", now->media_type);
		else if (streq(desc->keys[i], "digest") && now->digest)
			json_kv_string(w, "digest", now->digest);
		else if (streq(desc->keys[i], "size") && now->digest)
			json_kv_i64(w, "size", now->size);
		else {
			json_key(w, desc->keys[i]);
			json_write_tree(w, &desc->items[i]);
		}
	}
	json_object_end(w);
}

/* Docker's documents have no place for them. */
static bool is_dropped(const char *key, enum image_format to)
{
	return to == IMAGE_DOCKER && streq(key, "annotations");
}

struct rewrite {
	enum image_format to;
	const char *type;                /* of the document, new */
	const struct converted *members; /* of an index */
};

static void put_list(struct json_writer *w, const struct json *list, const struct rewrite *how)
{
	json_array(w);
	for (size_t i = 0; i < list->len; i++) {
		struct converted now = { 0 };

		if (how->members)
			now = how->members[i];
		else
			now.media_type = convert_type(type_of(&list->items[i]), how->to);
		if (!now.left_out)
			put_descriptor(w, &list->items[i], &now);
	}
	json_array_end(w);
}

static void put_member(struct json_writer *w, const char *key, const struct json *v,
		       const struct rewrite *how)
{
	struct converted now = { 0 };

	if (is_dropped(key, how->to) || streq(key, "mediaType"))
		return;
	json_key(w, key);
	if (streq(key, "config")) {
		now.media_type = convert_type(type_of(v), how->to);
		put_descriptor(w, v, &now);
	} else if (streq(key, "layers") || streq(key, "manifests")) {
		put_list(w, v, how);
	} else {
		json_write_tree(w, v);
	}
	if (streq(key, "schemaVersion"))
		json_kv_string(w, "mediaType", how->type);
}

static int put_document(const struct json *doc, const struct rewrite *how, struct strbuf *out,
			struct err *e)
{
	struct json_writer w = { .out = out };

	json_object(&w);
	for (size_t i = 0; i < doc->len; i++)
		put_member(&w, doc->keys[i], &doc->items[i], how);
	json_object_end(&w);
	return strbuf_check(out, "manifest", e);
}

/* ---- Manifests ---- */

static bool is_as_wanted(const char *type, enum image_format to)
{
	const char *wanted = convert_type(type, to);

	return wanted && streq(wanted, type);
}

static bool all_as_wanted(const struct json *doc, const char *type, enum image_format to)
{
	const struct json *layers = json_get(doc, "layers");

	for (size_t i = 0; layers && i < layers->len; i++)
		if (!is_as_wanted(type_of(&layers->items[i]), to))
			return false;
	return is_as_wanted(type, to) && is_as_wanted(type_of(json_get(doc, "config")), to);
}

/* What has another config than an image's is an artifact: its words are its own. */
static bool is_image(const struct json *doc)
{
	const struct json *layers = json_get(doc, "layers");

	if (media_type_parse(type_of(json_get(doc, "config")), NULL, NULL) != MEDIA_CONFIG ||
	    json_get(doc, "subject") || json_get(doc, "artifactType"))
		return false;
	for (size_t i = 0; layers && i < layers->len; i++)
		if (media_type_parse(type_of(&layers->items[i]), NULL, NULL) != MEDIA_LAYER)
			return false;
	return true;
}

static int check_layers(const struct json *doc, enum image_format to, struct err *e)
{
	const struct json *layers = json_get(doc, "layers");

	for (size_t i = 0; layers && i < layers->len; i++)
		if (!convert_type(type_of(&layers->items[i]), to))
			return err_set(
				e, EINVAL,
				"layer %zu is compressed with zstd, for which Docker's format "
				"has no word: convert the image to gzip first, or keep OCI's "
				"format",
				i);
	return 0;
}

/* Decoded first, so that what is a list is one, and every descriptor an object. */
static int parse_manifest(const char *text, size_t len, struct arena *a, struct json **ret,
			  struct err *e)
{
	struct image_manifest *checked;
	int r = image_manifest_decode("manifest", text, len, a, &checked, e);

	return r < 0 ? r : json_parse("manifest", text, len, a, ret, e);
}

int convert_manifest(const char *text, size_t len, const char *type, enum image_format to,
		     struct strbuf *out, const char **ret_type, struct err *e)
{
	struct rewrite how = { .to = to };
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r;

	if (to == IMAGE_AS_IS)
		return 0;
	r = parse_manifest(text, len, &a, &doc, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "convert");
	if (all_as_wanted(doc, type, to) || !is_image(doc))
		return 0;
	how.type = convert_type(type, to);
	r = check_layers(doc, to, e);
	if (r >= 0)
		r = put_document(doc, &how, out, e);
	if (r < 0)
		return r;
	*ret_type = how.type;
	return 1;
}

/* ---- Indexes ---- */

static bool is_same(const struct json *desc, const struct converted *now)
{
	const char *digest = json_get_string(desc, "digest");

	return !now->left_out && digest && streq(digest, now->digest) &&
	       streq(type_of(desc), now->media_type);
}

int convert_index(const char *text, size_t len, const char *type, enum image_format to,
		  const struct converted *members, size_t n, struct strbuf *out,
		  const char **ret_type, struct err *e)
{
	struct rewrite how = { .to = to, .members = members };
	auto_(arena) struct arena a = { 0 };
	const struct json *list;
	struct image_index *checked;
	struct json *doc;
	bool same = true;
	int r = image_index_decode("index", text, len, &a, &checked, e);

	if (r >= 0)
		r = json_parse("index", text, len, &a, &doc, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "convert");
	list = json_get(doc, "manifests");
	if (!list || list->len != n)
		return err_set(e, IMAGE_EVERIFY, "the index changed while it was read");
	for (size_t i = 0; i < n; i++)
		same = same && is_same(&list->items[i], &members[i]);
	how.type = to == IMAGE_AS_IS ? type : convert_type(type, to);
	if (!how.type)
		return err_set(e, IMAGE_EVERIFY, "'%s' is no media type of an index", type);
	if (same && streq(how.type, type))
		return 0;
	r = put_document(doc, &how, out, e);
	if (r < 0)
		return r;
	*ret_type = how.type;
	return 1;
}
