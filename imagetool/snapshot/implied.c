/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/implied.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/dir.h"

static int has_content(int dirfd, const char *name, unsigned char type UNUSED, void *ctx UNUSED,
		       struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", name);
	return !overlay_is_whiteout(&st);
}

/* Nothing is below.  What holds only whiteouts was made for them alone, and is not there when it is
 * made again. */
static int check_new(int treefd, const char *path, struct err *e)
{
	autofd int fd = dir_open_at(treefd, path, e);

	return fd < 0 ? fd : dir_each(fd, has_content, NULL, e);
}

int implied_amend(const struct snapshot_job *job, const struct snapshot_info *info, int treefd,
		  implied_fn *amend, void *ctx, struct err *e)
{
	int r = 1;

	/* The last one first: it may be closed to us once it has its mode. */
	for (size_t i = info->implied.n; r > 0 && i > 0; i--) {
		auto_(view_found) struct view_found below = { .dirfd = -1 };
		const char *path = info->implied.v[i - 1];

		r = view_find(job->lower, path, &below, e);
		if (r < 0)
			return r;
		if (below.kind == VIEW_NONE)
			r = check_new(treefd, path, e);
		else
			r = below.kind == VIEW_DIR ? amend(ctx, treefd, path, &below, e) : 0;
	}
	return r;
}
