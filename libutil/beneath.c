/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/beneath_walk.h"
#include "libutil/cleanup.h"
#include "libutil/sys.h"

/* A rename or mount somewhere on the system makes openat2(2) answer EAGAIN to a path with "..". */
#define OPENAT2_TRIES 32

static const uint64_t rule_resolve[] = {
	[BENEATH_CHROOT] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	[BENEATH_STRICT] = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
};

/*
 * Strict paths are judged as text before the kernel sees them: RESOLVE_BENEATH
 * would allow "a/../b", and a path that names its way up is never honest.
 */
static int check_text(const char *path, enum beneath_rule rule, struct err *e)
{
	if (path[0] == '\0')
		return err_set(e, ENOENT, "empty path");
	if (strlen(path) >= PATH_MAX)
		return err_set(e, ENAMETOOLONG, "path '%.64s…': longer than %d bytes", path,
			       PATH_MAX - 1);
	if (rule == BENEATH_CHROOT)
		return 0;
	if (path[0] == '/')
		return err_set(e, EXDEV, "'%s': an absolute path is not allowed here", path);
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (at[0] == '.' && at[1] == '.' && (at[2] == '/' || at[2] == '\0'))
			return err_set(e, EXDEV, "'%s': '..' is not allowed here", path);
	}
	return 0;
}

/* openat2(2), or -EAGAIN when it can't be had and the walk has to do it. */
static int try_openat2(int rootfd, const char *path, int flags, mode_t mode, enum beneath_rule rule)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
				.mode = mode,
				.resolve = rule_resolve[rule] };

	for (int i = 0; i < OPENAT2_TRIES; i++) {
		int fd = sys_openat2(rootfd, path, &how, sizeof(how));

		if (fd >= 0)
			return fd;
		if (sys_is_refused(errno))
			return -EAGAIN;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

static bool makes_file(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

/* Returns a descriptor or a negative errno; the caller finds the words. */
static int open_quietly(int rootfd, const char *path, int flags, mode_t mode,
			enum beneath_rule rule)
{
	int fd;

	/* openat2(2) is stricter than open(2): a mode without a file to make is EINVAL. */
	if (!makes_file(flags))
		mode = 0;
	fd = try_openat2(rootfd, path, flags, mode, rule);
	return fd == -EAGAIN ? beneath_walk_open(rootfd, path, flags, mode, rule) : fd;
}

int beneath_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_rule rule,
		 struct err *e)
{
	int fd = check_text(path, rule, e);

	if (fd < 0)
		return fd;
	fd = open_quietly(rootfd, path, flags, mode, rule);
	if (fd < 0)
		return err_set(e, -fd, "open '%s' below the root: %s", path, strerror(-fd));
	return fd;
}

int beneath_open_parent(int rootfd, const char *path, enum beneath_rule rule, char **ret_name,
			struct err *e)
{
	autofree char *name = NULL, *parent = NULL;
	size_t end = strlen(path), start;
	int fd = check_text(path, rule, e);

	if (fd < 0)
		return fd;
	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/';)
		start--;
	name = xstrndup(path + start, end - start);
	if (name[0] == '\0' || streq(name, ".") || streq(name, ".."))
		return err_set(e, EINVAL, "path '%s' does not end in a name", path);
	parent = start > 0 ? xstrndup(path, start) : xstrdup(".");
	fd = open_quietly(rootfd, parent, O_PATH | O_DIRECTORY, 0, rule);
	if (fd < 0)
		return err_set(e, -fd, "open '%s' below the root: %s", parent, strerror(-fd));
	*ret_name = steal_ptr(&name);
	return fd;
}

int beneath_mkdir_p(int rootfd, const char *path, mode_t mode, enum beneath_rule rule,
		    struct err *e)
{
	int fd = check_text(path, rule, e);

	if (fd < 0)
		return fd;
	fd = open_quietly(rootfd, path, O_PATH | O_DIRECTORY, 0, rule);
	if (fd == -ENOENT)
		fd = beneath_walk_make(rootfd, path, WALK_MAKE_DIR, mode, rule);
	if (fd < 0)
		return err_set(e, -fd, "make directory '%s' below the root: %s", path,
			       strerror(-fd));
	return fd;
}

static int check_target(int fd, const char *path, bool want_dir, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s' below the root", path);
	if (want_dir && !S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "target '%s' is not a directory", path);
	if (!want_dir && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "target '%s' is a directory, a file is needed", path);
	return 0;
}

int beneath_make_target(int rootfd, const char *path, bool want_dir, struct err *e)
{
	autofd int fd = check_text(path, BENEATH_CHROOT, e);
	int r;

	if (fd < 0)
		return fd;
	fd = open_quietly(rootfd, path, O_PATH, 0, BENEATH_CHROOT);
	if (fd == -ENOENT)
		fd = beneath_walk_make(rootfd, path, want_dir ? WALK_MAKE_DIR : WALK_MAKE_FILE,
				       0755, BENEATH_CHROOT);
	if (fd < 0)
		return err_set(e, -fd, "make target '%s' below the root: %s", path, strerror(-fd));
	r = check_target(fd, path, want_dir, e);
	return r < 0 ? r : steal_fd(&fd);
}
