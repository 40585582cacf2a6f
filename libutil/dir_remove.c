/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of a tree.  Whoever filled it may still be changing it, so nothing
 * is reached by path: each directory is opened below the descriptor of its
 * parent without following symlinks and without crossing into a mount.
 *
 * The way down is a list on the heap.  Only the deepest OPEN_MAX_DIRS
 * directories stay open; a higher one is reopened as ".." of its child, and
 * must then have the device and inode it had on the way down.
 */
#include "libutil/dir.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/sys.h"

#define OPEN_MAX_DIRS 64
/* Rounds over one directory that others keep filling, or whose listing skipped entries. */
#define MAX_ROUNDS 8

struct level {
	DIR *dir; /* NULL while closed to save descriptors */
	char *name;
	dev_t dev;
	ino_t ino;
	int rounds;
	bool chmodded;
};

struct removal {
	int topfd; /* parent of the start; borrowed */
	struct level *levels;
	size_t n, cap;
};

static void level_done(struct level *l)
{
	if (l->dir)
		(void)closedir(l->dir);
	free(l->name);
}

static void removal_done(struct removal *r)
{
	while (r->n > 0)
		level_done(&r->levels[--r->n]);
	free(r->levels);
}
AUTO_DEFINE_DONE(removal, removal_done)

/* Descriptor of the directory that holds level `i`. */
static int parent_of(const struct removal *r, size_t i)
{
	return i == 0 ? r->topfd : dirfd(r->levels[i - 1].dir);
}

