/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/copy.h"
#include "imagetool/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/copy_progress.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/json.h"

static const char *const formats[] = { "as-is", "oci", "docker", "v2s2", NULL };
static const enum image_format format_of[] = { IMAGE_AS_IS, IMAGE_OCI, IMAGE_DOCKER, IMAGE_DOCKER };

struct values {
	const char *platform, *digestfile;
	int format, multi_arch;
	int64_t max_size;
	bool all, preserve_digests, json, quiet;
	struct registry_flags both, from, to;
};

enum multi_arch { MULTI_ARCH_SYSTEM, MULTI_ARCH_ALL };
static const char *const multi_archs[] = { "system", "all", NULL };

static const struct opt opts[] = {
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, all),
	  .help = "copy the images of all platforms, and the index that names them" },
	/* skopeo's way of saying it. */
	{ .name = "multi-arch",
	  .kind = OPT_CHOICE,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct values, multi_arch),
	  .choices = multi_archs },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which image of several; by default the one for this machine" },
	{ .letter = 'f',
	  .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, format),
	  .arg = "FORMAT",
	  .choices = formats,
	  .help = "of the manifests there: as-is (the default), oci, docker (also called v2s2)" },
	{ .name = "preserve-digests",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, preserve_digests),
	  .help = "fail where a manifest would have to be rewritten" },
	{ .name = "digestfile",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, digestfile),
	  .arg = "FILE",
	  .help = "write the digest of what was copied there" },
	{ .name = "max-size",
	  .kind = OPT_SIZE,
	  .offset = offsetof(struct values, max_size),
	  .arg = "SIZE",
	  .help = "refuse a compressed archive that holds more bytes (1 TiB)" },
	JSON_OPT_ROW(offsetof(struct values, json), "print the result as JSON"),
	QUIET_OPT_ROW(offsetof(struct values, quiet), "print the digest and nothing else"),
	REGISTRY_OPT_ROWS(offsetof(struct values, both)),
	REGISTRY_SIDE_OPT_ROWS("src-", offsetof(struct values, from)),
	REGISTRY_SIDE_OPT_ROWS("dest-", offsetof(struct values, to)),
	OPT_END,
};

static void defaults(void *values)
{
	struct values *v = values;

	registry_flags_defaults(&v->both);
	registry_flags_defaults(&v->from);
	registry_flags_defaults(&v->to);
}

/* ---- Places ---- */

/* A side's own options win over those for both.  A password is asked for where it is needed. */
static int side_opts(const struct values *v, struct registry_flags *side, const struct place *p,
		     int wakefd, struct registry_opts *ret, struct err *e)
{
	registry_flags_inherit(side, &v->both);
	return p->kind == PLACE_REGISTRY ? registry_flags_opts(side, wakefd, ret, e) : 0;
}

static int open_store(const void *global, const struct place *from, const struct place *to,
		      struct store **ret, struct err *e)
{
	if (from->kind != PLACE_STORE && to->kind != PLACE_STORE)
		return 0;
	return globals_open_store(global, to->kind == PLACE_STORE ? STORE_CREATE : STORE_READ, ret,
				  e);
}

/* What it is called there: what the place says, else what it is called where it comes from. */
static const char *target_name(const struct place *to, const struct image_target *target,
			       const struct image_source *source)
{
	if (target->name)
		return target->name;
	return to->kind == PLACE_DOCKER_ARCHIVE ? source->name : NULL;
}

/* ---- Result ---- */

static void describe(const struct copy_result *r, const struct image_target *t, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "digest", r->digest);
	json_kv_string(&w, "sourceDigest", r->source_digest);
	json_kv_string(&w, "mediaType", r->media_type);
	json_kv_i64(&w, "manifests", (int64_t)r->manifests);
	json_kv_i64(&w, "blobs", (int64_t)t->tally.blobs);
	json_kv_i64(&w, "present", (int64_t)t->tally.present);
	json_kv_i64(&w, "mounted", (int64_t)t->tally.mounted);
	json_kv_i64(&w, "bytes", t->tally.bytes);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

/* To standard output, unless the image went there. */
static int report(const struct values *v, const struct copy_result *result,
		  const struct image_target *t, bool stdout_taken, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char size[HUMAN_SIZE];
	int r = 0;

	if (v->digestfile)
		r = file_put_named(v->digestfile, result->digest, strlen(result->digest), 0644, e);
	if (r < 0)
		return err_wrap(e, r, "--digestfile '%s'", v->digestfile);
	if (!v->quiet && !v->json)
		(void)fprintf(stderr, "copied %zu blob%s, %zu of them there already, %s\n",
			      t->tally.blobs, t->tally.blobs == 1 ? "" : "s",
			      t->tally.present + t->tally.mounted,
			      human_size((uint64_t)t->tally.bytes, size));
	if (stdout_taken)
		return 0;
	if (v->json)
		describe(result, t, &out);
	else
		strbuf_addf(&out, "%s\n", result->digest);
	return output_write(strbuf_str(&out), out.len, e);
}

