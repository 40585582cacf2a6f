/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/pull/pull.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "imagetool/chunked/stock.h"
#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/pull/known.h"
#include "imagetool/pull/transfer.h"
#include "imagetool/store/descriptor.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

static void pull_done(struct pull *p)
{
	snapshot_chain_done(&p->chain);
	snapshots_free(p->snapshots);
	registry_free(p->registry);
	registry_document_done(&p->document);
	image_reference_done(&p->ref);
	arena_done(&p->arena);
	for (size_t i = 0; i < p->n_jobs; i++)
		chunked_reuse_done(&p->jobs[i].reuse);
	chunked_stock_free(p->stock);
	free(p->jobs);
	free(p->name);
}
AUTO_DEFINE_DONE(pull, pull_done)

void pull_result_done(struct pull_result *r)
{
	free(r->name);
	r->name = NULL;
}

/* Once more where a run before left something wrong: that is gone by then. */
static int fetch(struct pull *p, struct err *e)
{
	bool again = false;
	int r = pull_plan(p, e);

	if (r >= 0)
		r = pull_find_known(p, e);
	if (r >= 0)
		r = pull_transfer(p, &again, e);
	if (r >= 0 || !again)
		return r;
	log_debug("pull '%s': %s; trying again from nothing", p->name, e->msg);
	err_clear(e);
	p->fetch_whole = true;
	r = pull_plan(p, e);
	return r < 0 ? r : pull_transfer(p, &again, e);
}

/* ---- Giving the name ---- */

/* NULL for artifacts. */
static struct image_platform *describe_platform(struct pull *p)
{
	struct image_platform *platform;

	if (!p->config || !p->config->os || !p->config->architecture)
		return NULL;
	platform = arena_alloc(&p->arena, 1, sizeof(*platform));
	platform->os = p->config->os;
	platform->architecture = p->config->architecture;
	platform->variant = p->config->variant;
	return platform;
}

static struct image_descriptor describe(struct pull *p)
{
	struct image_descriptor desc = {
		.media_type = p->document.media_type,
		.digest = p->document.digest,
		.size = { .set = true, .v = (int64_t)p->document.len },
		.artifact_type = p->manifest->artifact_type,
		.platform = describe_platform(p),
	};

	if (p->from_index) {
		struct oci_pair *pair = arena_alloc(&p->arena, 1, sizeof(*pair));

		*pair = (struct oci_pair){ IMAGE_SOURCE_INDEX, p->top_digest };
		desc.annotations = (struct oci_strmap){ .items = pair, .n = 1 };
	}
	return desc;
}

static bool same_source(const struct pull *p, const struct image_descriptor *entry)
{
	const char *source = descriptor_annotation(entry, IMAGE_SOURCE_INDEX);

	return streq(entry->digest, p->document.digest) &&
	       streq(source, p->from_index ? p->top_digest : "");
}

/* Who has the name now?  1: exactly this image; 0: another or nobody (*ret_taken tells). */
static int compare_named(struct pull *p, bool *ret_taken, struct err *e)
{
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(p->store, &p->arena, &index, e);

	if (r < 0)
		return r;
	*ret_taken = false;
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++) {
		if (!streq(store_name_of(&entries[i]), p->name))
			continue;
		*ret_taken = true;
		return same_source(p, &entries[i]);
	}
	return 0;
}

static int give_name(struct pull *p, bool *ret_unchanged, struct err *e)
{
	struct store_gc_result gc;
	struct image_descriptor desc;
	bool taken;
	int r = compare_named(p, &taken, e);

	if (r < 0)
		return r;
	*ret_unchanged = r > 0 && p->n_jobs == 0 &&
			 blob_exists(p->store, p->document.digest, (int64_t)p->document.len);
	if (*ret_unchanged)
		return 0;
	r = blob_add(p->store, p->document.text, p->document.len, NULL, e);
	if (r < 0)
		return r;
	desc = describe(p);
	r = store_tag(p->store, p->name, &desc, e);
	if (r < 0 || !taken)
		return r;
	/* The image is there; that its predecessor's blobs stay is no reason to fail. */
	if (store_gc(p->store, &gc, NULL) < 0)
		log_debug("the blobs of the image that was called '%s' before stay", p->name);
	return 0;
}

