/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/unpack/staging.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"

struct values {
	const char *platform;
	struct rootfs_opts rootfs;
};

static const struct opt opts[] = {
	MEMBER_OPT_ROW(offsetof(struct values, platform)),
	BUDGET_OPT_ROWS(offsetof(struct values, rootfs.budget)),
	{ .name = "no-sync",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, rootfs.no_sync),
	  .help = "do not wait until the files are on the disk: quicker, and when the machine "
		  "crashes within a minute DIR may be there with empty files" },
	OPT_END,
};

static int unpack(const struct store *s, const struct image *img, const char *dir,
		  const struct rootfs_opts *o, struct apply_notes *notes, struct err *e)
{
	/* Released last: what was staged is gone when the signal arrives. */
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging) struct staging stage = STAGING_INIT;
	autofd int rootfd = -1;
	int r;

	interrupt_hold(&held);
	r = staging_begin(dir, &stage, e);
	if (r < 0)
		return r;
	rootfd = rootfs_unpack(s, img, stage.fd, o, notes, e);
	return rootfd < 0 ? rootfd : staging_commit(&stage, ROOTFS_NAME, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *s = NULL;
	auto_(image) struct image img = { 0 };
	struct platform platform;
	struct apply_notes notes = { 0 };
	int r = v->platform ? platform_of_option(v->platform, &platform, e) : 0;

	if (r >= 0)
		r = budget_opts_check(&v->rootfs.budget, e);
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	if (r >= 0)
		r = image_load(s, args[0], v->platform ? &platform : NULL, &img, e);
	if (r >= 0)
		r = unpack(s, &img, args[1], &v->rootfs, &notes, e);
	if (r < 0)
		return r;
	rootfs_warn(&notes);
	return 0;
}

const struct verb verb_unpack = {
	.name = "unpack",
	.args = "IMAGE DIR",
	.summary = "make a directory with an image's files",
	.details =
		"DIR becomes the root file system: all layers on top of one another, each checked\n"
		"by digest.  DIR must not exist, or be empty; it appears complete or not at all.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
