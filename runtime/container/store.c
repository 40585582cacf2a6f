/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/ids.h"
#include "libutil/sys.h"

#define MAKE_TRIES 16

/*
 * What is in a state directory is obeyed: processes are signalled, hooks run.  So nobody but us and
 * root may own it; /tmp/creel-UID, the last resort without XDG_RUNTIME_DIR, can be anybody's.
 */
static int judge_owner(const struct stat *st, const char *what, const char *name, struct err *e)
{
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return 0;
	return err_set(e, EPERM,
		       "%s '%s' belongs to user %u, who could make this user run anything (choose "
		       "another directory with --root)",
		       what, name, (unsigned)st->st_uid);
}

static int check_owner(int fd, const char *what, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s '%s'", what, name);
	return judge_owner(&st, what, name, e);
}

/* A stranger's link may lead to a directory of ours, whose contents would be taken for containers.
 */
static int check_link(const char *root, struct err *e)
{
	struct stat st;

	if (lstat(root, &st) < 0 || !S_ISLNK(st.st_mode))
		return 0;
	return judge_owner(&st, "state root: the link", root, e);
}

static int check_root(int fd, const char *root, struct store *ret, struct err *e)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "state root '%s'", root);
	r = judge_owner(&st, "state root", root, e);
	if (r >= 0)
		r = check_link(root, e);
	if (r < 0)
		return r;
	*ret = (struct store){ .rootfd = fd,
			       .root = root,
			       .roots = st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)) };
	return 0;
}

int store_open(struct store *s, const char *root, bool make, struct err *e)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		/* The sticky bit tells whoever tidies up $XDG_RUNTIME_DIR that age is no reason to
		 * remove it. */
		int r = dir_make_all_at(AT_FDCWD, root, S_ISVTX | 0700, e);

		if (r < 0)
			return err_wrap(e, r, "state root");
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 && (errno != ENOENT || make))
		return err_sys(e, "state root: open '%s'", root);
	*s = (struct store){ .rootfd = -1, .root = root };
	if (fd >= 0) {
		int r = check_root(fd, root, s, e);

		if (r < 0) {
			(void)close(fd);
			return r;
		}
	}
	return 0;
}

int store_open_seccomp(const struct store *s)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = s->rootfd < 0 ? -1 : openat(s->rootfd, STORE_SECCOMP, flags);

	/* It is there for all starts but the first. */
	if (fd >= 0 || s->rootfd < 0 || errno != ENOENT)
		return fd;
	if (mkdirat(s->rootfd, STORE_SECCOMP, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(s->rootfd, STORE_SECCOMP, flags);
}

void store_done(struct store *s)
{
	close_at_exit(&s->rootfd);
	s->rootfd = -1;
}

int store_lock(int dirfd, const char *id, struct err *e)
{
	struct stat st;
	int r;

	do
		r = flock(dirfd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(e, "lock container '%s'", id);
	if (fstat(dirfd, &st) < 0)
		return err_sys(e, "container '%s'", id);
	if (st.st_nlink == 0)
		return err_set(e, ENOENT, "container '%s' does not exist", id);
	return 0;
}

/* Shared: of two who look at once neither takes the other for a maker. */
bool store_is_locked(int dirfd)
{
	bool held = flock(dirfd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (!held)
		(void)flock(dirfd, LOCK_UN);
	return held;
}

void store_unlock(int dirfd)
{
	(void)flock(dirfd, LOCK_UN);
}

static int taken(const char *id, struct err *e)
{
	return err_set(e, EEXIST, "container '%s' already exists", id);
}

/* -EAGAIN: it was deleted before we had its lock. */
static int make_once(const struct store *s, const char *id, struct err *e)
{
	autofd int fd = -1;
	int r;

	if (mkdirat(s->rootfd, id, 0700) < 0) {
		if (errno == EEXIST)
			return taken(id, e);
		return err_sys(e, "make state directory '%s/%s'", s->root, id);
	}
	fd = openat(s->rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? err_sys(e, "open state directory '%s/%s'", s->root, id)
		   : store_lock(fd, id, e);
	if (r == -ENOENT)
		return -EAGAIN;
	if (r < 0) {
		(void)unlinkat(s->rootfd, id, AT_REMOVEDIR);
		return r;
	}
	/* Ours was deleted, and what we opened is of somebody who made it anew and is done. */
	if (faccessat(fd, STORE_STATE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return taken(id, e);
	return steal_fd(&fd);
}

/* Before we have its lock it looks like what a killed creator left, and whoever clears up takes it:
 * it is made again, unless the name is another creator's by then. */
int store_make(const struct store *s, const char *id, struct err *e)
{
	int r = -EAGAIN;

	for (int i = 0; i < MAKE_TRIES && r == -EAGAIN; i++) {
		err_clear(e);
		r = make_once(s, id, e);
	}
	if (r == -EAGAIN)
		return err_set(e, EBUSY, "container '%s' was deleted while it was made", id);
	return r;
}

int store_find(const struct store *s, const char *id, struct err *e)
{
	int r = id_check(id, e);
	int fd;

	if (r < 0)
		return r;
	if (s->rootfd < 0)
		return err_set(e, ENOENT, "container '%s' does not exist", id);
	fd = openat(s->rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		r = check_owner(fd, "state directory of", id, e);
		if (r < 0)
			(void)close(fd);
		return r < 0 ? r : fd;
	}
	if (errno == ENOENT)
		return err_set(e, ENOENT, "container '%s' does not exist", id);
	return err_sys(e, "open state directory '%s/%s'", s->root, id);
}

/* Who can have made it is known, and a link is not followed: so nobody looks at the directory. */
int store_open_state(const struct store *s, const char *id)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	char path[ID_MAX + sizeof("/" STORE_STATE)];

	if (s->rootfd < 0 || !s->roots || id_check(id, NULL) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/" STORE_STATE, id);
	return sys_openat2(s->rootfd, path, &how, sizeof(how));
}

int store_remove(const struct store *s, const char *id, struct err *e)
{
	return dir_remove_all_at(s->rootfd, id, e);
}
