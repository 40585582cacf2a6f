/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/unpack/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "imagetool/unpack/move_dir.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/path.h"

#define TEMP_TRIES 16

static int found_one(int dirfd UNUSED, const char *name UNUSED, unsigned char type UNUSED,
		     void *ctx UNUSED, struct err *e UNUSED)
{
	return 1;
}

/* Refuse early what the rename at the end would refuse.  *ret is the place itself, links resolved.
 */
static int check_target(const char *dir, char **ret, struct err *e)
{
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT) {
		*ret = path_absolute(dir);
		return 0;
	}
	if (fd < 0)
		return err_sys(e, "open directory '%s'", dir);
	r = dir_each(fd, found_one, NULL, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", dir);
	if (r > 0)
		return err_set(e, EEXIST, "'%s' is not empty: name a new directory, or empty it",
			       dir);
	*ret = realpath(dir, NULL);
	return *ret ? 0 : err_sys(e, "resolve '%s'", dir);
}

/* Locked, and still there: a cleaner may have come between. */
static int claim(int parentfd, const char *name, bool wait, struct err *e)
{
	autofd int fd = openat(parentfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat here, named;

	if (fd < 0)
		return err_sys(e, "open directory '%s'", name);
	if (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "lock '%s'", name);
	if (fstat(fd, &here) < 0 || fstatat(parentfd, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", name);
	if (here.st_ino != named.st_ino)
		return err_set(e, ESTALE, "'%s' was replaced", name);
	/* In a shared directory others may make such names, too. */
	if (here.st_uid != geteuid())
		return err_set(e, EPERM, "'%s' is somebody else's", name);
	return steal_fd(&fd);
}

static int remove_stale(int parentfd, const char *name, unsigned char type UNUSED, void *ctx UNUSED,
			struct err *e UNUSED)
{
	autofd int fd = -1;

	if (!starts_with(name, STAGING_PREFIX))
		return 0;
	fd = claim(parentfd, name, false, NULL);
	/* Others' leftovers in a shared directory are not ours to remove: then it fails, and that
	 * is no reason not to go on. */
	if (fd >= 0)
		(void)dir_remove_all_at(parentfd, name, NULL);
	return 0;
}

static int make_temp(struct staging *s, struct err *e)
{
	int r = -EBUSY;

	for (int i = 0; i < TEMP_TRIES; i++) {
		r = dir_make_temp_at(s->parentfd, STAGING_PREFIX, 0700, &s->temp, e);
		if (r < 0)
			return r;
		s->fd = claim(s->parentfd, s->temp, true, e);
		if (s->fd >= 0)
			return 0;
		r = s->fd;
		free(s->temp);
		s->temp = NULL;
	}
	return r;
}

int staging_begin(const char *dir, struct staging *ret, struct err *e)
{
	auto_(staging) struct staging s = STAGING_INIT;
	autofree char *path = NULL, *parent = NULL;
	int r = *dir ? check_target(dir, &path, e)
		     : err_set(e, EINVAL, "the name of the directory is empty");

	if (r < 0)
		return r;
	if (streq(path, "/"))
		return err_set(e, EINVAL, "'%s' is the root directory", dir);
	parent = path_parent(path);
	s.target = xstrdup(path_base(path));
	s.parentfd = dir_open_at(AT_FDCWD, parent, e);
	if (s.parentfd < 0)
		return s.parentfd;
	(void)dir_each(s.parentfd, remove_stale, NULL, NULL);
	r = make_temp(&s, e);
	if (r < 0)
		return err_wrap(e, r, "in '%s'", parent);
	*ret = s;
	s = (struct staging)STAGING_INIT;
	return 0;
}

int staging_commit(struct staging *s, const char *member, struct err *e)
{
	int r;

	if (member)
		return move_dir(s->fd, member, s->parentfd, s->target, e);
	r = renameat(s->parentfd, s->temp, s->parentfd, s->target);
	if (r < 0)
		return err_sys(e, "rename to '%s'", s->target);
	free(s->temp);
	s->temp = NULL;
	return 0;
}

void staging_done(struct staging *s)
{
	if (s->temp)
		(void)dir_remove_all_at(s->parentfd, s->temp, NULL);
	free(s->temp);
	free(s->target);
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->parentfd >= 0)
		(void)close(s->parentfd);
	*s = (struct staging)STAGING_INIT;
}
