/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/strv.h"
#include "libutil/sys.h"

#define SELF "/proc/self/exe"

/* The kernel's own limit for arguments and environment together is a quarter of the stack. */
#define CMDLINE_MAX ((size_t)8 << 20)

#define COPY_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* 6.3; a sysctl may make it the demanded one of two */
#endif

/* What selfexe_early.c left open; 0: nothing. */
int selfexe_clone __attribute__((visibility("hidden")));

/* A mount that is read-only answers every open for writing with EROFS, whoever asks, also through
 * /proc/PID/exe: the flag is that of the mount the file was executed from. */
static bool is_on_readonly_mount(int fd)
{
	struct statvfs st;

	return fstatvfs(fd, &st) == 0 && (st.f_flag & ST_RDONLY);
}

static bool is_sealed_copy(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & COPY_SEALS) == COPY_SEALS;
}

static int is_protected(bool *ret, struct err *e)
{
	autofd int fd = -1;
	struct statvfs st;

	/* Mostly, and then the file need not be opened. */
	if (statvfs(SELF, &st) == 0 && (st.f_flag & ST_RDONLY)) {
		*ret = true;
		return 0;
	}
	fd = open(SELF, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '" SELF "'");
	*ret = is_on_readonly_mount(fd) || is_sealed_copy(fd);
	return 0;
}

/* Needs Linux 5.12 and CAP_SYS_ADMIN. */
static int readonly_clone(struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	autofd int fd = sys_open_tree(AT_FDCWD, SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "clone the mount of '" SELF "'");
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_sys(e, "make a mount read-only");
	if (!is_on_readonly_mount(fd))
		return err_set(e, EINVAL, "a mount that was made read-only is not");
	return steal_fd(&fd);
}

static int sealed_copy(struct err *e)
{
	autofd int from = open(SELF, O_RDONLY | O_CLOEXEC);
	autofd int fd = memfd_create("creel", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int r;

	if (from < 0)
		return err_sys(e, "open '" SELF "'");
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("creel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, "make a file in memory");
	r = file_copy(from, fd, NULL, e);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, COPY_SEALS) < 0 || !is_sealed_copy(fd))
		return err_sys(e, "seal a file in memory");
	return steal_fd(&fd);
}

static int execute(int fd, struct err *e)
{
	autofree char *text = NULL;
	auto_(strv) struct strv argv = { 0 };
	size_t len = 0;
	int r = file_read_at(AT_FDCWD, "/proc/self/cmdline", CMDLINE_MAX, &text, &len, e);

	if (r < 0)
		return r;
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		strv_add(&argv, text + at);
	(void)syscall(SYS_execveat, fd, "", strv_argv(&argv), environ, AT_EMPTY_PATH);
	return err_sys(e, "execute");
}

static void hand_over_clone(int *ret)
{
	int fd = selfexe_clone;

	selfexe_clone = 0;
	if (ret)
		*ret = fd;
	else if (fd > 0)
		(void)close(fd);
}

int selfexe_protect(int *ret_clonefd, struct err *e)
{
	static int (*const ways[])(struct err *) = { readonly_clone, sealed_copy };
	bool protected = false;
	int r;

	hand_over_clone(ret_clonefd);
	r = is_protected(&protected, e);

	if (r < 0)
		return r;
	if (protected) {
		/* execveat() left a descriptor's number as our name in ps. */
		(void)prctl(PR_SET_NAME, "creel", 0, 0, 0);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct err why = { 0 };
		autofd int fd = ways[i](&why);

		/* Returns only when it failed. */
		if (fd >= 0)
			(void)execute(fd, &why);
		log_debug("protect our own program file: %s", why.msg);
		if (i + 1 == ARRAY_LEN(ways))
			return err_set(e, why.code, "protect our own program file: %s", why.msg);
	}
	return 0;
}
