/* SPDX-License-Identifier: Apache-2.0 */
/* Form "dir": a directory with the layer's files in overlayfs's terms. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/snapshot/form.h"
#include "imagetool/snapshot/implied.h"
#include "libutil/dir.h"

#define TREE_NAME "fs"
#define TREE_MODE 0755

static bool is_usable(const struct store *s UNUSED, struct err *e UNUSED)
{
	return true;
}

static void take_facts(const struct apply_facts *f, struct snapshot_info *info)
{
	info->size = (int64_t)f->size;
	info->entries = (int64_t)f->entries;
	info->root_stated = f->root_stated;
	info->root_mode = f->root_mode;
	info->root_uid = f->root_uid;
	info->root_gid = f->root_gid;
	info->root_mtime = f->root_mtime;
	info->root_opaque = f->root_opaque;
	info->redo = f->redo;
	strv_add_all(&info->implied, strv_argv(&f->implied));
	strv_add_all(&info->whiteout_dirs, strv_argv(&f->whiteout_dirs));
}

static int make_tree(const struct snapshot_job *job, struct tar_reader *t,
		     struct snapshot_info *info, struct err *e)
{
	auto_(apply) struct apply *a = NULL;
	autofd int rootfd = -1;
	const struct apply_notes *notes;
	int r;

	if (mkdirat(job->dirfd, TREE_NAME, TREE_MODE) < 0)
		return err_sys(e, "make directory '%s'", TREE_NAME);
	rootfd = dir_open_at(job->dirfd, TREE_NAME, e);
	if (rootfd < 0)
		return rootfd;
	a = apply_new_overlay(rootfd, job->lower, job->trusted);
	r = apply_layer(a, t, e);
	if (r < 0)
		return r;
	notes = apply_notes(a);
	job->notes->devices += notes->devices;
	job->notes->xattrs += notes->xattrs;
	take_facts(apply_facts(a), info);
	return 0;
}

static int open_tree(int dirfd, struct err *e)
{
	return dir_open_at(dirfd, TREE_NAME, e);
}

static int copy_attributes(void *ctx UNUSED, int treefd, const char *path,
			   const struct view_found *below, struct err *e)
{
	int r = view_copy_attributes(below, treefd, path, geteuid() == 0, e);

	return r < 0 ? r : 1;
}

static int amend(const struct snapshot_job *job, const struct snapshot_info *info, struct err *e)
{
	autofd int treefd = open_tree(job->dirfd, e);
	int r = treefd < 0 ? treefd : implied_amend(job, info, treefd, copy_attributes, NULL, e);

	/* Behind a directory that its own layer closed to its owner. */
	return r == -EACCES ? 0 : r;
}

const struct snapshot_form snapshot_form_dir = {
	.id = SNAPSHOT_DIR,
	.name = "dir",
	.member = TREE_NAME,
	.usable = is_usable,
	.make = make_tree,
	.open_tree = open_tree,
	.amend = amend,
};
