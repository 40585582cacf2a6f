/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/layers.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/commit/squash.h"
#include "imagetool/result/retime.h"
#include "libutil/alloc.h"

void result_shared_done(struct result_shared *m)
{
	recompressed_done(&m->squashed);
	recompressed_done(&m->retimed);
	recompressed_done(&m->compressed);
	arena_done(&m->arena);
}

/* ---- What was made before ---- */

static const struct compress_result *find_made(const struct recompressed *d, const char *digest)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq(d->items[i].digest, digest))
			return &d->items[i].made;
	return NULL;
}

static void keep_made(struct recompressed *d, const char *digest,
		      const struct compress_result *made)
{
	struct recompressed_blob *b;

	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 16;
		d->items = xreallocarray(d->items, d->cap, sizeof(*d->items));
	}
	b = &d->items[d->n++];
	b->made = *made;
	(void)snprintf(b->digest, sizeof(b->digest), "%s", digest);
}

static void replace(struct result_layers *l, size_t i, enum layer_compression kind,
		    const struct compress_result *made, struct arena *a)
{
	l->layers[i] = (struct image_descriptor){ .media_type = oci_layer_type_of(kind),
						  .digest = arena_strdup(a, made->digest),
						  .size = { true, made->size } };
	l->diff_ids.items[i] = arena_strdup(a, made->diff_id);
}

/* ---- The stages ---- */

static void copy_layers(const struct result_image *image, struct arena *a, struct result_layers *l)
{
	*l = (struct result_layers){ .n = image->n_layers, .n_base = image->n_base };
	l->layers = arena_alloc(a, l->n + 1, sizeof(*l->layers));
	l->diff_ids.items = arena_alloc(a, l->n + 1, sizeof(char *));
	l->diff_ids.n = l->n;
	for (size_t i = 0; i < l->n; i++) {
		l->layers[i] = image->layers[i].desc;
		l->diff_ids.items[i] = image->layers[i].diff_id;
	}
}

/* A name for a run of layers: the digest of theirs. */
static void name_of_run(const struct result_layers *l, char ret[DIGEST_TEXT_SIZE])
{
	auto_(strbuf) struct strbuf text = { 0 };

	for (size_t i = 0; i < l->n; i++)
		strbuf_addf(&text, "%s%s\n", i == l->n_base ? "above\n" : "", l->layers[i].digest);
	digest_of(DIGEST_SHA256, strbuf_str(&text), text.len, ret);
}

static int squash(const struct result_input *in, const struct compress_opts *opts,
		  struct recompressed *done, struct arena *a, struct result_layers *l,
		  struct err *e)
{
	const struct compress_result *made;
	struct compress_result fresh;
	char run[DIGEST_TEXT_SIZE];
	int r = 0;

	if (!in->plan->squash || l->n == l->n_base)
		return 0;
	name_of_run(l, run);
	made = find_made(done, run);
	if (!made) {
		r = squash_layers(l->layers, &l->diff_ids, l->n_base, in->store, opts, &fresh, e);
		if (r < 0)
			return err_wrap(e, r, "squash");
		keep_made(done, run, &fresh);
		made = &fresh;
	}
	l->squashed = l->n - l->n_base;
	l->n = l->n_base + 1;
	replace(l, l->n_base, opts->kind, made, a);
	l->diff_ids.n = l->n;
	l->diff_ids.items[l->n] = NULL;
	return 0;
}

static int retime(const struct result_input *in, const struct compress_opts *opts,
		  struct recompressed *done, struct arena *a, struct result_layers *l,
		  struct err *e)
{
	for (size_t i = l->n_base; i < l->n; i++) {
		const struct compress_result *made = find_made(done, l->layers[i].digest);
		struct compress_result fresh;
		int r;

		if (!made) {
			r = retime_layer(in->store, &l->layers[i], l->diff_ids.items[i], in->epoch,
					 opts, &fresh, e);
			if (r < 0)
				return r;
			keep_made(done, l->layers[i].digest, &fresh);
			made = &fresh;
		}
		replace(l, i, opts->kind, made, a);
	}
	return 0;
}

/* A base image's layers stay what they are, unless that is forced. */
static int compress(const struct result_input *in, const struct result_output *out,
		    const struct compress_opts *opts, struct result_shared *made, struct arena *a,
		    struct result_layers *l, struct err *e)
{
	size_t first = out->force_compression ? 0 : l->n_base;
	const struct oci_strings ids = { l->diff_ids.items + first, l->n - first };
	/* One that was asked for by its level is made at that level. */
	const struct recompress_opts how = { .to = *opts,
					     .form = out->form,
					     .force = opts->level > 0 };

	if (made->compressed.n > 0 &&
	    (made->compression.kind != opts->kind || made->compression.level != opts->level ||
	     made->form != out->form)) {
		recompressed_done(&made->compressed);
		made->compressed = (struct recompressed){ 0 };
	}
	made->compression = *opts;
	made->form = out->form;
	return recompress_layers(in->store, l->layers + first, &ids, &how, &made->compressed, a, e);
}

int result_layers_make(const struct result_input *in, const struct result_image *image,
		       const struct result_output *out, struct result_shared *made, struct arena *a,
		       struct result_layers *ret, struct err *e)
{
	struct compress_opts opts = { .kind = LAYER_GZIP, .level = out->compression.level };
	bool rewritten;
	int r;

	if (out->has_compression)
		opts.kind = out->compression.kind;
	copy_layers(image, a, ret);
	r = squash(in, &opts, &made->squashed, a, ret, e);
	rewritten = out->retime == OUTPUT_YES && in->has_epoch && !in->retimed;
	if (r >= 0 && rewritten)
		r = retime(in, &opts, &made->retimed, a, ret, e);
	if (r >= 0 && (out->has_compression || opts.level > 0))
		r = compress(in, out, &opts, made, a, ret, e);
	return r < 0 ? r : 0;
}
