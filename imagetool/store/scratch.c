/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/path.h"

#define CLAIM_TRIES 16

/* 1: locked and still there; 0: a cleaner came between. */
static int claim(struct scratch *s, struct err *e)
{
	struct stat named, here;

	s->fd = openat(s->tmpfd, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open 'tmp/%s'", s->name);
	if (flock(s->fd, LOCK_EX) < 0 || fstat(s->fd, &here) < 0)
		return err_sys(e, "lock 'tmp/%s'", s->name);
	return fstatat(s->tmpfd, s->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == here.st_ino;
}

/* Removed before its lock goes: the lock must last as long as the name. */
static void drop(struct scratch *s)
{
	if (s->name && s->fd >= 0)
		(void)dir_remove_all_at(s->tmpfd, s->name, NULL);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->name);
	s->name = NULL;
	s->fd = -1;
}

int scratch_make(const struct store *store, const char *prefix, struct scratch *s, struct err *e)
{
	s->tmpfd = dir_open_at(store_dirfd(store), "tmp", e);
	if (s->tmpfd < 0)
		return s->tmpfd;
	for (int i = 0; i < CLAIM_TRIES; i++) {
		int r = dir_make_temp_at(s->tmpfd, prefix, 0700, &s->name, e);

		if (r >= 0)
			r = claim(s, e);
		if (r > 0)
			s->path = xasprintf("%s/tmp/%s", store_path(store), s->name);
		if (r != 0)
			return r;
		drop(s);
	}
	return err_set(e, EBUSY, "others keep removing what is made in '%s/tmp'",
		       store_path(store));
}

int scratch_dir(const struct scratch *s, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(s->fd, name, mode) < 0)
		return err_sys(e, "make '%s/%s'", s->path, name);
	return dir_open_at(s->fd, name, e);
}

void scratch_done(struct scratch *s)
{
	drop(s);
	if (s->tmpfd >= 0)
		(void)close(s->tmpfd);
	free(s->path);
	*s = SCRATCH_NONE;
}
