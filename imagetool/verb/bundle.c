/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>

#include "imagetool/bundle/origin.h"
#include "imagetool/bundle/plan.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/unpack/staging.h"
#include "imagetool/verb/verbs.h"
#include "libutil/log.h"

struct values {
	const char *platform;
	struct container_options container;
};

static const struct opt opts[] = {
	CONTAINER_OPTION_ROWS(offsetof(struct values, container)){
		.name = "platform",
		.kind = OPT_STRING,
		.offset = offsetof(struct values, platform),
		.arg = "OS/ARCH[/VARIANT]",
		.help = "which member of a multi-platform image; by default this machine's" },
	OPT_END,
};

struct making {
	const struct store *store;
	const struct image *image;
	struct bundle_plan plan;
	struct apply_notes notes;
};

static void making_done(struct making *m)
{
	bundle_plan_done(&m->plan);
}
AUTO_DEFINE_DONE(making, making_done)

static int make(struct making *m, const char *dir, struct err *e)
{
	/* Released last: what was staged is gone when the signal arrives. */
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging) struct staging stage = STAGING_INIT;
	autofd int rootfd = -1;
	int r;

	interrupt_hold(&held);
	/* Directories that are made in the container are for everyone there; the bundle itself is
	 * 0700: it may hold setuid programs. */
	(void)umask(022);
	r = staging_begin(dir, &stage, e);
	if (r < 0)
		return r;
	rootfd = rootfs_unpack(m->store, m->image, stage.fd, NULL, &m->notes, e);
	if (rootfd < 0)
		return rootfd;
	r = bundle_plan_write(&m->plan, stage.fd, rootfd, e);
	if (r >= 0)
		r = origin_write(stage.fd, m->image, NULL, e);
	return r < 0 ? r : staging_commit(&stage, NULL, e);
}

static void warn(const struct making *m)
{
	rootfs_warn(&m->notes);
	if (m->plan.notes.labels)
		log_warning(
			"%zu labels were left out of the annotations: a runtime would obey them",
			m->plan.notes.labels);
	if (m->plan.mounts.consistency)
		log_warning("consistency of mounts means nothing here: all see the same files");
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *s = NULL;
	auto_(image) struct image img = { 0 };
	auto_(making) struct making m = { .image = &img };
	struct platform platform;
	int r = v->platform ? platform_parse(v->platform, &platform, e) : 0;

	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	if (r >= 0)
		r = image_load(s, args[0], v->platform ? &platform : NULL, &img, e);
	if (r >= 0 && !img.config)
		r = err_set(e, EINVAL, "'%s' is not a container image", args[0]);
	if (r >= 0)
		r = bundle_plan_make(&v->container, img.config, args[1], args + 2, &m.plan, e);
	m.store = s;
	if (r >= 0)
		r = make(&m, args[1], e);
	if (r >= 0)
		warn(&m);
	return r;
}
const struct verb verb_bundle = {
	.name = "bundle",
	.args = "IMAGE DIR [COMMAND [ARG...]]",
	.summary = "make a bundle that an OCI runtime executes",
	.details =
		"DIR gets rootfs/ with the image's files, config.json made from the image's\n"
		"configuration, volumes/ with the data of its volumes, and image.json, by which\n"
		"'diff' and 'commit' know the image.  DIR must not exist, or be\n"
		"empty; it appears complete or not at all.\n"
		"\n"
		"Names of users and groups are those of the image.  COMMAND replaces the image's\n"
		"command; the entrypoint stays in front of it.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = -1,
	.stop_after = 2,
	.run = run,
};
