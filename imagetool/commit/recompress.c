/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/recompress.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/chunked/write.h"
#include "imagetool/commit/layer_blob.h"
#include "imagetool/errors.h"
#include "imagetool/layer/layer.h"
#include "libutil/log.h"

/* One stream is inflated by one thread, so a second layer beside it keeps others busy. */
#define JOBS_MAX 4

struct job {
	const struct image_descriptor *desc;
	const char *diff_id;
	struct compress_result made;
	struct chunked_annotations chunked;
};

struct recompressing {
	struct store *store;
	const struct recompress_opts *opts;
	struct job *jobs; /* owned */
	size_t n;
	int threads; /* of each stream */
	pthread_mutex_t lock;
	size_t next;
	struct err failure; /* the first */
};

void recompressed_done(struct recompressed *d)
{
	free(d->items);
}

static const struct recompressed_blob *find_done(const struct recompressed *d, const char *digest)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq(d->items[i].digest, digest))
			return &d->items[i];
	return NULL;
}

static void add_done(struct recompressed *d, const struct job *j)
{
	struct recompressed_blob *b;

	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 16;
		d->items = xreallocarray(d->items, d->cap, sizeof(*d->items));
	}
	b = &d->items[d->n++];
	*b = (struct recompressed_blob){ .made = j->made, .chunked = j->chunked };
	(void)snprintf(b->digest, sizeof(b->digest), "%s", j->desc->digest);
}

/* ---- One layer ---- */

static int pass(struct layer_stream *from, struct byte_sink to, struct err *e)
{
	struct tar_source source = layer_stream_source(from);
	const uint8_t *data;
	int r;

	while ((r = source.next(source.ctx, &data, e)) > 0) {
		r = to.write(to.ctx, data, (size_t)r, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : layer_stream_verify(from, NULL, e);
}

static int pass_chunked(enum chunked_form form, struct layer_stream *from, struct layer_blob *to,
			struct job *j, struct err *e)
{
	const char *refused = NULL;
	int r = chunked_write(form, layer_stream_source(from), to->compress, &j->chunked, &refused,
			      e);

	if (r >= 0 && refused)
		log_warning("layer %s becomes plain %s, without a table of contents: %s",
			    j->desc->digest, form == CHUNKED_STARGZ ? "gzip" : "zstd", refused);
	return r < 0 ? r : layer_stream_verify(from, NULL, e);
}

static int recompress(const struct recompressing *g, struct job *j, struct err *e)
{
	auto_(layer_stream) struct layer_stream *from = NULL;
	auto_(layer_blob) struct layer_blob to = { 0 };
	struct compress_opts opts = g->opts->to;
	autofd int fd = blob_open(g->store, j->desc->digest, NULL, e);
	int r = fd;

	opts.threads = g->threads;
	opts.cuts = g->opts->form != CHUNKED_NONE;
	if (r >= 0)
		r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd }, j->desc,
				     j->diff_id, &from, e);
	if (r >= 0)
		r = layer_blob_begin(&to, g->store, &opts, e);
	if (r >= 0)
		r = g->opts->form ? pass_chunked(g->opts->form, from, &to, j, e)
				  : pass(from, layer_blob_sink(&to), e);
	if (r >= 0)
		r = layer_blob_commit(&to, &j->made, e);
	return r < 0 ? err_wrap(e, r, "layer %s", j->desc->digest) : 0;
}

/* ---- All of them ---- */

static void *run_jobs(void *arg)
{
	struct recompressing *g = arg;

	while (true) {
		struct err e = { 0 };
		size_t i;

		(void)pthread_mutex_lock(&g->lock);
		i = g->failure.code ? g->n : g->next++;
		(void)pthread_mutex_unlock(&g->lock);
		if (i >= g->n)
			return NULL;
		if (recompress(g, &g->jobs[i], &e) >= 0)
			continue;
		(void)pthread_mutex_lock(&g->lock);
		if (!g->failure.code)
			g->failure = e;
		(void)pthread_mutex_unlock(&g->lock);
	}
}

static int run_all(struct recompressing *g, struct err *e)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[JOBS_MAX];
	size_t jobs = g->n < JOBS_MAX ? g->n : JOBS_MAX;
	int n = 0;

	if (cores > 0 && jobs > (size_t)cores)
		jobs = (size_t)cores;
	if (jobs == 0)
		return 0;
	g->threads = cores < 1 ? 1 : (int)(((size_t)cores + jobs - 1) / jobs);
	(void)pthread_mutex_init(&g->lock, NULL);
	while ((size_t)n + 1 < jobs && pthread_create(&threads[n], NULL, run_jobs, g) == 0)
		n++;
	(void)run_jobs(g);
	while (n > 0)
		(void)pthread_join(threads[--n], NULL);
	(void)pthread_mutex_destroy(&g->lock);
	return g->failure.code ? err_take(e, &g->failure) : 0;
}

