/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files_dest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"

/* As the kernel's. */
#define LINKS_MAX 40
#define OPEN_DIR  (O_RDONLY | O_DIRECTORY | O_NONBLOCK)

void dest_done(struct dest *d)
{
	if (d->dirfd >= 0)
		(void)close(d->dirfd);
	free(d->name);
	*d = (struct dest){ .dirfd = -1 };
}

/* ---- Paths that are followed by hand, where they lead to nothing ---- */

/* The target of the symlink, or NULL when it is none. */
static char *read_link(int dirfd, const char *name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dirfd, name, target, sizeof(target));

	return len > 0 && len < PATH_MAX ? xstrndup(target, (size_t)len) : NULL;
}

/* path[0 .. len) ends in a symlink to `target`: the path that it stands for, with what follows. A
 * relative target begins where the link is, and the kernel goes there through what is in front. */
static char *through_link(const char *path, size_t start, size_t len, const char *target)
{
	if (target[0] == '/')
		return xasprintf("%s/%s", target, path + len);
	return xasprintf("%.*s%s/%s", (int)start, path, target, path + len);
}

/* The component that begins at `at`, slashes before it skipped: its end. */
static size_t next_component(const char *path, size_t *at)
{
	*at += strspn(path + *at, "/");
	return *at + strcspn(path + *at, "/");
}

static int open_dir(int rootfd, const char *path, struct err *e)
{
	return beneath_open(rootfd, *path ? path : ".", OPEN_DIR, 0, BENEATH_CHROOT, e);
}

/* ---- Making ---- */

static int make_one(int dirfd, const char *name, const struct made_dirs *made, struct err *e)
{
	autofd int fd = -1;

	if (mkdirat(dirfd, name, made->mode) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '%.200s'", name);
	fd = openat(dirfd, name, OPEN_DIR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open directory '%.200s'", name);
	if (made->chown && fchown(fd, made->uid, made->gid) < 0)
		return err_sys(e, "set owner %u:%u of '%.200s'", made->uid, made->gid, name);
	/* The parent may have handed its set-group-id bit on. */
	if (fchmod(fd, made->mode) < 0)
		return err_sys(e, "set mode of '%.200s'", name);
	return steal_fd(&fd);
}

/* What one pass over a path came to. */
struct pass {
	int fd;     /* the directory, when it is done */
	char *path; /* else where a symlink leads: go there */
};

/* Component by component; the first symlink to nothing ends the pass. */
static int make_pass(int rootfd, const char *path, const struct made_dirs *made, struct pass *ret,
		     struct err *e)
{
	autofd int fd = open_dir(rootfd, "", e);
	size_t at = 0, end;

	while (fd >= 0 && (end = next_component(path, &at)) > at) {
		autofree char *so_far = xstrndup(path, end);
		autofree char *name = xstrndup(path + at, end - at);
		autofree char *target = NULL;
		int next = open_dir(rootfd, so_far, e);

		if (next == -ENOENT) {
			err_clear(e);
			target = read_link(fd, name);
			if (target) {
				ret->path = through_link(path, at, end, target);
				return 0;
			}
			next = make_one(fd, name, made, e);
		}
		(void)close(fd);
		fd = next;
		at = end;
	}
	if (fd < 0)
		return fd;
	ret->fd = steal_fd(&fd);
	return 0;
}

static int not_a_directory(const char *path, int r, struct err *e)
{
	if (r != -ENOTDIR)
		return r;
	return err_set(e, ENOTDIR, "mkdir %.300s: not a directory", path);
}

int dest_make_dirs(int rootfd, const char *path, const struct made_dirs *made, struct err *e)
{
	autofree char *now = xstrdup(path);
	int fd = open_dir(rootfd, path, e);

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT)
		return not_a_directory(path, fd, e);
	err_clear(e);
	for (unsigned links = 0; links <= LINKS_MAX; links++) {
		struct pass pass = { .fd = -1 };
		int r = make_pass(rootfd, now, made, &pass, e);

		if (r < 0)
			return not_a_directory(path, r, e);
		if (!pass.path)
			return pass.fd;
		free(now);
		now = pass.path;
	}
	return err_set(e, ELOOP, "'%.300s': too many levels of symbolic links", path);
}

/* ---- Finding ---- */

/* Where the last component begins; slashes at the end do not count. */
static void split_last(const char *path, size_t *ret_at, size_t *ret_end)
{
	size_t end = strlen(path);

	while (end > 0 && path[end - 1] == '/')
		end--;
	*ret_end = end;
	while (end > 0 && path[end - 1] != '/')
		end--;
	*ret_at = end;
}

/* 1: found; 0: it is a symlink to *ret_path, which is to be followed. */
static int find_pass(int rootfd, const char *path, const struct made_dirs *made, struct dest *ret,
		     char **ret_path, struct err *e)
{
	autofree char *parent = NULL, *name = NULL, *target = NULL;
	autofd int fd = -1;
	size_t at, end;
	struct stat st;

	split_last(path, &at, &end);
	parent = xstrndup(path, at);
	name = xstrndup(path + at, end - at);
	fd = dest_make_dirs(rootfd, parent, made, e);
	if (fd < 0)
		return fd;
	/* A directory would have been opened: these are at the end of a path through nothing. */
	if (!*name || streq(name, ".") || streq(name, ".."))
		return err_set(e, ENOENT, "'%.300s' does not end in a name", path);
	target = read_link(fd, name);
	if (target) {
		*ret_path = through_link(path, at, end, target);
		return 0;
	}
	ret->there = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	ret->dirfd = steal_fd(&fd);
	ret->name = steal_ptr(&name);
	return 1;
}

int dest_find(int rootfd, const char *path, const struct made_dirs *made, struct dest *ret,
	      struct err *e)
{
	autofree char *now = xstrdup(path);
	struct dest d = { .dirfd = open_dir(rootfd, path, e) };

	if (d.dirfd >= 0) {
		d.there = true;
		*ret = d;
		return 0;
	}
	if (d.dirfd != -ENOENT && d.dirfd != -ENOTDIR)
		return d.dirfd;
	err_clear(e);
	for (unsigned links = 0; links <= LINKS_MAX; links++) {
		char *next = NULL;
		int r = find_pass(rootfd, now, made, &d, &next, e);

		if (r > 0)
			*ret = d;
		if (r != 0)
			return r < 0 ? r : 0;
		free(now);
		now = next;
	}
	return err_set(e, ELOOP, "'%.300s': too many levels of symbolic links", path);
}
