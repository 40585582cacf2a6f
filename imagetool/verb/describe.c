/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/describe.h"

#include <errno.h>

#include "imagetool/copy/document.h"
#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

/* ---- Reading ---- */

static int copy_top(struct described *d)
{
	d->manifest = d->top;
	d->manifest.text = xstrndup(d->top.text, d->top.len);
	d->manifest.media_type = xstrdup(d->top.media_type);
	d->manifest.warning = NULL;
	return 0;
}

static int read_manifest(struct image_source *s, const struct platform *platform,
			 struct described *d, struct err *e)
{
	struct image_manifest *m;
	int r = s->ops->top(s, &d->top, e);

	if (r >= 0)
		r = copy_top(d);
	if (r >= 0)
		r = source_select(s, platform, &d->manifest, e);
	if (r < 0)
		return r;
	r = image_manifest_decode(d->manifest.digest, d->manifest.text, d->manifest.len, &d->arena,
				  &m, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "manifest");
	d->doc = m;
	return 0;
}

int describe_read_config(struct image_source *s, struct described *d, struct err *e)
{
	autofree char *text = NULL;
	int r = d->config_text ? 0
			       : source_read(s, d->doc->config, IMAGE_CONFIG_MAX, &text,
					     &d->config_len, e);

	if (r >= 0 && !d->config_text)
		d->config_text = arena_strndup(&d->arena, text, d->config_len);
	return r;
}

int describe_read(struct image_source *s, const struct platform *platform, struct described *ret,
		  struct err *e)
{
	struct image_config *config;
	int r;

	*ret = (struct described){ 0 };
	r = read_manifest(s, platform, ret, e);
	if (r < 0 || descriptor_kind(ret->doc->config) != MEDIA_CONFIG)
		return r;
	r = describe_read_config(s, ret, e);
	if (r < 0)
		return r;
	r = image_config_decode(ret->doc->config->digest, ret->config_text, ret->config_len,
				&ret->arena, &config, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "image config");
	ret->config = config;
	return 0;
}

void described_done(struct described *d)
{
	registry_document_done(&d->top);
	registry_document_done(&d->manifest);
	arena_done(&d->arena);
	*d = (struct described){ 0 };
}

int64_t describe_size(const struct image_manifest *m)
{
	const struct image_descriptor *layers = m->layers.items;
	int64_t size = m->config ? m->config->size.v : 0;

	/* A foreign manifest may claim any sizes. */
	for (size_t i = 0; i < m->layers.n; i++)
		if (__builtin_add_overflow(size, layers[i].size.v, &size))
			return -1;
	return size;
}

/* ---- Writing ---- */

static void put_text(struct json_writer *w, const char *key, const char *text)
{
	json_kv_string(w, key, text ? text : "");
}

static void put_value(struct json_writer *w, const char *key, const struct json *v)
{
	json_key(w, key);
	if (v)
		json_write_tree(w, v);
	else
		json_null(w);
}

/* "docker.io/library/nginx@sha256:..." for every repository it has a name in, once. */
static void put_repo_digests(struct json_writer *w, const struct describe_names *names,
			     const char *digest)
{
	auto_(strv) struct strv list = { 0 };

	for (size_t i = 0; i < names->names.n; i++) {
		auto_(image_reference) struct image_reference ref = { 0 };
		autofree char *text = NULL;

		if (reference_parse(names->names.v[i], &ref, NULL) < 0)
			continue;
		text = xasprintf("%s/%s@%s", ref.registry, ref.repository, digest);
		if (!strv_has(&list, text))
			strv_add(&list, text);
	}
	json_kv_strv(w, "RepoDigests", &list);
}

/* Docker's Config has its members always; what an image has besides follows. */
static void put_run_config(struct json_writer *w, const struct json *config)
{
	static const struct {
		const char *key;
		bool text;
	} always[] = { { "User", true },         { "ExposedPorts", false }, { "Env", false },
		       { "Entrypoint", false },  { "Cmd", false },          { "Volumes", false },
		       { "WorkingDir", true },   { "Labels", false },       { "StopSignal", true },
		       { "Healthcheck", false }, { "OnBuild", false },      { "Shell", false } };

	json_key(w, "Config");
	json_object(w);
	for (size_t i = 0; i < ARRAY_LEN(always); i++) {
		const struct json *v = json_get(config, always[i].key);

		if (!v && always[i].text)
			json_kv_string(w, always[i].key, "");
		else
			put_value(w, always[i].key, v);
	}
	for (size_t i = 0; config && config->kind == JSON_OBJECT && i < config->len; i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(always); k++)
			known = known || streq(config->keys[i], always[k].key);
		if (!known)
			put_value(w, config->keys[i], &config->items[i]);
	}
	json_object_end(w);
}