static enum chunked_form table_form(const struct image_descriptor *desc)
{
	struct chunked_position position;

	return chunked_position(desc, &position, NULL) > 0 ? position.form : CHUNKED_NONE;
}

/* 1: to be made anew. */
static int is_wanted(const struct image_descriptor *desc, const struct recompress_opts *opts,
		     struct err *e)
{
	enum layer_compression kind;
	bool foreign;

	if (!desc->media_type || media_type_parse(desc->media_type, &kind, &foreign) != MEDIA_LAYER)
		return err_set(e, IMAGE_EVERIFY, "layer %s: media type '%s' is no layer's",
			       desc->digest, desc->media_type ? desc->media_type : "");
	return !foreign && (opts->force || kind != opts->to.kind ||
			    (opts->form && table_form(desc) != opts->form));
}

static bool is_planned(const struct recompressing *g, const char *digest)
{
	for (size_t i = 0; i < g->n; i++)
		if (streq(g->jobs[i].desc->digest, digest))
			return true;
	return false;
}

static int plan(struct recompressing *g, const struct image_descriptor *layers,
		const struct oci_strings *diff_ids, const struct recompressed *done, struct err *e)
{
	g->jobs = xcalloc(diff_ids->n + 1, sizeof(*g->jobs));
	for (size_t i = 0; i < diff_ids->n; i++) {
		int r = is_wanted(&layers[i], g->opts, e);

		if (r < 0)
			return r;
		if (r > 0 && !find_done(done, layers[i].digest) && !is_planned(g, layers[i].digest))
			g->jobs[g->n++] =
				(struct job){ .desc = &layers[i], .diff_id = diff_ids->items[i] };
	}
	return 0;
}

static struct oci_strmap annotate(const struct recompressed_blob *b, struct arena *a)
{
	const struct chunked_annotations *c = &b->chunked;
	autofree char *size = xasprintf("%" PRId64, b->made.plain_size);
	const struct oci_pair all[] = {
		{ STARGZ_KEY_DIGEST, c->stargz },
		{ STARGZ_KEY_SIZE, *c->stargz ? size : "" },
		{ CHUNKED_KEY CHUNKED_KEY_CHECKSUM, c->checksum },
		{ CHUNKED_KEY CHUNKED_KEY_POSITION, c->position },
		{ CHUNKED_KEY CHUNKED_KEY_TARSPLIT, c->tarsplit },
	};
	struct oci_pair *pairs = arena_alloc(a, ARRAY_LEN(all), sizeof(*pairs));
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (*all[i].value)
			pairs[n++] = (struct oci_pair){ all[i].key, arena_strdup(a, all[i].value) };
	return (struct oci_strmap){ .items = n ? pairs : NULL, .n = n };
}

static int replace(struct image_descriptor *layers, const struct oci_strings *diff_ids,
		   const struct recompress_opts *opts, const struct recompressed *done,
		   struct arena *a)
{
	int replaced = 0;

	for (size_t i = 0; i < diff_ids->n; i++) {
		const struct recompressed_blob *b = find_done(done, layers[i].digest);

		if (!b || is_wanted(&layers[i], opts, NULL) <= 0)
			continue;
		/* What annotations said of the old bytes is gone with them. */
		layers[i] = (struct image_descriptor){
			.media_type = oci_layer_type_of(opts->to.kind),
			.digest = arena_strdup(a, b->made.digest),
			.size = { true, b->made.size },
			.annotations = annotate(b, a),
		};
		if (!streq(diff_ids->items[i], b->made.diff_id))
			diff_ids->items[i] = arena_strdup(a, b->made.diff_id);
		replaced++;
	}
	return replaced;
}

int recompress_layers(struct store *s, struct image_descriptor *layers,
		      const struct oci_strings *diff_ids, const struct recompress_opts *opts,
		      struct recompressed *done, struct arena *a, struct err *e)
{
	struct recompressing g = { .store = s, .opts = opts };
	int r = plan(&g, layers, diff_ids, done, e);

	if (r >= 0)
		r = run_all(&g, e);
	for (size_t i = 0; i < g.n && r >= 0; i++)
		add_done(done, &g.jobs[i]);
	free(g.jobs);
	return r < 0 ? r : replace(layers, diff_ids, opts, done, a);
}
