/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STORE/build/scratch/NAME: files of one step that are thrown away with it.  Who uses it has a lock
 * on it; without one it is of a build that was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/dir.h"

static int open_top(struct run_step *s, struct err *e)
{
	struct run_scratch *c = &s->scratch;
	autofree char *path = xasprintf("%s/" RUN_SCRATCH, s->env->dir);
	int r;

	c->topfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->topfd < 0)
		return err_sys(e, "open '%s'", path);
	/* Against who sweeps: it must not be there without its lock. */
	if (flock(c->topfd, LOCK_EX) < 0)
		return err_sys(e, "lock '%s'", path);
	r = dir_make_temp_at(c->topfd, "", 0700, &c->name, e);
	if (r >= 0)
		c->fd = dir_open_at(c->topfd, c->name, e);
	if (r >= 0 && c->fd < 0)
		r = c->fd;
	if (r >= 0 && flock(c->fd, LOCK_EX) < 0)
		r = err_sys(e, "lock '%s/%s'", path, c->name);
	(void)flock(c->topfd, LOCK_UN);
	return r;
}

/* By its path: a descriptor from before belongs to the mount namespace that was left, and the
 * kernel puts no overlay on that. */
int run_scratch_dir(struct run_step *s, const char *name, mode_t mode, struct err *e)
{
	autofree char *path = NULL;
	int r = s->scratch.fd >= 0 ? 0 : open_top(s, e);

	if (r < 0)
		return r;
	if (mkdirat(s->scratch.fd, name, mode) < 0)
		return err_sys(e, "make directory '%s'", name);
	path = xasprintf("%s/" RUN_SCRATCH "/%s/%s", s->env->dir, s->scratch.name, name);
	return dir_open_at(AT_FDCWD, path, e);
}

void run_scratch_done(struct run_scratch *c)
{
	if (c->name)
		(void)dir_remove_all_at(c->topfd, c->name, NULL);
	if (c->fd >= 0)
		(void)close(c->fd);
	if (c->topfd >= 0)
		(void)close(c->topfd);
	free(c->name);
}

static int sweep_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx UNUSED,
		     struct err *e)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	return dir_remove_all_at(dirfd, name, e);
}

int run_scratch_sweep(int dirfd, struct err *e)
{
	autofd int topfd = openat(dirfd, RUN_SCRATCH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (topfd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", RUN_SCRATCH);
	if (flock(topfd, LOCK_EX) < 0)
		return err_sys(e, "lock '%s'", RUN_SCRATCH);
	return dir_each(topfd, sweep_one, NULL, e);
}