/* ---- The verb ---- */

struct ends {
	struct place from, to;
	struct place_opts from_opts, to_opts;
};

static int fill(const struct values *v, const struct ends *ends, struct image_source *source,
		const struct copy_opts *how, struct err *e)
{
	auto_(image_target) struct image_target *target = NULL;
	auto_(copy_result) struct copy_result result = { 0 };
	struct copy_progress progress = { 0 };
	struct copy_opts opts_here = *how;
	int r = target_open(&ends->to,
			    &(struct target_opts){ .place = &ends->to_opts, .source = source },
			    &target, e);

	if (r < 0)
		return r;
	opts_here.name = target_name(&ends->to, target, source);
	copy_progress_start(&progress, v->quiet || v->json, &target->tally);
	r = copy_image(source, target, &opts_here, &result, e);
	copy_progress_end(&progress);
	if (r >= 0 && target->ops->commit)
		r = target->ops->commit(target, e);
	return r < 0 ? r
		     : report(v, &result, target, ends->to.path && streq(ends->to.path, "-"), e);
}

static int copy(const struct values *v, const struct ends *ends, const struct copy_opts *how,
		struct err *e)
{
	auto_(image_source) struct image_source *source = NULL;
	int r = source_open(&ends->from, &ends->from_opts, &source, e);

	if (r < 0)
		return r;
	r = fill(v, ends, source, how, e);
	return target_appeared(r, e) ? fill(v, ends, source, how, e) : r;
}

static int run_ends(const void *global, struct values *v, struct ends *ends, struct err *e)
{
	struct copy_opts how = { .all = v->all || v->multi_arch == MULTI_ARCH_ALL,
				 .format = format_of[v->format],
				 .preserve_digests = v->preserve_digests };
	auto_(store) struct store *store = NULL;
	struct platform platform;
	autofd int signals = -1;
	int r = 0;

	if (v->platform) {
		r = platform_of_option(v->platform, &platform, e);
		how.platform = &platform;
	}
	if (r >= 0)
		r = open_store(global, &ends->from, &ends->to, &store, e);
	if (r < 0)
		return r;
	signals = registry_flags_signals(e);
	r = signals < 0
		    ? signals
		    : side_opts(v, &v->from, &ends->from, signals, &ends->from_opts.registry, e);
	if (r >= 0)
		r = side_opts(v, &v->to, &ends->to, signals, &ends->to_opts.registry, e);
	ends->from_opts.max_bytes = v->max_size;
	ends->from_opts.store = ends->to_opts.store = store;
	ends->from_opts.quiet = ends->to_opts.quiet = v->quiet || v->json;
	return r < 0 ? r : copy(v, ends, &how, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	struct values *v = values;
	struct ends ends = { 0 };
	int r;

	if (v->max_size < 0)
		return err_set(e, IMAGE_EUSAGE, "--max-size: a size, or none at all");
	if ((v->all || v->multi_arch == MULTI_ARCH_ALL) && v->platform)
		return err_set(e, IMAGE_EUSAGE, "--all and --platform exclude each other");
	r = argument_place(args[0], &ends.from, e);
	if (r >= 0)
		r = argument_place(args[1], &ends.to, e);
	if (r >= 0 && ends.to.kind == PLACE_STORE && ends.to.name)
		r = argument_check_reference(ends.to.name, e);
	if (r >= 0)
		r = run_ends(global, v, &ends, e);
	place_done(&ends.from);
	place_done(&ends.to);
	return r < 0 ? err_wrap(e, r, "copy '%s'", args[0]) : 0;
}

static void more(struct strbuf *out)
{
	strbuf_adds(out, "Places are spelled as skopeo has them:\n\n");
	place_help(out);
}

const struct verb verb_copy = {
	.name = "copy",
	.alias = "cp",
	.args = "SOURCE TARGET",
	.summary = "copy an image from any place to any other",
	.details =
		"Blobs pass through and are checked as they do; those the target has do not travel, "
		"and within one registry they are mounted.  Manifests keep every byte, unless "
		"--format asks for another, or the target is an OCI layout or archive, which hold OCI's.  "
		"Nothing is visible before it is complete.",
	.more = more,
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 2,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
