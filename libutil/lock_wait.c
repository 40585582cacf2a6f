/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock(2) that can be given up.  Nothing tells a poll loop that a lock has become free, so a
 * thread waits for it; it holds nothing, and is ended in the middle of the call when there is no
 * more need.
 */
#include "libutil/lock_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/macro.h"

struct waiter {
	int fd, how, donefd;
	int error; /* 0: locked */
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;
	uint64_t one = 1;
	int old;

	(void)pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	w->error = flock(w->fd, w->how) < 0 ? errno : 0;
	(void)pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old);
	(void)!write(w->donefd, &one, sizeof(one));
	return NULL;
}

static int wait_for(struct waiter *w, int cancelfd, struct err *e)
{
	pthread_t thread;
	struct pollfd p[] = { { .fd = w->donefd, .events = POLLIN },
			      { .fd = cancelfd, .events = POLLIN } };
	int error = pthread_create(&thread, NULL, wait_thread, w);
	bool cancelled = false;

	if (error)
		return err_set(e, error, "start a thread: %s", strerror(error));
	while (!p[0].revents && !cancelled) {
		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			break;
		cancelled = p[1].revents != 0;
	}
	if (!p[0].revents)
		(void)pthread_cancel(thread);
	(void)pthread_join(thread, NULL);
	if (!p[0].revents)
		return err_set(e, EINTR, "told to stop while waiting for a lock");
	return w->error ? err_set(e, w->error, "wait for a lock: %s", strerror(w->error)) : 0;
}

int lock_wait(int fd, int how, int cancelfd, struct err *e)
{
	autofd int donefd = -1;

	if (flock(fd, how | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return err_sys(e, "lock");
	if (how & LOCK_NB)
		return -EWOULDBLOCK;
	donefd = eventfd(0, EFD_CLOEXEC);
	if (donefd < 0)
		return err_sys(e, "make an eventfd");
	return wait_for(&(struct waiter){ .fd = fd, .how = how, .donefd = donefd }, cancelfd, e);
}

bool lock_is_still_there(int dirfd, const char *name, int fd)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && fstatat(dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

int lock_wait_file(int dirfd, const char *name, int how, int cancelfd, struct err *e)
{
	for (;;) {
		autofd int fd =
			openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int r;

		if (fd < 0)
			return err_sys(e, "open '%s'", name);
		r = lock_wait(fd, how, cancelfd, e);
		if (r < 0)
			return r;
		if (lock_is_still_there(dirfd, name, fd))
			return steal_fd(&fd);
	}
}
