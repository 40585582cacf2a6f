/* SPDX-License-Identifier: Apache-2.0 */
/* Remove a container's groups with everything below them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>

#include "libutil/log.h"
#include "runtime/cgroup/groups.h"
#include "runtime/cgroup/systemd.h"

/* The last process was killed a moment ago: its exit takes as long as its memory is large. */
#define EXIT_WAIT_MS 10000
#define V1_TRIES     31 /* naps of 0.25, 0.5, 1, ... ms, ten seconds together at most */
#define V1_NAP_NS    250000
#define NAP_MAX_NS   500000000

static bool is_gone(int error)
{
	return error == ENOENT || error == ENODEV;
}

static int remove_one(int parentfd, const char *name, void *ctx UNUSED, struct err *e UNUSED)
{
	return unlinkat(parentfd, name, AT_REMOVEDIR) < 0 && !is_gone(errno) ? -errno : 0;
}

static int remove_below(const char *dir, struct err *e)
{
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return is_gone(errno) ? 0 : err_sys(e, "open cgroup '%s'", dir);
	return groups_each(fd, remove_one, NULL, e);
}

/* 0, or -EBUSY while somebody is in there. */
static int try_remove(const char *dir, struct err *e)
{
	int r;

	if (rmdir(dir) == 0 || is_gone(errno))
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return err_sys(e, "remove cgroup '%s'", dir);
	r = remove_below(dir, e);
	if (r < 0)
		return r;
	if (rmdir(dir) == 0 || is_gone(errno))
		return 0;
	return -errno;
}

/* Until nobody is in the group or below, as the kernel tells it. */
static void wait_empty(const char *dir)
{
	autofree char *file = xasprintf("%s/cgroup.events", dir);
	autofd int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	while (fd >= 0 && tree_read_key_fd(fd, "populated") > 0)
		if (poll(&p, 1, EXIT_WAIT_MS) == 0)
			return;
}

static int remove_tree(const struct cgroup_tree *t, bool patient, struct err *e)
{
	autofree char *dir = tree_dir(t);
	struct timespec nap = { .tv_nsec = V1_NAP_NS };
	int r = try_remove(dir, e);

	if (r == -EBUSY && patient && tree_is_v2(t)) {
		wait_empty(dir);
		r = try_remove(dir, e);
	}
	/* v1 tells nothing; and v2 needs a moment after the event. */
	for (int i = 0; r == -EBUSY && patient && i < V1_TRIES; i++) {
		(void)nanosleep(&nap, NULL);
		if (nap.tv_nsec < NAP_MAX_NS)
			nap.tv_nsec *= 2;
		r = try_remove(dir, e);
	}
	if (r == -EBUSY)
		return err_set(e, EBUSY, "remove cgroup '%s': processes are still in it", dir);
	return r;
}

/* A scope that emptied itself was removed by systemd, group and all; asking costs a helper. */
static void stop_scope(const struct cgroup *cg)
{
	autofree char *dir = tree_dir(&cg->trees[0]);
	struct err why = { 0 };

	if (access(dir, F_OK) == 0 && systemd_stop(cg, &why) < 0)
		log_debug("%s", why.msg);
}

/* All are tried even when one fails. The v2 tree goes first: its events do the waiting for all; who
 * does not end while one waits is not waited for by the next. */
int cgroup_destroy(const struct cgroup *cg, struct err *e)
{
	int first = 0;

	if (cg->scope)
		stop_scope(cg);
	for (int v2 = 1; v2 >= 0; v2--) {
		for (size_t i = 0; i < cg->n; i++) {
			int r;

			if (tree_is_v2(&cg->trees[i]) != (v2 == 1))
				continue;
			r = remove_tree(&cg->trees[i], first == 0, first < 0 ? NULL : e);
			if (first == 0)
				first = r;
		}
	}
	return first;
}
