/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/sys.h"

/* The kernel gives the root of every procfs this inode number. */
#define PROC_ROOT_INO 1

int procfs_check(int fd, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "stat '/proc'");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return err_set(e, ENXIO, "what is mounted on '/proc' is not a procfs");
	return 0;
}

static int make_mount(void)
{
	autofd int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return sys_fsmount(fs, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int procfs_private(struct err *e)
{
	int fd = make_mount();

	return fd < 0 ? err_sys(e, "make a procfs") : fd;
}

int procfs_open_host(struct err *e)
{
	autofd int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "open '/proc'");
	r = procfs_check(fd, e);
	return r < 0 ? r : steal_fd(&fd);
}

int procfs_self(int procfd, char buf[PROCFS_SELF_SIZE], struct err *e)
{
	ssize_t n = readlinkat(procfd, "self", buf, PROCFS_SELF_SIZE - 1);

	if (n < 0)
		return err_sys(e, "read '/proc/self'");
	buf[n] = '\0';
	return 0;
}

/* Without openat2(2): no link is followed, and the file found must be a procfs's. */
static int open_checked(int procfd, const char *path, int flags, struct err *e)
{
	autofd int fd = beneath_open(procfd, path, flags, 0, BENEATH_STRICT, e);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(e, "stat '/proc/%s'", path);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, EXDEV, "'/proc/%s' is covered by another file system", path);
	return steal_fd(&fd);
}

int procfs_open(int procfd, const char *path, int flags, struct err *e)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
					   RESOLVE_NO_MAGICLINKS };
	int fd = sys_openat2(procfd, path, &how, sizeof(how));

	if (fd < 0 && errno == ENOSYS)
		return open_checked(procfd, path, flags, e);
	if (fd < 0 && errno == EXDEV)
		return err_set(e, EXDEV, "'/proc/%s' is covered by a mount", path);
	return fd < 0 ? err_sys(e, "open `/proc/%s`", path) : fd;
}

int procfs_write(int procfd, const char *path, const char *text, struct err *e)
{
	autofd int fd = procfs_open(procfd, path, O_WRONLY, e);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	if (n < 0)
		return err_sys(e, "write '%s' to `/proc/%s`", text, path);
	if ((size_t)n != len)
		return err_set(e, EIO, "write '%s' to `/proc/%s`: only %zd bytes were taken", text,
			       path, n);
	return 0;
}
