/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/mount/mounts.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/program.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

struct values {
	bool all;
};

static const struct opt opts[] = {
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, all),
	  .help = "everything that 'mount' lists, but for bundles" },
	OPT_END,
};

/* Removing takes leases away, so those that are meant are gathered first. */
struct found {
	const struct store *store;
	const char *text; /* NULL: all of the store's own */
	struct strv homes;
};

static int gather(const struct home *h, void *ctx, struct err *e UNUSED)
{
	struct found *f = ctx;

	if (f->text ? mounts_is_meant(f->store, h, f->text)
		    : strstr(h->path, "/" HOME_MOUNTS "/") != NULL)
		strv_add(&f->homes, h->path);
	return 0;
}

static int remove_found(struct store *s, const struct found *f, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < f->homes.n && r >= 0; i++) {
		auto_(home) struct home h = { 0 };

		r = mounts_read(s, f->homes.v[i], &h, e);
		if (r >= 0)
			r = mounts_remove(s, &h, e);
	}
	return r;
}

static int umount_one(struct store *s, const char *text, struct err *e)
{
	struct found f = { .store = s, .text = text };
	int r = mounts_each(s, gather, &f, e);

	if (r >= 0 && text && f.homes.n == 0)
		r = err_set(e, IMAGE_ENOTFOUND,
			    "'%s' is not mounted: 'creel-image mount' lists what is", text);
	if (r >= 0)
		r = remove_found(s, &f, e);
	strv_done(&f.homes);
	return r;
}

/* A bundle says itself what its store is. */
static int umount_bundle(const struct home *h, struct err *e)
{
	autofree char *target = home_target(h);

	return overlay_unmount(target, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *s = NULL;
	int r = overlay_may_mount(e);

	if (r >= 0 && !v->all == !n)
		r = err_set(e, IMAGE_EUSAGE, "name what to unmount, or give --all");
	for (int i = 0; i < n && r >= 0; i++) {
		auto_(home) struct home h = { 0 };

		if (home_read(args[i], HOME_BUNDLE, &h, NULL) >= 0) {
			r = umount_bundle(&h, e);
			continue;
		}
		if (!s)
			r = globals_open_store(global, STORE_WRITE, &s, e);
		if (r >= 0)
			r = umount_one(s, args[i], e);
	}
	if (r >= 0 && v->all) {
		r = globals_open_store(global, STORE_WRITE, &s, e);
		if (r >= 0)
			r = umount_one(s, NULL, e);
	}
	return r;
}

const struct verb verb_umount = {
	.name = "umount",
	.alias = "unmount",
	.args = "[IMAGE | DIR | BUNDLE...]",
	.summary = "take a mount away",
	.details =
		"What was written to a mount of an image is forgotten; a bundle keeps it, and\n"
		"'creel-image mount BUNDLE' brings it back.  A bundle is removed by unmounting it\n"
		"and 'rm -r'.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 0,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
