/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/groups.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"

struct scan {
	struct strv *list;
	const char *parent; /* relative path of what is scanned; "" is the top */
};

static int add_group(int dirfd UNUSED, const char *name, unsigned char type, void *ctx,
		     struct err *e)
{
	struct scan *s = ctx;

	if (type != DT_DIR)
		return 0;
	if (s->list->n == GROUPS_MAX)
		return err_set(e, E2BIG, "more than %d cgroups below", GROUPS_MAX);
	strv_add_owned(s->list, xasprintf("%s%s%s", s->parent, *s->parent ? "/" : "", name));
	return 0;
}

/* The list is its own queue, so that depth costs no stack and no descriptors. */
int groups_below(int dirfd, struct strv *ret, struct err *e)
{
	struct scan top = { .list = ret, .parent = "" };
	int r = dir_each(dirfd, add_group, &top, e);

	for (size_t i = 0; r == 0 && i < ret->n; i++) {
		struct scan s = { .list = ret, .parent = ret->v[i] };
		autofd int fd =
			openat(dirfd, ret->v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return err_sys(e, "open cgroup '%s'", ret->v[i]);
		r = dir_each(fd, add_group, &s, e);
		/* Removed under our hands. */
		if (r == -ENOENT || r == -ENODEV) {
			err_clear(e);
			r = 0;
		}
	}
	return r;
}
