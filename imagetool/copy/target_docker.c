/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker-archive.  Each layer is HEX/layer.tar beside the VERSION and json that the
 * oldest readers want; HEX is the layer's chain id, which says what it and all below
 * it are.  manifest.json is what everyone else reads.  Layers are plain tar archives,
 * checked against their diffIDs as they pass.
 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/copy/docker_layer.h"
#include "imagetool/copy/docker_texts.h"
#include "imagetool/copy/output.h"
#include "imagetool/copy/target.h"
#include "imagetool/errors.h"
#include "imagetool/store/digest_set.h"
#include "libutil/alloc.h"

struct docker_target {
	struct image_target t; /* first: the functions cast */
	struct output output;
	struct docker_texts texts;
	struct docker_text_image *image; /* the one that is coming */
	struct digest_set written;       /* chain ids and configs */
};

/* ---- Layers ---- */

static int write_layer_json(struct docker_target *d, const char *id, const char *parent,
			    struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };
	autofree char *name = xasprintf("%s/json", id);

	json_object(&w);
	json_kv_string(&w, "id", id);
	if (parent)
		json_kv_string(&w, "parent", parent);
	json_kv_string(&w, "created", "1970-01-01T00:00:00Z");
	json_object_end(&w);
	return sink_text(d->output.sink, name, text.data, text.len, e);
}

static int put_layer(struct docker_target *d, struct image_source *from, size_t i,
		     const struct image_descriptor *desc, struct err *e)
{
	const struct docker_text_image *image = d->image;
	const char *id = image->ids[i];
	autofree char *version = xasprintf("%s/VERSION", id);
	autofree char *tar = xasprintf("%s/layer.tar", id);
	struct sink *to = d->output.sink;
	int r;

	d->t.tally.blobs++;
	if (!digest_set_add(&d->written, id)) {
		d->t.tally.present++;
		return 0;
	}
	r = to->dir(to, id, e);
	if (r >= 0)
		r = sink_text(to, version, "1.0", 3, e);
	if (r >= 0)
		r = write_layer_json(d, id, i ? image->ids[i - 1] : NULL, e);
	if (r >= 0)
		r = docker_layer_write(&d->t, from, desc, image->diff_ids[i], tar, to, e);
	return r < 0 ? err_wrap(e, r, "layer %s", desc->digest) : 0;
}

static int put_blobs(struct image_target *t, struct image_source *from,
		     const struct image_descriptor *const *items UNUSED, size_t n UNUSED,
		     struct err *e)
{
	struct docker_target *d = (struct docker_target *)t;
	int r = 0;

	/* By position: layers of the same content lie on different others. */
	for (size_t i = 0; i < d->image->n && r >= 0; i++)
		r = put_layer(d, from, i, &d->image->layers[i], e);
	return r;
}

/* ---- The rest ---- */

static int begin_image(struct image_target *t, const struct target_image *image, struct err *e)
{
	struct docker_target *d = (struct docker_target *)t;

	return docker_texts_add(&d->texts, image, &d->image, e);
}

static int put_document(struct image_target *t, const struct registry_document *doc,
			bool top UNUSED, struct err *e)
{
	struct docker_target *d = (struct docker_target *)t;
	const struct docker_text_image *image = d->image;

	/* The manifest has no place here; the config has, once. */
	(void)doc;
	if (!digest_set_add(&d->written, image->config_name))
		return 0;
	return sink_text(d->output.sink, image->config_name, image->config_text, image->config_len,
			 e);
}

static int give_name(struct image_target *t, const struct image_descriptor *top UNUSED,
		     const char *name, struct err *e UNUSED)
{
	struct docker_target *d = (struct docker_target *)t;

	docker_texts_name(&d->texts, d->image, name);
	return 0;
}

static int commit(struct image_target *t, struct err *e)
{
	struct docker_target *d = (struct docker_target *)t;
	auto_(strbuf) struct strbuf manifest = { 0 }, repositories = { 0 };
	int r;

	docker_texts_manifest(&d->texts, &manifest);
	docker_texts_repositories(&d->texts, &repositories);
	r = strbuf_check(&manifest, "manifest.json", e);
	if (r >= 0)
		r = strbuf_check(&repositories, "repositories", e);
	if (r >= 0)
		r = sink_text(d->output.sink, "manifest.json", manifest.data, manifest.len, e);
	if (r >= 0)
		r = sink_text(d->output.sink, "repositories", repositories.data, repositories.len,
			      e);
	return r < 0 ? r : output_commit(&d->output, e);
}

static void free_target(struct image_target *t)
{
	struct docker_target *d = (struct docker_target *)t;

	output_done(&d->output);
	docker_texts_done(&d->texts);
	digest_set_done(&d->written);
	free(d);
}

static const struct image_target_ops ops = {
	.image = begin_image,
	.blobs = put_blobs,
	.document = put_document,
	.name = give_name,
	.commit = commit,
	.free = free_target,
};

int target_open_docker(const struct place *p, const struct target_opts *opts UNUSED,
		       struct image_target **ret, struct err *e)
{
	struct docker_target *d = xcalloc(1, sizeof(*d));
	auto_(image_target) struct image_target *t = &d->t;
	int r;

	d->t.ops = &ops;
	d->t.one_platform = true;
	d->output = (struct output)OUTPUT_INIT;
	if (p->index >= 0)
		return err_set(e, EINVAL, "'@%d' chooses an image to read, not one to write",
			       p->index);
	d->t.name = p->name ? xstrdup(p->name) : NULL;
	r = output_open_file(p->path, &d->output, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&t);
	return 0;
}
