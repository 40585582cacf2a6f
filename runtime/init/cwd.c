/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "runtime/init/stage.h"

int cwd_make(struct init *in, struct err *e)
{
	struct err why = { 0 };
	autofd int fd = -1;
	struct stat st;

	/* The usual case costs one call. */
	if (stat(in->process->cwd, &st) == 0 || errno != ENOENT)
		return 0;
	fd = beneath_mkdir_p(in->rootfd, in->process->cwd, 0755, BENEATH_CHROOT, &why);
	/* On a read-only root the message of chdir() says more. */
	if (fd < 0 && fd != -EROFS && fd != -EACCES)
		return err_set(e, -fd, "process.cwd: %s", why.msg);
	return 0;
}

/*
 * CVE-2024-21626: /proc/self/fd/N as a working directory is a directory of the host.  The kernel
 * says
 * "(unreachable)/..." when it is asked for the way from the root.  The C library's getcwd() must
 * not be asked: for such an answer it walks up by itself and finds a path that looks well.
 */
static int check_inside(const char *cwd, struct err *e)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof(path)) > 0 && path[0] == '/')
		return 0;
	return err_set(e, EPERM, "process.cwd: '%s' is outside the container's root", cwd);
}

int cwd_enter_early(struct init *in, struct err *e)
{
	if (chdir(in->process->cwd) < 0)
		return 0;
	in->in_cwd = true;
	return check_inside(in->process->cwd, e);
}

int cwd_enter(struct init *in, struct err *e)
{
	if (in->in_cwd)
		return 0;
	if (chdir(in->process->cwd) < 0)
		return err_sys(e, "process.cwd: enter '%s'", in->process->cwd);
	return check_inside(in->process->cwd, e);
}
