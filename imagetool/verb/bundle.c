/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/bundle/origin.h"
#include "imagetool/bundle/plan.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/mount/bundle_root.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/mount/userns.h"
#include "imagetool/program.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/unpack/staging.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

enum rootfs_choice { ROOTFS_AUTO, ROOTFS_OVERLAY, ROOTFS_COPY };
static const char *const rootfs_choices[] = { "auto", "overlay", "copy", NULL };

struct values {
	const char *platform;
	int rootfs, form;
	bool subids;
	struct container_options container;
};

static const struct opt opts[] = {
	CONTAINER_OPTION_ROWS(offsetof(struct values, container)){
		.name = "platform",
		.kind = OPT_STRING,
		.offset = offsetof(struct values, platform),
		.arg = "OS/ARCH[/VARIANT]",
		.help = "which member of a multi-platform image; by default this machine's" },
	{ .name = "rootfs",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, rootfs),
	  .choices = rootfs_choices,
	  .help = "the image's layers mounted over one another, or a copy of the files; by default "
		  "an overlay where it can be mounted" },
	{ .name = "snapshots",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, form),
	  .choices = snapshot_choices,
	  .help = "what layers are kept as for an overlay; by default erofs where it can be "
		  "mounted" },
	{ .name = "subids",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, subids),
	  .help = "for an ordinary user: files keep their owners, among the ids that /etc/subuid and "
		  "/etc/subgid give, and the container has these ids" },
	OPT_END,
};

struct making {
	struct store *store;
	bool writable; /* the store is */
	const struct values *values;
	const struct image *image;
	struct bundle_plan plan;
	struct apply_notes notes;
};

static void making_done(struct making *m)
{
	bundle_plan_done(&m->plan);
}
AUTO_DEFINE_DONE(making, making_done)

/* Returns a descriptor of the root directory, which `overlay` owns if it is one, else `copyfd`. */
static int make_rootfs(struct making *m, const struct staging *stage, const char *dir,
		       struct bundle_root *overlay, int *copyfd, struct err *e)
{
	int choice = m->values->rootfs, r;

	if (choice == ROOTFS_OVERLAY || (choice == ROOTFS_AUTO && m->writable)) {
		struct apply_notes notes = { 0 };

		r = bundle_root_begin(overlay, m->store, m->image, stage->fd, dir,
				      (enum snapshot_choice)m->values->form, &notes, e);
		if (r >= 0)
			m->notes = notes;
		if (r >= 0 || choice == ROOTFS_OVERLAY || r == -IMAGE_EVERIFY || r == -EINTR)
			return r < 0 ? r : overlay->rootfd;
		log_debug("no overlay: %s", e ? e->msg : "");
		err_clear(e);
	}
	*copyfd = rootfs_unpack(m->store, m->image, stage->fd, NULL, &m->notes, e);
	return *copyfd;
}

static int make(struct making *m, const char *dir, struct err *e)
{
	/* Released last: what was staged is gone when the signal arrives. */
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging) struct staging stage = STAGING_INIT;
	auto_(bundle_root) struct bundle_root overlay = BUNDLE_ROOT_INIT;
	autofd int copyfd = -1;
	int r, rootfd;

	interrupt_hold(&held);
	/* Directories that are made in the container are for everyone there; the bundle itself is
	 * 0700: it may hold setuid programs. */
	(void)umask(022);
	r = staging_begin(dir, &stage, e);
	if (r < 0)
		return r;
	rootfd = make_rootfs(m, &stage, dir, &overlay, &copyfd, e);
	if (rootfd < 0)
		return rootfd;
	r = bundle_plan_write(&m->plan, stage.fd, rootfd, e);
	if (r >= 0)
		r = origin_write(stage.fd, m->image, overlay.rootfd >= 0 ? OVERLAY_UPPER : NULL, e);
	if (r >= 0)
		r = staging_commit(&stage, NULL, e);
	if (r < 0 || overlay.rootfd < 0)
		return r;
	r = bundle_root_finish(&overlay, m->store, m->image, dir, e);
	return r < 0 ? err_wrap(e, r, "'%s' is made, but not mounted: try 'creel-image mount'", dir)
		     : 0;
}

static void warn(const struct making *m)
{
	const struct cdi_devices *cdi = &m->plan.cdi.devices;

	for (size_t i = 0; i < cdi->n_broken; i++)
		log_warning("not used: %s", cdi->broken[i].why);
	rootfs_warn(&m->notes);
	if (m->plan.notes.labels)
		log_warning(
			"%zu labels were left out of the annotations: a runtime would obey them",
			m->plan.notes.labels);
	if (m->plan.mounts.consistency)
		log_warning("consistency of mounts means nothing here: all see the same files");
}

