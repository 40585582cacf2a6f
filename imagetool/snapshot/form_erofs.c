/* SPDX-License-Identifier: Apache-2.0 */
/* Form "erofs": a file system image.  Only root can mount one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/erofs/layer.h"
#include "imagetool/erofs/mount.h"
#include "imagetool/erofs/patch.h"
#include "imagetool/snapshot/form.h"
#include "imagetool/snapshot/implied.h"
#include "imagetool/snapshot/lower_erofs.h"
#include "libutil/dir.h"

#define IMAGE_NAME "fs.erofs"

static bool is_usable(const struct store *s, struct err *e)
{
	autofd int fd = dir_open_at(store_dirfd(s), "tmp", e);

	return fd >= 0 && erofs_probe(fd, e) >= 0;
}

static void take_result(struct erofs_result *r, struct snapshot_info *info)
{
	info->size = (int64_t)r->bytes;
	info->entries = (int64_t)r->entries;
	info->root_stated = r->root_stated;
	info->root_mode = r->root_mode;
	info->root_uid = r->root_uid;
	info->root_gid = r->root_gid;
	info->root_mtime = r->root_mtime;
	info->root_opaque = r->root_opaque;
	info->redo = r->redo;
	info->implied = r->implied;
	info->whiteout_dirs = r->whiteout_dirs;
	*r = (struct erofs_result){ 0 };
}

static int make_image(const struct snapshot_job *job, struct tar_reader *t,
		      struct snapshot_info *info, struct err *e)
{
	struct erofs_lower lower = lower_of_view(job->lower);
	auto_(erofs_result) struct erofs_result result = { 0 };
	autofd int fd = openat(job->dirfd, IMAGE_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return err_sys(e, "create '%s'", IMAGE_NAME);
	r = erofs_layer_write(fd, job->lower ? &lower : NULL, t, &result, e);
	if (r < 0)
		return r;
	job->notes->xattrs += result.lost_xattrs;
	take_result(&result, info);
	return 0;
}

static int open_tree(int dirfd, struct err *e)
{
	autofd int fd = openat(dirfd, IMAGE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open '%s'", IMAGE_NAME) : erofs_mount_fd(fd, e);
}

/* Extended attributes have no room behind an inode that has none. */
static int patch_attributes(void *ctx, int treefd, const char *path, const struct view_found *below,
			    struct err *e)
{
	const int *fd = ctx;
	struct stat st;
	int r = lower_has_xattrs(below, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (fstatat(treefd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", path);
	return erofs_patch_dir(*fd, st.st_ino, &below->st, e);
}

static int amend(const struct snapshot_job *job, const struct snapshot_info *info, struct err *e)
{
	autofd int fd = openat(job->dirfd, IMAGE_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	autofd int treefd = -1;

	if (fd < 0)
		return err_sys(e, "open '%s'", IMAGE_NAME);
	treefd = erofs_mount_fd(fd, e);
	return treefd < 0 ? treefd : implied_amend(job, info, treefd, patch_attributes, &fd, e);
}

const struct snapshot_form snapshot_form_erofs = {
	.id = SNAPSHOT_EROFS,
	.name = "erofs",
	.member = IMAGE_NAME,
	.usable = is_usable,
	.make = make_image,
	.open_tree = open_tree,
	.amend = amend,
};
