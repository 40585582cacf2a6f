/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "imagetool/verb/verbs.h"
#include "libutil/json.h"

struct inspect_values {
	const char *platform;
	bool raw, config;
};

static const struct opt inspect_opts[] = {
	{ .name = "raw",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct inspect_values, raw),
	  .help = "print the manifest, byte for byte" },
	{ .name = "config",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct inspect_values, config),
	  .help = "print the image config, byte for byte" },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct inspect_values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which image of an index; by default the one for this machine" },
	OPT_END,
};

/* A document of the image as a value of ours; it was decoded before, so it parses. */
static int add_document(struct json_writer *w, const char *key, const char *text, size_t len,
			struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = json_parse(key, text, len, &a, &doc, e);

	if (r < 0)
		return r;
	json_key(w, key);
	json_write_tree(w, doc);
	return 0;
}

static void add_names(struct json_writer *w, const struct image_index *index, const char *digest)
{
	const struct image_descriptor *entries = index->manifests.items;

	json_key(w, "names");
	json_array(w);
	for (size_t i = 0; i < index->manifests.n; i++) {
		if (streq(entries[i].digest, digest) && store_name_of(&entries[i])[0])
			json_string(w, store_name_of(&entries[i]));
	}
	json_array_end(w);
}

static void add_identity(struct json_writer *w, const struct image *img)
{
	const char *source = descriptor_annotation(img->desc, IMAGE_SOURCE_INDEX);

	json_kv_string(w, "name", img->name);
	json_kv_string(w, "digest", img->desc->digest);
	if (!streq(img->desc->digest, img->selected->digest))
		json_kv_string(w, "manifestDigest", img->selected->digest);
	if (source[0])
		json_kv_string(w, "indexDigest", source);
	if (img->manifest->config)
		json_kv_string(w, "id", img->manifest->config->digest);
}

static int describe(const struct store *s, struct image *img, struct strbuf *out, struct err *e)
{
	struct json_writer w = { .out = out, .indent = 2 };
	struct image_index *index;
	int r = store_index(s, &img->arena, &index, e);

	if (r < 0)
		return r;
	json_object(&w);
	add_identity(&w, img);
	add_names(&w, index, img->desc->digest);
	r = add_document(&w, "manifest", img->manifest_text, img->manifest_len, e);
	if (r >= 0 && img->config)
		r = add_document(&w, "config", img->config_text, img->config_len, e);
	json_object_end(&w);
	strbuf_addc(out, '\n');
	return r < 0 ? r : strbuf_check(out, "description", e);
}

static int print(const char *text, size_t len, struct err *e)
{
	if (fwrite(text, 1, len, stdout) != len || fflush(stdout) == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}

static int inspect_image(const struct store *s, const struct inspect_values *v, struct image *img,
			 struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = (size_t)128 << 20 };
	int r;

	if (v->raw)
		return print(img->manifest_text, img->manifest_len, e);
	if (v->config && !img->config)
		return err_set(e, IMAGE_ENOTFOUND, "'%s' is an artifact without an image config",
			       img->name);
	if (v->config)
		return print(img->config_text, img->config_len, e);
	r = describe(s, img, &out, e);
	return r < 0 ? r : print(strbuf_str(&out), out.len, e);
}

static int inspect_run(const void *global, void *values, char *const *args, int n UNUSED,
		       struct err *e)
{
	const struct inspect_values *v = values;
	auto_(store) struct store *store = NULL;
	auto_(image) struct image img = { 0 };
	struct platform platform;
	int r;

	if (v->raw && v->config)
		return err_set(e, EINVAL, "--raw and --config exclude each other");
	r = v->platform ? platform_parse(v->platform, &platform, e) : 0;
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &store, e);
	if (r >= 0)
		r = image_load(store, args[0], v->platform ? &platform : NULL, &img, e);
	return r < 0 ? r : inspect_image(store, v, &img, e);
}

const struct verb verb_inspect = {
	.name = "inspect",
	.args = "IMAGE",
	.summary = "show manifest and config of an image as JSON",
	.details =
		"IMAGE is a name, the digest of the manifest, or the image id (the digest of the "
		"config); at least four hex digits of a digest are enough.",
	.opts = inspect_opts,
	.opts_size = sizeof(struct inspect_values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = inspect_run,
};