/* Linux 5.8 says it of any mount; before that only another device shows. */
static int check_no_mount(int fd, int parentfd)
{
	struct statx x;
	struct stat here, above;

	if (statx(fd, "", AT_EMPTY_PATH, 0, &x) == 0 &&
	    (x.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return x.stx_attributes & STATX_ATTR_MOUNT_ROOT ? -EXDEV : 0;
	if (fstat(fd, &here) < 0 || fstat(parentfd, &above) < 0)
		return -errno;
	return here.st_dev == above.st_dev ? 0 : -EXDEV;
}

static int open_same_mount(int parentfd, const char *name)
{
	autofd int fd = openat(parentfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = check_no_mount(fd, parentfd);
	return r < 0 ? r : steal_fd(&fd);
}

/* RESOLVE_NO_XDEV also stops at a bind mount of the same file system, which st_dev can't show. */
static int open_below(int parentfd, const char *name)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };
	int fd = sys_openat2(parentfd, name, &how, sizeof(how));

	if (fd >= 0)
		return fd;
	return sys_is_refused(errno) ? open_same_mount(parentfd, name) : -errno;
}

/* Give the owner access to a directory, by descriptor: the name may have become a symlink. */
static int give_access(int parentfd, const char *name)
{
	autofd int fd = openat(parentfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[FD_PATH_SIZE];

	if (fd < 0)
		return -errno;
	return chmod(fd_path(fd, path), 0700) < 0 ? -errno : 0;
}

/* Keep the number of open directories bounded. */
static void close_high_level(struct removal *r)
{
	struct level *high;

	if (r->n <= OPEN_MAX_DIRS)
		return;
	high = &r->levels[r->n - OPEN_MAX_DIRS - 1];
	if (high->dir)
		(void)closedir(high->dir);
	high->dir = NULL;
}

static int enter(struct removal *r, const char *name, struct err *e)
{
	int parentfd = parent_of(r, r->n);
	autofd int fd = open_below(parentfd, name);
	struct level l = { 0 };
	struct stat st;

	if (fd == -EACCES && give_access(parentfd, name) == 0)
		fd = open_below(parentfd, name);
	if (fd == -ENOENT)
		return 0;
	if (fd == -EXDEV)
		return err_set(e, EXDEV, "remove '%s': it is a mount point", name);
	if (fd < 0)
		return err_set(e, -fd, "remove '%s': %s", name, strerror(-fd));
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", name);
	l.dev = st.st_dev;
	l.ino = st.st_ino;
	l.dir = fdopendir(fd);
	if (!l.dir)
		return err_sys(e, "list '%s'", name);
	(void)steal_fd(&fd);
	l.name = xstrdup(name);
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->levels = xreallocarray(r->levels, r->cap, sizeof(*r->levels));
	}
	r->levels[r->n++] = l;
	close_high_level(r);
	return 0;
}

/* Open the parent of the deepest level again, which was closed on the way down. */
static int reopen_parent(struct removal *r, struct err *e)
{
	struct level *child = &r->levels[r->n - 1], *parent = &r->levels[r->n - 2];
	autofd int fd = openat(dirfd(child->dir), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "go back to '%s'", parent->name);
	if (st.st_dev != parent->dev || st.st_ino != parent->ino)
		return err_set(e, ESTALE, "remove '%s': it was moved meanwhile", child->name);
	parent->dir = fdopendir(fd);
	if (!parent->dir)
		return err_sys(e, "list '%s'", parent->name);
	(void)steal_fd(&fd);
	return 0;
}

/* unlinkat(2) in the deepest directory (or above the start), with access taken when it lacks. */
static int unlink_in(struct removal *r, size_t at, const char *name, int flags)
{
	int parentfd = parent_of(r, at);

	if (unlinkat(parentfd, name, flags) == 0 || errno == ENOENT)
		return 0;
	if (errno == EACCES && at > 0 && !r->levels[at - 1].chmodded) {
		r->levels[at - 1].chmodded = true;
		if (fchmod(parentfd, 0700) == 0 &&
		    (unlinkat(parentfd, name, flags) == 0 || errno == ENOENT))
			return 0;
	}
	return -errno;
}

/* The deepest directory is empty: remove it and go one up. */
static int leave(struct removal *r, struct err *e)
{
	struct level *l = &r->levels[r->n - 1];
	int res;

	if (r->n > 1 && !r->levels[r->n - 2].dir) {
		res = reopen_parent(r, e);
		if (res < 0)
			return res;
	}
	res = unlink_in(r, r->n - 1, l->name, AT_REMOVEDIR);
	if (res == -ENOTEMPTY && ++l->rounds < MAX_ROUNDS) {
		rewinddir(l->dir);
		return 0;
	}
	if (res < 0)
		return err_set(e, -res, "remove directory '%s': %s", l->name, strerror(-res));
	level_done(l);
	r->n--;
	return 0;
}

static int remove_entry(struct removal *r, const char *name, unsigned char type, struct err *e)
{
	int res;

	if (type == DT_DIR)
		return enter(r, name, e);
	res = unlink_in(r, r->n, name, 0);
	if (res == -EISDIR)
		return enter(r, name, e);
	if (res < 0)
		return err_set(e, -res, "remove '%s': %s", name, strerror(-res));
	return 0;
}

static int step(struct removal *r, struct err *e)
{
	DIR *d = r->levels[r->n - 1].dir;
	const struct dirent *entry;

	errno = 0;
	entry = readdir(d);
	if (!entry && errno != 0)
		return err_sys(e, "list '%s'", r->levels[r->n - 1].name);
	if (!entry)
		return leave(r, e);
	if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
		return 0;
	return remove_entry(r, entry->d_name, entry->d_type, e);
}

/* Mounts above the start are no concern, so the last component is taken alone. */
static int open_start(int dirfd, const char *name, const char **ret_base, struct err *e)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	autofree char *parent = NULL;
	int fd;

	if (base[0] == '\0' || streq(base, ".") || streq(base, ".."))
		return err_set(e, EINVAL, "remove '%s': not the name of an entry", name);
	parent = slash ? xstrndup(name, (size_t)(slash - name) + 1) : xstrdup(".");
	fd = openat(dirfd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open directory '%s'", parent);
	*ret_base = base;
	return fd;
}

int dir_remove_all_at(int dirfd, const char *name, struct err *e)
{
	auto_(removal) struct removal r = { .topfd = -1 };
	autofd int startfd = -1;
	const char *base = name;
	int res;

	if (dirfd == AT_FDCWD || strchr(name, '/') || name[0] == '\0' || name[0] == '.') {
		startfd = open_start(dirfd, name, &base, e);
		if (startfd == -ENOENT) {
			err_clear(e);
			return 0;
		}
		if (startfd < 0)
			return startfd;
		dirfd = startfd;
	}
	r.topfd = dirfd;
	res = remove_entry(&r, base, DT_UNKNOWN, e);
	while (res == 0 && r.n > 0)
		res = step(&r, e);
	return res < 0 ? err_wrap(e, res, "remove tree '%s'", name) : 0;
}
