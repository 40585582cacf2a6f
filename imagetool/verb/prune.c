/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/store/build_prune.h"
#include "imagetool/store/digest_set.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"
#include "imagetool/verb/freed.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/verbs.h"
#include "libutil/parse.h"

#define NSEC_PER_SEC 1000000000

struct prune_values {
	bool all, build, dry_run, force, json, quiet;
	struct strv filters;
	const char *keep_storage;
};

static const struct opt prune_opts[] = {
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct prune_values, all),
	  .help = "also images that have a name and that no bundle or mount uses; with --build "
		  "also what is in images, and what cache mounts keep" },
	{ .name = "build",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct prune_values, build),
	  .help = "what builds keep to find it again, and no images" },
	{ .name = "filter",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct prune_values, filters),
	  .arg = "until=DURATION",
	  .help = "with --build: only what was not used for so long, \"24h\"" },
	{ .name = "keep-storage",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct prune_values, keep_storage),
	  .arg = "SIZE",
	  .help = "with --build: so much of what was used last stays" },
	{ .letter = 'n',
	  .name = "dry-run",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct prune_values, dry_run),
	  .help = "say what would go, remove nothing" },
	/* What others ask before they begin is not asked here. */
	{ .letter = 'f',
	  .name = "force",
	  .kind = OPT_FLAG,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct prune_values, force) },
	JSON_OPT_ROW(offsetof(struct prune_values, json), "print the result as JSON"),
	QUIET_OPT_ROW(offsetof(struct prune_values, quiet), "do not say what was removed"),
	OPT_END,
};

/* ---- Images ---- */

static int note_lease(const struct lease *l, void *ctx, struct err *e UNUSED)
{
	struct digest_set *used = ctx;

	for (size_t i = 0; i < l->n_digests && lease_lives(l); i++)
		(void)digest_set_add(used, l->digests[i]);
	return 0;
}

static bool is_there(const struct store *s, const char *digest)
{
	autofd int fd = blob_open(s, digest, NULL, NULL);

	return fd >= 0;
}

/* A signature or the like goes with the image it is about. */
static bool serves_another(const struct store *s, const struct prune_values *v,
			   const struct image_descriptor *desc, const struct digest_set *used)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct image_manifest *m;
	size_t len;

	if (blob_read(s, desc->digest, -1, IMAGE_MANIFEST_MAX, &text, &len, NULL) < 0 ||
	    image_manifest_decode(desc->digest, text, len, &a, &m, NULL) < 0 || !m->subject)
		return false;
	return v->all ? digest_set_has(used, m->subject->digest) : is_there(s, m->subject->digest);
}

static bool is_doomed(const struct store *s, const struct prune_values *v,
		      const struct image_descriptor *desc, const struct digest_set *used)
{
	if (digest_set_has(used, desc->digest) || serves_another(s, v, desc, used))
		return false;
	return v->all || store_name_of(desc)[0] == '\0';
}

static int untag(struct store *s, const struct image_descriptor *desc, struct err *e)
{
	const char *name = store_name_of(desc);
	int r = name[0] ? store_untag(s, name, e) : store_untag_nameless(s, desc->digest, e);

	/* Somebody else did. */
	if (r == -ENOENT)
		err_clear(e);
	return r == -ENOENT || r > 0 ? 0 : r;
}

static int prune_images(struct store *s, const struct prune_values *v, struct strv *removed,
			struct err *e)
{
	auto_(digest_set) struct digest_set used = { 0 };
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *all;
	struct image_index *index;
	int r = lease_each(s, note_lease, &used, e);

	if (r >= 0)
		r = store_index(s, &a, &index, e);
	if (r < 0)
		return r;
	all = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n && r >= 0; i++) {
		const char *name = store_name_of(&all[i]);

		if (!is_doomed(s, v, &all[i], &used))
			continue;
		strv_add(removed, name[0] ? name : all[i].digest);
		r = v->dry_run ? 0 : untag(s, &all[i], e);
	}
	return r;
}

/* ---- Caches of builds ---- */