/* ---- Snapshots ---- */

static int open_snapshots(struct pull *p, struct err *e)
{
	int r;

	if (!p->opts->unpack)
		return 0;
	r = snapshots_open(p->store, p->opts->snapshots, &p->snapshots, e);
	if (r >= 0)
		snapshots_limit(p->snapshots, p->opts->budget.max_size,
				p->opts->budget.max_entries);
	return r;
}

/* What workers leave: layers that the image repeats, and what layers assume about one another. */
static int finish_snapshots(struct pull *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->chain.n && r >= 0; i++)
		r = snapshot_make_stored(p->snapshots, &p->chain, i, &p->notes, e);
	if (r < 0 || p->chain.n == 0)
		return r;
	return snapshot_settle(p->snapshots, &p->chain, &p->notes, e);
}

/* Licences keep some layers where their manifests say.  What a manifest says leads nowhere here: it
 * would make this machine ask whom its maker likes. */
static int explain_elsewhere(const struct pull *p, int r, struct err *e)
{
	const struct image_descriptor *layers = p->manifest ? p->manifest->layers.items : NULL;

	for (size_t i = 0; layers && i < p->manifest->layers.n; i++) {
		auto_(strbuf) struct strbuf url = { 0 };

		if (!layers[i].urls.n || !strstr(e->msg, layers[i].digest))
			continue;
		strbuf_add_printable(&url, layers[i].urls.items[0], strlen(layers[i].urls.items[0]),
				     "");
		return err_set(
			e, IMAGE_ENOTFOUND,
			"layer %s is not in the registry, the manifest says it is at '%.300s': "
			"such URLs are not followed; pull and save the image with a tool that "
			"does, and load it from there",
			layers[i].digest, strbuf_str(&url));
	}
	return r;
}

/* ---- The stages, in order ---- */

static int pull_run(struct pull *p, bool *ret_unchanged, struct err *e)
{
	int r = open_snapshots(p, e);

	if (r >= 0)
		r = registry_open(&p->ref, &p->opts->registry, &p->registry, e);
	if (r >= 0)
		r = pull_select(p, e);
	if (r >= 0)
		r = fetch(p, e);
	if (r == -IMAGE_ENOTFOUND && e)
		r = explain_elsewhere(p, r, e);
	if (r >= 0)
		r = pull_check(p, e);
	if (r >= 0)
		r = finish_snapshots(p, e);
	if (r >= 0)
		r = give_name(p, ret_unchanged, e);
	return r;
}

static void fill_result(struct pull *p, bool unchanged, struct pull_result *ret)
{
	*ret = (struct pull_result){
		.layers = p->n_layers,
		.size = p->size,
		.pulled = p->missing - p->spared,
		.spared = p->spared,
		.unchanged = unchanged,
		.unpacked = p->chain.n > 0,
		.notes = p->notes,
	};
	ret->name = steal_ptr(&p->name);
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", p->top_digest);
	(void)snprintf(ret->manifest, sizeof(ret->manifest), "%s", p->document.digest);
	if (p->config && p->config->os && p->config->architecture)
		(void)snprintf(ret->platform, sizeof(ret->platform), "%.31s/%.31s%s%.31s",
			       p->config->os, p->config->architecture,
			       p->config->variant ? "/" : "",
			       p->config->variant ? p->config->variant : "");
}

int pull_image(struct store *store, const struct pull_opts *opts, struct pull_result *ret,
	       struct err *e)
{
	auto_(pull) struct pull p = { .opts = opts, .store = store };
	bool unchanged = false;
	int r = reference_parse(opts->name, &p.ref, e);

	if (r < 0)
		return r;
	p.name = reference_text(&p.ref);
	if (opts->platform)
		p.platform = *opts->platform;
	else
		platform_host(&p.platform);
	r = pull_run(&p, &unchanged, e);
	if (r < 0)
		return err_wrap(e, r, "pull '%s'", p.name);
	fill_result(&p, unchanged, ret);
	return 0;
}
