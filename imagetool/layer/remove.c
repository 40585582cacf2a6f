/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/layer/apply_internal.h"
#include "libutil/dir.h"

struct removal {
	struct apply *a;
	ino_t dir_ino; /* of the directory being listed */
	int depth;
};

static int remove_lower_at(struct removal *r, int dirfd, const char *name, struct err *e);

static int remove_listed(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
			 struct err *e)
{
	return remove_lower_at(ctx, dirfd, name, e);
}

static int content(struct removal *r, int fd, struct err *e)
{
	struct removal below = { .a = r->a, .depth = r->depth + 1 };
	struct stat st;

	if (below.depth > APPLY_WHITEOUT_DEPTH_MAX)
		return err_set(e, ELOOP, "whiteout of directories more than %d deep",
			       APPLY_WHITEOUT_DEPTH_MAX);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat a directory");
	below.dir_ino = st.st_ino;
	r->a->dirs.doubted = true;
	return dir_each(fd, remove_listed, &below, e);
}

/* What is closed to its owner is opened.  If it stays, this layer has something in it, and so its
 * mode is set at the layer's end. */
static int open_listable(const struct apply *a, int dirfd, const char *name, mode_t mode)
{
	if (!a->privileged && (mode & 0700) != 0700 && fchmodat(dirfd, name, 0700, 0) < 0)
		return -1;
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int remove_lower_at(struct removal *r, int dirfd, const char *name, struct err *e)
{
	bool own = seen_has(&r->a->seen, r->dir_ino, name);
	autofd int fd = -1;
	struct stat st;
	int ret;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "stat '%s'", name);
	/* Whiteouts mostly come first: nothing of this layer is there to be kept. */
	if (!own && (r->a->seen.n == 0 || !S_ISDIR(st.st_mode)))
		return remove_any(r->a, dirfd, name, e);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = open_listable(r->a, dirfd, name, st.st_mode);
	if (fd < 0)
		return err_sys(e, "open directory '%s'", name);
	ret = content(r, fd, e);
	if (ret < 0 || own)
		return ret;
	/* What this layer has put in keeps the directory. */
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY)
		return err_sys(e, "remove directory '%s'", name);
	parent_forget(r->a);
	return 0;
}

int remove_any(struct apply *a, int dirfd, const char *name, struct err *e)
{
	struct stat st;
	int r;

	if (unlinkat(dirfd, name, 0) == 0) {
		/* It may have been a symlink on the way to somewhere. */
		parent_forget(a);
		return 0;
	}
	if (errno == ENOENT)
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return err_sys(e, "remove '%s'", name);
	r = dir_remove_all_at(dirfd, name, e);
	/* Last: `dirfd` may be the cached one. */
	parent_forget(a);
	return r;
}

int remove_lower(struct apply *a, int dirfd, ino_t dir_ino, const char *name, struct err *e)
{
	struct removal r = { .a = a, .dir_ino = dir_ino };

	return remove_lower_at(&r, dirfd, name, e);
}

int remove_lower_content(struct apply *a, int dirfd, struct err *e)
{
	struct removal r = { .a = a };

	return content(&r, dirfd, e);
}
