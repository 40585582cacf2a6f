/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/verb/freed.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/verbs.h"

struct rm_values {
	bool all, force, json, quiet;
};

static const struct opt rm_opts[] = {
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct rm_values, all),
	  .help = "remove every image" },
	{ .letter = 'f',
	  .name = "force",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct rm_values, force),
	  .help = "remove an image given by digest with all its names; a missing image is fine" },
	JSON_OPT_ROW(offsetof(struct rm_values, json), "print the result as JSON"),
	QUIET_OPT_ROW(offsetof(struct rm_values, quiet), "do not say what was removed"),
	OPT_END,
};

/* What has to go, decided before anything goes. */
struct doomed {
	struct strv names;   /* entries with these names */
	struct strv digests; /* entries with these digests */
};

static size_t count_names(const struct image_index *index, const char *digest)
{
	const struct image_descriptor *entries = index->manifests.items;
	size_t n = 0;

	for (size_t i = 0; i < index->manifests.n; i++)
		n += streq(entries[i].digest, digest);
	return n;
}

static int doom(const struct store *s, const struct rm_values *v, const char *text,
		struct doomed *doomed, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct store_image found;
	struct image_index *index;
	int r = store_resolve(s, text, &a, &found, e);

	if (r == -IMAGE_ENOTFOUND && v->force) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = store_index(s, &a, &index, e);
	if (r < 0)
		return r;
	if (!found.by_digest && found.name[0]) {
		strv_add(&doomed->names, found.name);
		return 0;
	}
	if (count_names(index, found.desc->digest) > 1 && !v->force)
		return err_set(e, EINVAL,
			       "'%s' has several names: give one of them, or --force to remove all",
			       text);
	strv_add(&doomed->digests, found.desc->digest);
	return 0;
}

static int doom_all(const struct store *s, struct doomed *doomed, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(s, &a, &index, e);

	if (r < 0)
		return r;
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++)
		strv_add(&doomed->digests, entries[i].digest);
	return 0;
}

/* Two processes may remove the same name: to the slower one it is gone as wanted. */
static int untag_all(struct store *s, const struct doomed *doomed, struct strv *removed,
		     struct err *e)
{
	for (size_t i = 0; i < doomed->names.n; i++) {
		int r = store_untag(s, doomed->names.v[i], e);

		if (r < 0 && r != -IMAGE_ENOTFOUND)
			return r;
		if (r >= 0)
			strv_add(removed, doomed->names.v[i]);
	}
	for (size_t i = 0; i < doomed->digests.n; i++) {
		int r = store_untag_digest(s, doomed->digests.v[i], e);

		if (r < 0)
			return r;
		if (r > 0)
			strv_add(removed, doomed->digests.v[i]);
	}
	err_clear(e);
	return 0;
}

static int print_text(const struct strv *removed, const struct store_gc_result *gc, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char size[HUMAN_SIZE];

	for (size_t i = 0; i < removed->n; i++)
		strbuf_addf(&out, "removed %s\n", removed->v[i]);
	if (gc->busy)
		(void)fprintf(stderr,
			      "a process that may not write to the store reads it: the blobs stay "
			      "until the next 'creel-image prune'\n");
	else
		strbuf_addf(&out, "freed %llu blob%s, %s\n", (unsigned long long)gc->blobs,
			    gc->blobs == 1 ? "" : "s", human_size(gc->bytes, size));
	return output_write(strbuf_str(&out), out.len, e);
}

static int remove_all(struct store *s, const struct rm_values *v, const struct doomed *doomed,
		      struct err *e)
{
	auto_(strv) struct strv removed = { 0 };
	struct store_gc_result gc = { 0 };
	int r = untag_all(s, doomed, &removed, e);

	if (r >= 0)
		r = store_gc(s, &gc, e);
	if (r < 0 || v->quiet)
		return r;
	return v->json ? freed_json(&removed, NULL, &gc, e) : print_text(&removed, &gc, e);
}

static int rm_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct rm_values *v = values;
	auto_(store) struct store *store = NULL;
	struct doomed doomed = { 0 };
	int r;

	if (v->all != (n == 0))
		return err_set(e, IMAGE_EUSAGE,
			       v->all ? "--all takes no image names"
				      : "which image? Give names, or --all");
	r = globals_open_store(global, STORE_WRITE, &store, e);
	if (r >= 0 && v->all)
		r = doom_all(store, &doomed, e);
	for (int i = 0; i < n && r >= 0; i++)
		r = doom(store, v, args[i], &doomed, e);
	if (r >= 0)
		r = remove_all(store, v, &doomed, e);
	strv_done(&doomed.names);
	strv_done(&doomed.digests);
	return r;
}

const struct verb verb_rm = {
	.name = "rm",
	.alias = "rmi",
	.args = "IMAGE...",
	.summary = "remove images from the store",
	.details =
		"A name is taken away; blobs and snapshots that no other image needs go as well, but for "
		"those that a running pull or another process relies on, or a bundle or mount uses: "
		"'prune' frees them later.  When one of several images does not exist, nothing is "
		"removed.",
	.opts = rm_opts,
	.opts_size = sizeof(struct rm_values),
	.min_args = 0,
	.max_args = -1,
	.stop_after = -1,
	.run = rm_run,
};
