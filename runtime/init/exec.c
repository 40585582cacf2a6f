/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "libutil/sig.h"
#include "runtime/init/stage.h"

/* For containers whose environment has no PATH. */
#define DEFAULT_PATH  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_UMASK 0022
#define FIRST_FD      3

/* 0: a regular file this process, as the container's user, may execute; else a negative errno. */
static int probe(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	/* EPERM comes from filters older than faccessat2(2); execve() will say. */
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 && errno != EPERM ? -errno : 0;
}

static int search(struct init *in, const char *name, struct err *e)
{
	const char *path = strv_env_get(&in->env, "PATH");
	auto_(strv) struct strv dirs = { 0 };
	int worst = -ENOENT;

	strv_split(&dirs, path ? path : DEFAULT_PATH, ':', false);
	for (size_t i = 0; i < dirs.n; i++) {
		autofree char *file = path_join(dirs.v[i][0] ? dirs.v[i] : ".", name);
		int r = probe(file);

		if (r == 0) {
			in->exe = steal_ptr(&file);
			return 0;
		}
		if (r == -EACCES)
			worst = r;
	}
	if (worst == -EACCES)
		return err_set(e, EACCES, "exec '%s': permission denied", name);
	return err_set(e, ENOENT, "exec '%s': executable file not found in $PATH", name);
}

/* The words below are what engines look for to say 126 or 127; some know of a directory, others do
 * not. */
static int explain(const char *path, int error, struct err *e)
{
	if (error == ENOENT)
		return err_set(e, ENOENT, "exec '%s': no such file or directory", path);
	if (error == EACCES)
		return err_set(e, EACCES, "exec '%s': permission denied", path);
	if (error == EISDIR)
		return err_set(e, EACCES, "exec '%s': permission denied: is a directory", path);
	if (error == ENOEXEC)
		return err_set(e, ENOEXEC, "exec '%s': exec format error", path);
	return err_set(e, error, "exec '%s': %s", path, strerror(error));
}

int exec_look_up(struct init *in, struct err *e)
{
	const char *name = in->process->args.n > 0 ? in->process->args.items[0] : "";
	int r;

	if (name[0] == '\0')
		return err_set(e, EINVAL, "process.args: no program to execute");
	if (!strchr(name, '/'))
		return search(in, name, e);
	r = probe(name);
	if (r < 0)
		return explain(name, -r, e);
	in->exe = xstrdup(name);
	return 0;
}

/*
 * A descriptor of the host that is open when execve() looks up its path is a way out
 * (CVE-2024-21626), so close-on-exec is not enough: the only one left is the socket to report a
 * failing execve() to, which leads nowhere.
 */
static int close_others(const struct init *in, struct err *e)
{
	unsigned first = FIRST_FD + in->job->listen_fds + in->job->preserve_fds;

	return fd_close_from(-1, (int)first, &in->failfd, 1, e);
}

int exec_program(struct init *in, struct err *e)
{
	const struct spec_user *u = in->process->user;
	char *const *argv = (char *const *)(uintptr_t)in->process->args.items;
	int r;

	(void)umask(u && u->umask.set ? (mode_t)(u->umask.v & 0777) : DEFAULT_UMASK);
	sig_reset_all();
	r = landlock_restrict(in, e);
	if (r >= 0)
		r = close_others(in, e);
	if (r < 0)
		return r;
	/* Last of all but execve(), so that a profile need not allow what the runtime does. */
	if (!seccomp_has_listener(in)) {
		r = seccomp_install(in, e);
		if (r < 0)
			return r;
	}
	(void)execve(in->exe, argv, strv_argv(&in->env));
	return explain(in->exe, errno, e);
}
