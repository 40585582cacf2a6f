/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing by cgroup.freeze of the v2 tree, which a hybrid layout has too:
 * it tells by an event when it is done, and frozen processes can be killed.
 * The v1 freezer is for hosts without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>

#include "libutil/file.h"
#include "runtime/cgroup/tree.h"

#define FREEZE_TIMEOUT_MS 10000
/* v1 has no event: look again every millisecond, and start afresh now and then. */
#define V1_TRIES         2000
#define V1_TRIES_A_ROUND 50
#define V1_NAP_NS        1000000

static int v2_open(const struct cgroup *cg)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "");
	autofd int fd = t ? tree_open(t, NULL) : -1;

	if (fd >= 0 && faccessat(fd, "cgroup.freeze", F_OK, 0) < 0)
		return -1;
	return steal_fd(&fd);
}

static int v1_open(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "freezer");

	if (!t)
		return err_set(e, EOPNOTSUPP, "this host has no freezer cgroup");
	return tree_open(t, e);
}

static int v2_wait(int dirfd, int want, struct err *e)
{
	autofd int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open 'cgroup.events'");
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		int r = tree_read_key_fd(fd, "frozen");

		if (r < 0)
			return err_set(e, -r, "read 'cgroup.events': %s", strerror(-r));
		if (r == want)
			return 0;
		r = poll(&p, 1, FREEZE_TIMEOUT_MS);
		if (r < 0 && errno != EINTR)
			return err_sys(e, "wait for 'cgroup.events'");
		if (r == 0)
			return err_set(e, ETIMEDOUT, "the cgroup did not become %s in %d s",
				       want ? "frozen" : "thawed", FREEZE_TIMEOUT_MS / 1000);
	}
}

static int v2_freeze(int dirfd, bool freeze, struct err *e)
{
	int r = file_write_at(dirfd, "cgroup.freeze", freeze ? "1" : "0", e);

	if (r == 0)
		r = v2_wait(dirfd, freeze, e);
	/* Half frozen is worse than not at all. */
	if (r < 0 && freeze)
		(void)file_write_at(dirfd, "cgroup.freeze", "0", NULL);
	return r;
}

static bool v1_is(int dirfd, const char *state)
{
	char text[16];

	return tree_read_word(dirfd, "freezer.state", text, sizeof(text)) > 0 && streq(text, state);
}

static int v1_freeze(int dirfd, bool freeze, struct err *e)
{
	static const struct timespec nap = { .tv_nsec = V1_NAP_NS };
	const char *state = freeze ? "FROZEN" : "THAWED";

	for (int i = 0; i < V1_TRIES; i++) {
		int r = 0;

		/* A task that forks just then can escape; a new round catches it. */
		if (i > 0 && i % V1_TRIES_A_ROUND == 0 && freeze)
			(void)file_write_at(dirfd, "freezer.state", "THAWED", NULL);
		if (i % V1_TRIES_A_ROUND == 0)
			r = file_write_at(dirfd, "freezer.state", state, e);
		if (r < 0)
			return r;
		if (v1_is(dirfd, state))
			return 0;
		(void)nanosleep(&nap, NULL);
	}
	if (freeze)
		(void)file_write_at(dirfd, "freezer.state", "THAWED", NULL);
	return err_set(e, ETIMEDOUT, "the cgroup did not become %s", state);
}

/* Somebody else's tool may have frozen the same container by the v1 freezer. */
static int v1_thaw_too(const struct cgroup *cg, struct err *e)
{
	autofd int fd = cgroup_tree_find(cg, "freezer") ? v1_open(cg, NULL) : -1;

	return fd >= 0 && !v1_is(fd, "THAWED") ? v1_freeze(fd, false, e) : 0;
}

int cgroup_freeze(const struct cgroup *cg, bool freeze, struct err *e)
{
	autofd int fd = v2_open(cg);
	int r;

	if (fd >= 0) {
		r = v2_freeze(fd, freeze, e);
		return r == 0 && !freeze ? v1_thaw_too(cg, e) : r;
	}
	fd = v1_open(cg, e);
	r = fd < 0 ? fd : v1_freeze(fd, freeze, e);
	return r < 0 ? err_wrap(e, r, freeze ? "freeze" : "thaw") : 0;
}

/* Word or key of a file of the group in hierarchy `controller`, without opening the group first:
 * `list` asks it of every container. */
static int look(const struct cgroup *cg, const char *controller, const char *file, char *text,
		size_t size, const char *key)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, controller);
	autofree char *dir = t ? tree_dir(t) : NULL;
	autofree char *path = t ? xasprintf("%s/%s", dir, file) : NULL;

	if (!t)
		return -ENOENT;
	return key ? tree_read_key(AT_FDCWD, path, key)
		   : tree_read_word(AT_FDCWD, path, text, size);
}

int cgroup_is_frozen(const struct cgroup *cg, struct err *e)
{
	char text[16];
	int r;

	if (look(cg, "", "cgroup.events", NULL, 0, "frozen") > 0)
		return 1;
	/* Somebody else may have used the v1 freezer. */
	r = look(cg, "freezer", "freezer.state", text, sizeof(text), NULL);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	return r < 0 ? err_set(e, -r, "read 'freezer.state': %s", strerror(-r))
		     : !streq(text, "THAWED");
}
