/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/erofs/layer.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/sys.h"

static int configure(const char *path, struct err *e)
{
	autofd int fs = sys_fsopen("erofs", FSOPEN_CLOEXEC);

	if (fs < 0)
		return errno == ENODEV ? err_set(e, ENOTSUP, "this kernel has no EROFS")
				       : err_sys(e, "open a file system of type EROFS");
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", path, 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		return err_sys(e, "mount '%s' as EROFS", path);
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		if (errno == ENOTBLK)
			return err_set(
				e, ENOTSUP,
				"the kernel mounts no EROFS images from files of this file system "
				"(Linux 6.12 does, but not from tmpfs)");
		return err_sys(e, "mount '%s' as EROFS", path);
	}
	return steal_fd(&fs);
}

static int check_ours(int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at a snapshot");
	if (S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	return err_set(
		e, EPERM,
		"a file system image that others may have written is not mounted: remove the "
		"store's snapshots, and use --snapshots=dir for the store of another user");
}

int erofs_mount_fd(int fd, struct err *e)
{
	char path[FD_PATH_SIZE];
	int mount, r = check_ours(fd, e);
	autofd int fs = r < 0 ? r : configure(fd_path(fd, path), e);

	if (fs < 0)
		return fs;
	mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	return mount < 0 ? err_sys(e, "mount '%s' as EROFS", path) : mount;
}

int erofs_probe(int dirfd, struct err *e)
{
	auto_(erofs_layer) struct erofs_layer *l = NULL;
	auto_(erofs_result) struct erofs_result result = { 0 };
	autofd int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[FD_PATH_SIZE];
	autofd int fs = -1;
	int r;

	if (fd < 0)
		return err_sys(e, "create a file");
	l = erofs_layer_new(fd, NULL);
	r = erofs_layer_finish(l, &result, e);
	if (r < 0)
		return r;
	fs = configure(fd_path(fd, path), e);
	return fs < 0 ? fs : 0;
}
