/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/copy/copy.h"
#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

enum format { FORMAT_OCI_ARCHIVE, FORMAT_OCI_DIR, FORMAT_DOCKER_ARCHIVE };
static const char *const formats[] = { "oci-archive", "oci-dir", "docker-archive", NULL };
static const enum place_kind kind_of[] = { PLACE_OCI_ARCHIVE, PLACE_OCI, PLACE_DOCKER_ARCHIVE };

struct values {
	const char *output, *platform;
	int format;
	bool all, quiet;
};

static const struct opt opts[] = {
	{ .letter = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, output),
	  .arg = "FILE|DIR|-",
	  .help = "where to write; by default standard output" },
	{ .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, format),
	  .arg = "FORMAT",
	  .choices = formats,
	  .help = "oci-archive (the default), oci-dir or docker-archive" },
	{ .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, all),
	  .help = "every image of a multi-platform image, and the index that names them" },
	MEMBER_OPT_ROW(offsetof(struct values, platform)),
	/* Nothing is said anyway. */
	{ .letter = 'q',
	  .name = "quiet",
	  .kind = OPT_FLAG,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct values, quiet) },
	OPT_END,
};

/* ---- Output ---- */

static int open_target(const struct values *v, const struct place_opts *places,
		       struct image_target **ret, struct err *e)
{
	const struct target_opts target = { .place = places };
	bool to_stdout = !v->output || streq(v->output, "-");
	struct place place = { .kind = kind_of[v->format], .index = -1 };
	int r;

	if (v->format == FORMAT_OCI_DIR && to_stdout)
		return err_set(e, IMAGE_EUSAGE, "oci-dir needs -o DIR");
	if (to_stdout && isatty(STDOUT_FILENO))
		return err_set(e, IMAGE_EUSAGE, "standard output is a terminal: give -o FILE");
	place.path = xstrdup(to_stdout ? "-" : v->output);
	r = v->format == FORMAT_OCI_DIR ? target_open_new_layout(&place, ret, e)
					: target_open(&place, &target, ret, e);
	place_done(&place);
	if (r >= 0)
		(*ret)->short_names = true;
	return r;
}

/* ---- The verb ---- */

static int save_one(const struct place_opts *places, char *name, struct image_target *target,
		    const struct copy_opts *how, struct err *e)
{
	const struct place place = { .kind = PLACE_STORE, .name = name, .index = -1 };
	auto_(image_source) struct image_source *source = NULL;
	auto_(copy_result) struct copy_result result = { 0 };
	struct copy_opts here = *how;
	int r = source_open_store(&place, places, &source, e);

	if (r < 0)
		return r;
	here.name = source->name;
	r = copy_image(source, target, &here, &result, e);
	return r < 0 ? err_wrap(e, r, "image '%s'", name) : 0;
}

static int save_all(const struct place_opts *places, char *const *names, int n,
		    const struct values *v, const struct copy_opts *how, struct err *e)
{
	auto_(image_target) struct image_target *target = NULL;
	int r = open_target(v, places, &target, e);

	for (int i = 0; i < n && r >= 0; i++)
		r = save_one(places, names[i], target, how, e);
	return r < 0 ? r : target->ops->commit(target, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	struct copy_opts how = { .all = v->all };
	auto_(store) struct store *s = NULL;
	struct place_opts places = { 0 };
	struct platform platform;
	int r = 0;

	if (v->all && v->platform)
		return err_set(e, IMAGE_EUSAGE, "--all and --platform exclude each other");
	if (v->platform) {
		r = platform_of_option(v->platform, &platform, e);
		how.platform = &platform;
	}
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	places.store = s;
	return r < 0 ? r : save_all(&places, args, n, v, &how, e);
}

const struct verb verb_save = {
	.name = "save",
	.args = "IMAGE...",
	.summary = "write images to an archive or a layout",
	.details =
		"oci-archive and oci-dir are OCI image layouts, as podman, skopeo and umoci read them;\n"
		"docker-archive is what docker load takes.  The same images give the same bytes.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
