/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing by cgroup.freeze of the v2 tree, which a hybrid layout has too:
 * it tells by an event when it is done, and frozen processes can be killed.
 * The v1 freezer is for hosts without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "runtime/cgroup/tree.h"

#define FREEZE_TIMEOUT_MS 10000
/* v1 has no event: look again every millisecond, and start afresh now and then. */
#define V1_TRIES       10000
#define V1_FIRST_ROUND 50
#define V1_NAP_NS      1000000

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
	int round = V1_FIRST_ROUND;

	for (int i = 0, left = 0; i < V1_TRIES; i++, left--) {
		int r = 0;

		/* A task that forks just then can escape; a new round catches it.  Each is longer:
		 * all tasks have to run once in one of them, on however busy a machine. */
		if (i > 0 && left == 0 && freeze)
			(void)file_write_at(dirfd, "freezer.state", "THAWED", NULL);
		if (left == 0) {
			r = file_write_at(dirfd, "freezer.state", state, e);
			left = round;
			round *= 2;
		}
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

/* Where a group is in one hierarchy; `mount` NULL: that hierarchy is not there. */
struct place {
	const char *mount, *path;
};

void cgroup_eye_done(struct cgroup_eye *eye)
{
	for (size_t i = 0; i < ARRAY_LEN(eye->fd); i++) {
		close_at_exit(&eye->fd[i]);
		free(eye->mount[i]);
	}
	*eye = (struct cgroup_eye)CGROUP_EYE_NONE;
}

/* The hierarchy's root, or -1. */
static int eye_on(struct cgroup_eye *eye, size_t i, const char *mount)
{
	if (eye->mount[i] && streq(eye->mount[i], mount))
		return eye->fd[i];
	close_at_exit(&eye->fd[i]);
	free(eye->mount[i]);
	eye->mount[i] = xstrdup(mount);
	eye->fd[i] = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return eye->fd[i];
}

/* The file's name below the directory that is returned, which is not opened for it; -1: no such
 * group. */
static int look(struct cgroup_eye *eye, size_t i, const struct place *p, const char *file,
		char name[PATH_MAX])
{
	const char *below;

	if (!p->mount)
		return -1;
	below = p->path + strspn(p->path, "/");
	return snprintf(name, PATH_MAX, "%s/%s", below, file) < PATH_MAX ? eye_on(eye, i, p->mount)
									 : -1;
}

static int is_frozen(struct cgroup_eye *eye, const struct place *v2, const struct place *v1,
		     struct err *e)
{
	char name[PATH_MAX], text[16];
	int r = -ENOENT;
	int fd = look(eye, 0, v2, "cgroup.events", name);

	if (fd >= 0 && tree_read_key(fd, name, "frozen") > 0)
		return 1;
	/* Somebody else may have used the v1 freezer. */
	fd = look(eye, 1, v1, "freezer.state", name);
	if (fd >= 0)
		r = tree_read_word(fd, name, text, sizeof(text));
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	return r < 0 ? err_set(e, -r, "read 'freezer.state': %s", strerror(-r))
		     : !streq(text, "THAWED");
}

static struct place place_of_tree(const struct cgroup *cg, const char *controller)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, controller);

	return t ? (struct place){ t->mount, t->path } : (struct place){ NULL, NULL };
}

int cgroup_is_frozen(const struct cgroup *cg, struct err *e)
{
	auto_(cgroup_eye) struct cgroup_eye eye = CGROUP_EYE_NONE;
	const struct place v2 = place_of_tree(cg, ""), v1 = place_of_tree(cg, "freezer");

	return is_frozen(&eye, &v2, &v1, e);
}

static struct place place_in_record(const struct cgroup_record *rec, const char *controller)
{
	const struct cgroup_record_tree *trees = rec->trees.items;

	for (size_t i = 0; i < rec->trees.n; i++)
		if (tree_list_has(trees[i].controllers, controller))
			return (struct place){ trees[i].mount, trees[i].path };
	return (struct place){ NULL, NULL };
}

int cgroup_record_is_frozen(const struct cgroup_record *rec, struct cgroup_eye *eye, struct err *e)
{
	const struct place v2 = place_in_record(rec, ""), v1 = place_in_record(rec, "freezer");

	return is_frozen(eye, &v2, &v1, e);
}
