/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/groups.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/strv.h"

/* The groups of one directory on the way down, and which of them is looked at. */
struct level {
	struct strv names;
	size_t at;
};

/* One descriptor, whatever the depth.  ".." leads back: a group cannot be moved out of its parent.
 */
struct walk {
	int fd;
	struct level *levels;
	size_t n, cap;
	size_t seen;
};

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		strv_done(&w->levels[i].names);
	free(w->levels);
	close_at_exit(&w->fd);
}
AUTO_DEFINE_DONE(walk, walk_done)

static int add_name(int dirfd UNUSED, const char *name, unsigned char type, void *ctx,
		    struct err *e UNUSED)
{
	if (type == DT_DIR)
		strv_add(ctx, name);
	return 0;
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* Stand in `fd`, which the walk owns from now on. */
static int enter(struct walk *w, int fd, struct err *e)
{
	struct level *l;
	int r;

	close_at_exit(&w->fd);
	w->fd = fd;
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 16;
		w->levels = xreallocarray(w->levels, w->cap, sizeof(*w->levels));
	}
	l = &w->levels[w->n++];
	*l = (struct level){ 0 };
	r = dir_each(fd, add_name, &l->names, e);
	/* Removed under our hands. */
	if (is_gone(r)) {
		err_clear(e);
		r = 0;
	}
	w->seen += l->names.n;
	if (r == 0 && w->seen > GROUPS_MAX)
		return err_set(e, E2BIG, "more than %d cgroups below", GROUPS_MAX);
	return r;
}

static int go_down(struct walk *w, const char *name, struct err *e)
{
	int fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return enter(w, fd, e);
	if (!is_gone(-errno))
		return err_sys(e, "open cgroup '%s'", name);
	w->levels[w->n - 1].at++;
	return 0;
}

static int go_up(struct walk *w, groups_fn *fn, void *ctx, struct err *e)
{
	struct level *l;
	int fd;

	strv_done(&w->levels[--w->n].names);
	if (w->n == 0)
		return 0;
	fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the parent of a cgroup");
	(void)close(w->fd);
	w->fd = fd;
	l = &w->levels[w->n - 1];
	return fn(fd, l->names.v[l->at++], ctx, e);
}

int groups_each(int dirfd, groups_fn *fn, void *ctx, struct err *e)
{
	auto_(walk) struct walk w = { .fd = -1 };
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return is_gone(-errno) ? 0 : err_sys(e, "open a cgroup");
	r = enter(&w, fd, e);
	while (r == 0 && w.n > 0) {
		const struct level *l = &w.levels[w.n - 1];

		r = l->at < l->names.n ? go_down(&w, l->names.v[l->at], e) : go_up(&w, fn, ctx, e);
	}
	return r;
}