static void put_diff_ids(struct json_writer *w, const struct image_config *config)
{
	json_key(w, "RootFS");
	json_object(w);
	json_kv_string(w, "Type", "layers");
	json_key(w, "Layers");
	json_array(w);
	for (size_t i = 0; config->rootfs && i < config->rootfs->diff_ids.n; i++)
		json_string(w, config->rootfs->diff_ids.items[i]);
	json_array_end(w);
	json_object_end(w);
}

static int put_config(struct json_writer *w, const struct described *d, struct err *e)
{
	const struct image_config *c = d->config;
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = json_parse("config", d->config_text, d->config_len, &a, &doc, e);

	if (r < 0)
		return r;
	put_value(w, "Created", json_get(doc, "created"));
	put_text(w, "Author", c->author);
	put_text(w, "DockerVersion", c->docker_version);
	put_text(w, "Architecture", c->architecture);
	put_text(w, "Variant", c->variant);
	put_text(w, "Os", c->os);
	put_text(w, "OsVersion", c->os_version);
	put_run_config(w, json_get(doc, "config"));
	put_value(w, "Labels", json_get(json_get(doc, "config"), "Labels"));
	put_value(w, "Env", json_get(json_get(doc, "config"), "Env"));
	put_diff_ids(w, c);
	put_value(w, "History", json_get(doc, "history"));
	return 0;
}

static void put_layers(struct json_writer *w, const struct image_manifest *m)
{
	const struct image_descriptor *layers = m->layers.items;

	json_key(w, "Layers");
	json_array(w);
	for (size_t i = 0; i < m->layers.n; i++)
		json_string(w, layers[i].digest);
	json_array_end(w);
	json_key(w, "LayersData");
	json_array(w);
	for (size_t i = 0; i < m->layers.n; i++) {
		json_object(w);
		put_text(w, "MIMEType", layers[i].media_type);
		json_kv_string(w, "Digest", layers[i].digest);
		json_kv_i64(w, "Size", layers[i].size.v);
		json_key(w, "Annotations");
		json_object(w);
		for (size_t k = 0; k < layers[i].annotations.n; k++)
			json_kv_string(w, layers[i].annotations.items[k].key,
				       layers[i].annotations.items[k].value);
		json_object_end(w);
		json_object_end(w);
	}
	json_array_end(w);
}

static int put_manifest(struct json_writer *w, const struct described *d, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = json_parse("manifest", d->manifest.text, d->manifest.len, &a, &doc, e);

	if (r < 0)
		return r;
	put_value(w, "Annotations", json_get(doc, "annotations"));
	put_value(w, "Manifest", doc);
	return 0;
}

int describe_write(const struct described *d, const char *name, const struct describe_names *names,
		   struct json_writer *w, struct err *e)
{
	bool chosen = !streq(d->top.digest, d->manifest.digest);
	int r = 0;

	json_object(w);
	put_text(w, "Id", d->doc->config ? d->doc->config->digest : NULL);
	put_text(w, "Name", name);
	/* Of what the name stands for, as docker pull and skopeo print it. */
	json_kv_string(w, "Digest", d->top.digest);
	json_kv_string(w, "ManifestDigest", d->manifest.digest);
	put_text(w, "IndexDigest", chosen ? d->top.digest : names->index);
	json_kv_string(w, "MediaType", d->manifest.media_type);
	json_kv_strv(w, "RepoTags", names->tags.n ? &names->tags : &names->names);
	put_repo_digests(w, names, d->top.digest);
	if (d->config)
		r = put_config(w, d, e);
	json_kv_i64(w, "Size", describe_size(d->doc));
	put_layers(w, d->doc);
	if (r >= 0)
		r = put_manifest(w, d, e);
	json_object_end(w);
	return r;
}