/* An overlay's layers are made in the store; a copy needs no more than to read it. */
static int open_store(const void *global, const struct values *v, struct store **ret,
		      bool *ret_writable, struct err *e)
{
	bool may = v->rootfs == ROOTFS_OVERLAY ||
		   (v->rootfs == ROOTFS_AUTO && overlay_may_mount(NULL) >= 0);

	*ret_writable = may && globals_open_store(global, STORE_WRITE, ret, e) >= 0;
	if (*ret_writable)
		return 0;
	if (v->rootfs == ROOTFS_OVERLAY)
		return e ? -e->code : -EROFS;
	err_clear(e);
	return globals_open_store(global, STORE_READ, ret, e);
}

/* ---- With the ids of /etc/subuid ---- */

struct id_mappings {
	struct spec_id_mapping *uids, *gids; /* owned */
	size_t n_uids, n_gids;
};

static void id_mappings_done(struct id_mappings *m)
{
	free(m->uids);
	free(m->gids);
}
AUTO_DEFINE_DONE(id_mappings, id_mappings_done)

static int read_mappings(bool groups, struct spec_id_mapping **ret, size_t *ret_n, struct err *e)
{
	autofree struct id_map *maps = NULL;
	int r = userns_maps(groups, &maps, ret_n, e);

	if (r < 0)
		return r;
	*ret = xcalloc(*ret_n, sizeof(**ret));
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = (struct spec_id_mapping){ { true, maps[i].inside },
						      { true, maps[i].outside },
						      { true, maps[i].count } };
	return 0;
}

static int use_mappings(struct bundle_plan *p, struct id_mappings *m, struct err *e)
{
	int r = read_mappings(false, &m->uids, &m->n_uids, e);

	if (r >= 0)
		r = read_mappings(true, &m->gids, &m->n_gids, e);
	if (r >= 0 && m->n_uids < 2)
		return err_set(
			e, EPERM,
			"--subids: there is only your own id: /etc/subuid and /etc/subgid have to "
			"give you a range (usermod --add-subuids), and newuidmap (package uidmap) "
			"has to be there");
	p->uid_maps.items = m->uids;
	p->uid_maps.n = m->n_uids;
	p->gid_maps.items = m->gids;
	p->gid_maps.n = m->n_gids;
	return r;
}

/* In a namespace whose mounts nobody else sees, files have to be files. */
static int check_subids(const struct values *v, struct err *e)
{
	if (v->rootfs == ROOTFS_OVERLAY)
		return err_set(e, IMAGE_EUSAGE,
			       "--subids makes a copy: --rootfs=overlay is not possible");
	if (geteuid() == 0 && !userns_is_inside())
		return err_set(e, IMAGE_EUSAGE, "--subids is for ordinary users: root has all ids");
	return 0;
}

/* 1: go on here; else it was done in there, and this is the exit status. */
static int reenter(const void *global, const struct values *v, int *ret_status, struct err *e)
{
	autofree char *store = NULL;
	int r = v->subids ? check_subids(v, e) : 0;

	if (r < 0 || !v->subids || geteuid() == 0)
		return r < 0 ? r : 1;
	r = globals_store_path(global, &store, e);
	if (r >= 0)
		r = *ret_status = userns_reenter(store, e);
	return r < 0 ? r : 0;
}

static int make_bundle(const void *global, struct values *v, char *const *args, struct err *e)
{
	auto_(store) struct store *s = NULL;
	auto_(image) struct image img = { 0 };
	auto_(making) struct making m = { .image = &img, .values = v };
	auto_(id_mappings) struct id_mappings ids = { 0 };
	struct platform platform;
	int r = v->platform ? platform_of_option(v->platform, &platform, e) : 0;

	if (v->subids)
		v->rootfs = ROOTFS_COPY;
	if (r >= 0 && v->subids)
		r = use_mappings(&m.plan, &ids, e);
	if (r >= 0)
		r = open_store(global, v, &s, &m.writable, e);
	if (r >= 0)
		r = image_load(s, args[0], v->platform ? &platform : NULL, &img, e);
	if (r >= 0 && !img.config)
		r = err_set(e, EINVAL, "'%s' is not a container image", args[0]);
	if (r >= 0)
		r = image_usage(
			bundle_plan_make(&v->container, img.config, args[1], args + 2, &m.plan, e));
	m.store = s;
	if (r >= 0)
		r = make(&m, args[1], e);
	if (r >= 0)
		warn(&m);
	return r;
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	int status = 0, r = reenter(global, values, &status, e);

	return r > 0 ? make_bundle(global, values, args, e) : r < 0 ? r : status;
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
		"An overlay is ready at once, whatever the image's size: rootfs/ shows the layers, which all\n"
		"bundles share, and upper/ takes what is written.  DIR is removed by 'creel-image umount DIR'\n"
		"and 'rm -r DIR'; after a restart 'creel-image mount DIR' mounts it again.  With\n"
		"--rootfs=copy, and where nothing can be mounted, rootfs/ has files of its own.\n"
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
