/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/pull/known.h"

#include <errno.h>
#include <string.h>

#include "imagetool/chunked/stargz.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/log.h"

const char *const pull_partials[] = { "auto", "never", NULL };

/* ---- What is here ---- */

static bool add_manifest(struct pull *p, const struct image_descriptor *desc)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *layers;
	autofree char *text = NULL;
	struct image_manifest *m;
	bool room = true;
	size_t len;

	if (descriptor_kind(desc) != MEDIA_MANIFEST || !blob_exists(p->store, desc->digest, -1) ||
	    blob_read(p->store, desc->digest, -1, IMAGE_MANIFEST_MAX, &text, &len, NULL) < 0 ||
	    image_manifest_decode(desc->digest, text, len, &a, &m, NULL) < 0)
		return true;
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n && room; i++)
		room = chunked_stock_add(p->stock, &layers[i]);
	return room;
}

/* Images in indexes are found by names of their own, or not at all. */
static void add_images(struct pull *p, const struct image_index *index, bool same_repository)
{
	const struct image_descriptor *entries = index->manifests.items;
	size_t len = strcspn(p->name, "@");
	const char *tag = strrchr(p->name, ':');

	if (tag && (size_t)(tag - p->name) < len && !strchr(tag, '/'))
		len = (size_t)(tag - p->name);
	for (size_t i = 0; i < index->manifests.n; i++) {
		const char *name = store_name_of(&entries[i]);
		bool same = strncmp(name, p->name, len) == 0 && strchr(":@", name[len]);

		if (same == same_repository && !add_manifest(p, &entries[i]))
			return;
	}
}

/* What has the same name is likeliest to have the same files. */
static void fill_stock(struct pull *p)
{
	auto_(arena) struct arena a = { 0 };
	struct image_index *index;

	if (p->stock)
		return;
	p->stock = chunked_stock_new(p->store);
	if (store_index(p->store, &a, &index, NULL) < 0)
		return;
	add_images(p, index, true);
	add_images(p, index, false);
	log_debug("%zu parts of layers are here", chunked_stock_size(p->stock));
}

/* ---- What has to come ---- */

static int64_t span(const void *reuse, int64_t at)
{
	return chunked_reuse_span(reuse, at);
}

static int read_known(const void *reuse, int64_t at, void *buf, size_t len, struct err *e)
{
	return chunked_reuse_read(reuse, at, buf, len, e);
}

/* What an eStargz layer ends with, as much as costs no more than asking; most tables fit in, of the
 * others the beginning is asked for. */
static int fetch_members(struct pull *p, const struct image_descriptor *layer,
			 struct chunked_position *at, struct strbuf *ret, struct err *e)
{
	auto_(strbuf) struct strbuf end = { 0 };
	int64_t size = layer->size.v, from = size - CHUNKED_RUN_MIN;
	int r = registry_get_range(p->registry, layer->digest, from, size - 1, &end, e);

	if (r >= 0)
		r = stargz_footer((uint8_t *)end.data + end.len - STARGZ_FOOTER, size, at, e);
	if (r >= 0 && at->tail < from)
		r = registry_get_range(p->registry, layer->digest, at->tail, from - 1, ret, e);
	if (r < 0)
		return r;
	if (at->tail > from)
		strbuf_consume(&end, (size_t)(at->tail - from));
	ret->max = (size_t)CHUNKED_TAIL_MAX + 1;
	strbuf_add(ret, end.data, end.len);
	return 0;
}

/* Everything behind the pieces of the blob. */
static int fetch_tail(struct pull *p, const struct image_descriptor *layer,
		      struct chunked_position *at, struct strbuf *ret, struct err *e)
{
	if (at->form == CHUNKED_STARGZ)
		return fetch_members(p, layer, at, ret, e);
	return registry_get_range(p->registry, layer->digest, at->tail, layer->size.v - 1, ret, e);
}

static int plan(struct pull *p, struct job *job, struct chunked_position *at, struct err *e)
{
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	auto_(strbuf) struct strbuf tail = { 0 };
	int r = fetch_tail(p, job->desc, at, &tail, e);

	if (r >= 0)
		r = chunked_toc_read(at, tail.data + (at->toc - at->tail), &toc, e);
	if (r < 0)
		return r;
	/* The bytes of the tail have travelled already, whatever else does. */
	if (!chunked_reuse_plan(&job->reuse, p->stock, &toc, &tail))
		log_debug("layer %s: too little of it is here", job->desc->digest);
	log_debug("layer %s: %lld of %lld bytes are here, the rest comes in %zu parts",
		  job->desc->digest, (long long)job->reuse.here, (long long)job->desc->size.v,
		  job->reuse.requests);
	job->known = (struct download_known){ span, read_known, &job->reuse };
	job->has_known = true;
	return 0;
}

/* 1: its table of contents is worth asking for. */
static int is_promising(struct pull *p, const struct job *job, struct chunked_position *ret,
			struct err *e)
{
	int r;

	if (!job->missing || job->layer == JOB_CONFIG || job->desc->size.v < CHUNKED_LAYER_MIN)
		return 0;
	r = chunked_position(job->desc, ret, e);
	if (r <= 0)
		return r;
	fill_stock(p);
	return chunked_stock_size(p->stock) > 0;
}

int pull_find_known(struct pull *p, struct err *e)
{
	if (p->opts->partial == PULL_PARTIAL_NEVER || p->fetch_whole)
		return 0;
	for (size_t i = 0; i < p->n_jobs; i++) {
		struct job *job = &p->jobs[i];
		struct chunked_position at;
		struct err why = { 0 };
		int r = is_promising(p, job, &at, &why);

		if (r > 0)
			r = plan(p, job, &at, &why);
		if (r == -EINTR)
			return err_take(e, &why);
		if (r < 0)
			log_debug("layer %s is fetched whole: %s", job->desc->digest, why.msg);
	}
	return 0;
}
