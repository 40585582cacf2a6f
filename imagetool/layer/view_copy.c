/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/view.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define DEPTH_MAX 256

static int copy_file(const struct view_found *from, int dirfd, const char *name, struct err *e)
{
	autofd int in = openat(from->dirfd, from->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofd int out = -1;

	if (in < 0)
		return err_sys(e, "open '%s'", from->name);
	out = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, "create '%s'", name);
	return file_copy(in, out, NULL, e);
}

static int copy_link(const struct view_found *from, int dirfd, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from->dirfd, from->name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read link '%s'", from->name);
	target[n] = '\0';
	return symlinkat(target, dirfd, name) < 0 ? err_sys(e, "make symlink '%s'", name) : 0;
}

int view_copy_node(const struct view_found *from, int dirfd, const char *name, struct err *e)
{
	if (S_ISREG(from->st.st_mode))
		return copy_file(from, dirfd, name, e);
	if (S_ISLNK(from->st.st_mode))
		return copy_link(from, dirfd, name, e);
	if (mknodat(dirfd, name, from->st.st_mode, from->st.st_rdev) < 0)
		return err_sys(e, "make '%s'", name);
	return 0;
}

/* ---- Trees ---- */

struct copying {
	int tofd;
	bool owner;
	int depth;
};

static int copy_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		    struct err *e);

static int copy_content(const struct view_found *from, const struct copying *c, const char *name,
			struct err *e)
{
	autofd int fd =
		openat(from->dirfd, from->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct copying below = { .owner = c->owner, .depth = c->depth + 1 };
	autofd int to = -1;

	if (fd < 0)
		return err_sys(e, "open directory '%s'", from->name);
	if (below.depth > DEPTH_MAX)
		return err_set(e, ELOOP, "directories more than %d deep", DEPTH_MAX);
	if (mkdirat(c->tofd, name, 0700) < 0)
		return err_sys(e, "make directory '%s'", name);
	to = dir_open_at(c->tofd, name, e);
	below.tofd = to;
	return to < 0 ? to : dir_each(fd, copy_one, &below, e);
}

static int copy_found(const struct view_found *from, const struct copying *c, const char *name,
		      struct err *e)
{
	int r = S_ISDIR(from->st.st_mode) ? copy_content(from, c, name, e)
					  : view_copy_node(from, c->tofd, name, e);

	return r < 0 ? r : view_copy_attributes(from, c->tofd, name, c->owner, e);
}

static int copy_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		    struct err *e)
{
	autofree char *copy = xstrdup(name);
	struct view_found from = { .dirfd = dirfd, .name = copy };

	if (fstatat(dirfd, name, &from.st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", name);
	return copy_found(&from, ctx, name, e);
}

int view_copy_tree(int fromfd, const char *from, int tofd, const char *to, bool owner,
		   struct err *e)
{
	const struct copying c = { .tofd = tofd, .owner = owner };
	autofree char *copy = xstrdup(from);
	struct view_found found = { .dirfd = fromfd, .name = copy };

	if (fstatat(fromfd, from, &found.st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", from);
	return copy_found(&found, &c, to, e);
}
