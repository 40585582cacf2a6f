/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a directory can hold what is written to an overlay, by doing it: where
 * another overlay, a network file system or a missing kind of attributes lies
 * below, the mount fails, or only the removal of a file that is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/view.h"
#include "imagetool/mount/overlay.h"
#include "libutil/dir.h"
#include "libutil/fd.h"

#define LOWER          "lower"
#define FILE_GONE      "file"
#define DIR_MADE_AGAIN "dir"

static int make_lower(int dirfd, struct err *e)
{
	static const char *const dirs[] = { LOWER, LOWER "/" DIR_MADE_AGAIN };
	autofd int fd = -1;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (mkdirat(dirfd, dirs[i], 0755) < 0)
			return err_sys(e, "make directory '%s'", dirs[i]);
	fd = openat(dirfd, LOWER "/" FILE_GONE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? err_sys(e, "create a file") : 0;
}

static int change(int rootfd, struct err *e)
{
	if (unlinkat(rootfd, FILE_GONE, 0) < 0)
		return err_sys(e, "remove a file of a layer below");
	if (unlinkat(rootfd, DIR_MADE_AGAIN, AT_REMOVEDIR) < 0 ||
	    mkdirat(rootfd, DIR_MADE_AGAIN, 0755) < 0)
		return err_sys(e, "make a directory of a layer below anew");
	return 0;
}

static int check_upper(int dirfd, struct err *e)
{
	autofd int fd = dir_open_at(dirfd, OVERLAY_UPPER, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstatat(fd, FILE_GONE, &st, AT_SYMLINK_NOFOLLOW) < 0 || !overlay_is_whiteout(&st) ||
	    !overlay_is_opaque(fd, DIR_MADE_AGAIN))
		return err_set(e, ENOTSUP, "an overlay there does not keep what is removed");
	return 0;
}

int overlay_probe(int dirfd, struct err *e)
{
	char text[FD_PATH_SIZE], path[FD_PATH_SIZE + sizeof(LOWER)];
	struct snapshot_lower lower = { .form = SNAPSHOT_DIR, .path = path };
	const struct snapshot_stack stack = { .lower = &lower, .n = 1, .root = { .mode = 0755 } };
	autofd int fd = -1;
	int r = make_lower(dirfd, e);

	(void)snprintf(path, sizeof(path), "%s/" LOWER, fd_path(dirfd, text));
	if (r >= 0)
		r = overlay_prepare(dirfd, &stack, true, e);
	if (r < 0)
		return r;
	fd = overlay_mount(dirfd, &stack, OVERLAY_BUILD, NULL, e);
	if (fd < 0)
		return fd;
	r = change(fd, e);
	return r < 0 ? r : check_upper(dirfd, e);
}