static int read_filter(const char *text, struct build_prune_opts *o, struct err *e)
{
	const char *value = starts_with(text, "until=") ? text + strlen("until=") : NULL;
	int64_t age;

	if (!value)
		return err_set(e, IMAGE_EUSAGE, "filter '%s' is not known: there is until=DURATION",
			       text);
	if (parse_duration(value, &age) < 0)
		return err_set(e, IMAGE_EUSAGE,
			       "filter '%s' gives no duration: write it as 24h or 30m", text);
	o->has_before = true;
	o->before = time(NULL) - age / NSEC_PER_SEC;
	return 0;
}

static int read_build_opts(const struct prune_values *v, struct build_prune_opts *o, struct err *e)
{
	*o = (struct build_prune_opts){ .all = v->all, .look_only = v->dry_run };
	if (!v->build && (v->filters.n || v->keep_storage))
		return err_set(e, IMAGE_EUSAGE, "--filter and --keep-storage are for --build");
	for (size_t i = 0; i < v->filters.n; i++) {
		int r = read_filter(v->filters.v[i], o, e);

		if (r < 0)
			return r;
	}
	if (v->keep_storage && parse_size(v->keep_storage, &o->keep) < 0)
		return err_set(e, IMAGE_EUSAGE, "--keep-storage '%s' is no size: write it as 10GB",
			       v->keep_storage);
	return 0;
}

/* ---- Output ---- */

static void print_build(const struct prune_values *v, const struct build_prune_result *b,
			struct strbuf *out)
{
	char size[HUMAN_SIZE];

	strbuf_addf(out, "%s %llu step%s of builds, %s, and %llu cache mount%s\n",
		    v->dry_run ? "would remove" : "removed", (unsigned long long)b->records,
		    b->records == 1 ? "" : "s", human_size(b->bytes, size),
		    (unsigned long long)b->mounts, b->mounts == 1 ? "" : "s");
}

static int print_text(const struct prune_values *v, const struct strv *images,
		      const struct build_prune_result *build, const struct store_gc_result *gc,
		      struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char size[HUMAN_SIZE];

	for (size_t i = 0; i < images->n; i++)
		strbuf_addf(&out, "%s %s\n", v->dry_run ? "would remove" : "removed", images->v[i]);
	if (v->build)
		print_build(v, build, &out);
	if (gc->busy)
		strbuf_adds(&out, "a process that may not write to the store reads it: nothing was "
				  "freed\n");
	else
		strbuf_addf(
			&out,
			"%s %llu blob%s, %llu snapshot%s, %llu broken download%s, %s of blobs\n",
			v->dry_run ? "would free" : "freed", (unsigned long long)gc->blobs,
			gc->blobs == 1 ? "" : "s", (unsigned long long)gc->snapshots,
			gc->snapshots == 1 ? "" : "s", (unsigned long long)gc->partials,
			gc->partials == 1 ? "" : "s", human_size(gc->bytes, size));
	return output_write(strbuf_str(&out), out.len, e);
}

static int run(const void *global, void *values, char *const *args UNUSED, int n UNUSED,
	       struct err *e)
{
	struct prune_values *v = values;
	/* Whoever asks for it wants the space of broken downloads, too. */
	const struct store_gc_opts opts = { .look_only = v->dry_run };
	auto_(store) struct store *store = NULL;
	auto_(strv) struct strv images = { 0 };
	struct store_gc_result gc = { 0 };
	struct build_prune_result build = { 0 };
	struct build_prune_opts build_opts;
	int r = read_build_opts(v, &build_opts, e);

	if (r >= 0)
		r = globals_open_store(global, STORE_WRITE, &store, e);
	if (r >= 0)
		r = v->build ? build_prune(store, &build_opts, &build, e)
			     : prune_images(store, v, &images, e);
	if (r >= 0)
		r = store_gc_with(store, &opts, &gc, e);
	if (r < 0 || v->quiet)
		return r;
	if (v->json)
		return freed_json(&images, v->build ? &build : NULL, &gc, e);
	return print_text(v, &images, &build, &gc, e);
}

const struct verb verb_prune = {
	.name = "prune",
	.summary = "remove what nothing in the store needs",
	.details =
		"Images without a name go, unless they are about another that stays, as signatures "
		"are; and blobs, snapshots and broken downloads that no image, "
		"no running bundle or mount and no process of the moment uses.  With --dry-run what "
		"an image alone holds is not counted, since the image is still there.\n\n"
		"What builds keep stays, however long: with --build that goes, and images stay.",
	.opts = prune_opts,
	.opts_size = sizeof(struct prune_values),
	.min_args = 0,
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
