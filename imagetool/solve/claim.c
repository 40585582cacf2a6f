/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One at a time does what a key stands for: STORE/build/making/KEY, locked.  Who had to wait looks
 * whether it has been done meanwhile.
 *
 * A lock ends with its holder, who may have failed or been killed; then the next one does the step.
 * Nobody who holds one waits for a job.  He may wait for a cache mount, whose holder waits for no
 * key, and for keys of what lies below his own step, never the other way: no circle can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "imagetool/solve/internal.h"
#include "imagetool/store/build_cache.h"
#include "libutil/dir.h"
#include "libutil/lock_wait.h"

static int open_dir(const struct solve *s, struct err *e)
{
	int dirfd = store_dirfd(s->opts->store);
	int fd = dir_open_at(dirfd, BUILD_MAKING_DIR, NULL), r = 0;

	if (fd < 0)
		r = dir_make_all_at(dirfd, BUILD_MAKING_DIR, 0700, e);
	return fd >= 0 ? fd : r < 0 ? r : dir_open_at(dirfd, BUILD_MAKING_DIR, e);
}

int solve_claim(struct solve *s, const char *key, bool wait, struct claim *ret, struct err *e)
{
	autofd int dirfd = open_dir(s, e);
	int fd, cancelfd = __atomic_load_n(&s->cancelfd, __ATOMIC_RELAXED);

	if (dirfd < 0)
		return dirfd;
	fd = lock_wait_file(dirfd, key, wait ? LOCK_EX : LOCK_EX | LOCK_NB, cancelfd, e);
	if (fd == -EWOULDBLOCK)
		return fd;
	if (fd < 0)
		return err_wrap(e, fd, "wait for another build that does the same");
	*ret = (struct claim){ .dirfd = steal_fd(&dirfd), .fd = fd, .key = key };
	return 0;
}

void claim_done(struct claim *c)
{
	if (c->fd < 0)
		return;
	(void)unlinkat(c->dirfd, c->key, 0);
	close_at_exit(&c->fd);
	close_at_exit(&c->dirfd);
}
