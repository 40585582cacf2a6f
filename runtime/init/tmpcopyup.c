/* SPDX-License-Identifier: Apache-2.0 */
/* A tmpfs that starts with what the image has there.  The tree is the image's: names are taken from
 * directories by descriptor, no link is followed, depth is bounded. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "runtime/init/mount_op.h"

#define DEPTH_MAX       256
#define XATTR_NAMES_MAX ((size_t)64 << 10)
#define XATTR_VALUE_MAX ((size_t)64 << 10)

struct copy {
	int tofd;
	int depth;
};

/* A tmpfs takes what it can; labels and capabilities matter, attributes of another file system not.
 */
static void copy_xattrs(int from, int to)
{
	autofree char *names = xcalloc(XATTR_NAMES_MAX, 1);
	autofree char *value = NULL;
	ssize_t n = flistxattr(from, names, XATTR_NAMES_MAX);

	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t len;

		if (!value)
			value = xcalloc(XATTR_VALUE_MAX, 1);
		len = fgetxattr(from, name, value, XATTR_VALUE_MAX);
		if (len >= 0)
			(void)fsetxattr(to, name, value, (size_t)len, 0);
	}
}

/* Owner first: chown clears the set-id bits of the mode. */
static int copy_meta(int from, int to, const struct stat *st, struct err *e)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return err_sys(e, "copy owner and mode");
	copy_xattrs(from, to);
	if (futimens(to, times) < 0)
		return err_sys(e, "copy times");
	return 0;
}

static int copy_tree(int from, const struct copy *c, struct err *e);

/* The name may mean something else by now: owner and mode (set-id bits!) have to be those of what
 * is copied, and a device in a file's place would be read without end. */
static int open_same(int from, const char *name, int flags, const struct stat *st, struct err *e)
{
	autofd int fd = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
	struct stat now;

	if (fd < 0 || fstat(fd, &now) < 0)
		return err_sys(e, "open '%s'", name);
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino || now.st_mode != st->st_mode ||
	    now.st_uid != st->st_uid || now.st_gid != st->st_gid)
		return err_set(e, ESTALE, "'%s' was replaced meanwhile", name);
	return steal_fd(&fd);
}

static int copy_directory(int from, const char *name, const struct stat *st, const struct copy *c,
			  struct err *e)
{
	autofd int in = open_same(from, name, O_DIRECTORY, st, e);
	autofd int out = -1;
	int r;

	if (in < 0)
		return in;
	if (mkdirat(c->tofd, name, 0700) < 0)
		return err_sys(e, "make directory '%s'", name);
	out = openat(c->tofd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(e, "open '%s'", name);
	r = copy_tree(in, &(struct copy){ .tofd = out, .depth = c->depth + 1 }, e);
	return r < 0 ? r : copy_meta(in, out, st, e);
}

static int copy_file(int from, const char *name, const struct stat *st, const struct copy *c,
		     struct err *e)
{
	autofd int in = open_same(from, name, O_NONBLOCK, st, e);
	autofd int out = -1;
	int r;

	if (in < 0)
		return in;
	out = openat(c->tofd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, "make '%s'", name);
	r = file_copy(in, out, NULL, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", name);
	return copy_meta(in, out, st, e);
}

static int copy_link(int from, const char *name, const struct stat *st, const struct copy *c,
		     struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read link '%s'", name);
	target[n] = '\0';
	if (symlinkat(target, c->tofd, name) < 0 ||
	    fchownat(c->tofd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "make link '%s'", name);
	return 0;
}

static int copy_special(const char *name, const struct stat *st, const struct copy *c,
			struct err *e)
{
	/* A user namespace makes no devices: the mount would not let them be opened either. */
	if (mknodat(c->tofd, name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM ? 0 : err_sys(e, "make '%s'", name);
	if (fchownat(c->tofd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "chown '%s'", name);
	return 0;
}

static int copy_entry(int from, const char *name, unsigned char d_type UNUSED, void *ctx,
		      struct err *e)
{
	const struct copy *c = ctx;
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", name);
	if (S_ISDIR(st.st_mode))
		return copy_directory(from, name, &st, c, e);
	if (S_ISREG(st.st_mode))
		return copy_file(from, name, &st, c, e);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, name, &st, c, e);
	return copy_special(name, &st, c, e);
}

static int copy_tree(int from, const struct copy *c, struct err *e)
{
	if (c->depth > DEPTH_MAX)
		return err_set(e, ELOOP, "directories deeper than %d", DEPTH_MAX);
	return dir_each(from, copy_entry, (void *)(uintptr_t)c, e);
}

int tmpcopyup(int fromfd, int tofd, bool keep_root, struct err *e)
{
	autofd int in = openat(fromfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int out = openat(tofd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (in < 0 || out < 0 || fstat(in, &st) < 0)
		return err_sys(e, "open the directory");
	r = copy_tree(in, &(struct copy){ .tofd = out }, e);
	return r < 0 || keep_root ? r : copy_meta(in, out, &st, e);
}
