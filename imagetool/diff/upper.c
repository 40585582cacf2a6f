/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/upper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "imagetool/diff/content_hash.h"
#include "imagetool/diff/dirty.h"
#include "imagetool/diff/disk_xattrs.h"
#include "imagetool/diff/ftree_dir.h"
#include "imagetool/interrupt.h"
#include "libutil/dir.h"

struct looking {
	struct ftree *tree;
	int upperfd, lowerfd;
	/* Of the directory whose entries are being looked at: the same below, -1: nothing is. */
	int dirfd;
	struct node *dir;
};

/* ---- One entry and what lies below it ---- */

static mode_t mode_of(const struct inode *i)
{
	static const mode_t types[] = {
		[TAR_FILE] = S_IFREG, [TAR_DIR] = S_IFDIR,  [TAR_SYMLINK] = S_IFLNK,
		[TAR_CHAR] = S_IFCHR, [TAR_FIFO] = S_IFIFO, [TAR_BLOCK_DEVICE] = S_IFBLK,
	};

	return types[i->type] | i->mode;
}

static bool same_stat(const struct inode *i, const struct stat *st)
{
	if (mode_of(i) != st->st_mode || i->uid != st->st_uid || i->gid != st->st_gid)
		return false;
	if (i->type == TAR_CHAR || i->type == TAR_BLOCK_DEVICE)
		return i->major == major(st->st_rdev) && i->minor == minor(st->st_rdev);
	if (i->type == TAR_DIR)
		return true;
	return (i->type != TAR_FILE || i->size == st->st_size) &&
	       i->mtime.tv_sec == st->st_mtim.tv_sec && i->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

static bool same_link(int dirfd, const char *name, const struct inode *i)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text));

	return n >= 0 && (size_t)n == strlen(i->link) && memcmp(text, i->link, (size_t)n) == 0;
}

static int same_xattrs(int dirfd, const char *name, const struct inode *i, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct inode below = { .type = i->type };
	int r = disk_xattrs(dirfd, name, &a, &below, NULL, e);

	if (r <= 0 || below.n_xattrs != i->n_xattrs)
		return r < 0 ? r : 0;
	for (size_t k = 0; k < i->n_xattrs; k++) {
		const struct tar_xattr *x = &i->xattrs[k], *y = &below.xattrs[k];

		if (!streq(x->name, y->name) || x->len != y->len ||
		    memcmp(x->value, y->value, x->len) != 0)
			return 0;
	}
	return 1;
}

/* A time without a fraction may have been set: it says nothing about content. */
static int same_content(const struct looking *l, const struct node *n, struct err *e)
{
	uint8_t above[FTREE_HASH_SIZE], below[FTREE_HASH_SIZE];
	auto_(strbuf) struct strbuf path = { 0 };
	int r;

	if (n->inode->type != TAR_FILE || n->inode->mtime.tv_nsec || !n->inode->size)
		return 1;
	ftree_path(n, &path);
	r = content_hash_beneath(l->upperfd, strbuf_str(&path), above, e);
	if (r >= 0)
		r = content_hash_beneath(l->dirfd, n->name, below, e);
	return r < 0 ? r : memcmp(above, below, sizeof(above)) == 0;
}

/* 1: it is below as it is here. */
static int is_as_below(const struct looking *l, const struct node *n, struct err *e)
{
	const struct inode *i = n->inode;
	struct stat st;
	int r;

	if (l->dirfd < 0)
		return 0;
	if (fstatat(l->dirfd, n->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "stat '%s'", n->name);
	if (!same_stat(i, &st))
		return 0;
	if (i->type == TAR_SYMLINK)
		return same_link(l->dirfd, n->name, i);
	r = same_xattrs(l->dirfd, n->name, i, e);
	return r <= 0 ? r : same_content(l, n, e);
}

/* ---- Whiteouts ---- */

/* A whiteout of what is not there hides nothing. */
static bool hides_something(const struct looking *l, const struct node *n)
{
	struct stat st;

	return l->dirfd >= 0 && fstatat(l->dirfd, n->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int add_whiteout(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
			struct err *e)
{
	struct looking *l = ctx;
	struct node *n;

	if (ftree_child(l->tree, l->dir, name, strlen(name)))
		return 0;
	return dirty_add_whiteout(l->tree, l->dir, name, &n, e);
}

/* ---- Directories ---- */

static int look_at(const struct looking *l, struct node *n, struct err *e)
{
	int r;

	if (n->whiteout) {
		if (hides_something(l, n))
			dirty_mark(n);
		return 0;
	}
	r = is_as_below(l, n, e);
	if (r == 0)
		dirty_mark(n);
	return r < 0 ? r : 0;
}

static bool is_covered(const struct node *dir)
{
	for (; dir; dir = dir->parent)
		if (dir->opaque)
			return true;
	return false;
}

static int look_into(struct looking *l, struct node *dir, struct err *e)
{
	autofd int fd = -1;
	int r = interrupt_check(e);

	if (r >= 0 && l->lowerfd >= 0)
		r = ftree_open_dir(dir, l->lowerfd, &fd, e);
	if (r < 0)
		return r;
	l->dir = dir;
	l->dirfd = fd;
	for (struct node *n = dir->first; n && r >= 0; n = n->next)
		r = look_at(l, n, e);
	if (r < 0 || fd < 0 || !is_covered(dir))
		return r;
	r = dir_each(fd, add_whiteout, l, e);
	for (struct node *n = dir->first; n && r >= 0; n = n->next)
		if (n->whiteout)
			dirty_mark(n);
	return r < 0 ? r : 0;
}

int upper_changes(struct ftree *t, int upperfd, int lowerfd, struct changes *ret, struct err *e)
{
	struct looking l = { .tree = t, .upperfd = upperfd, .lowerfd = lowerfd };
	int r = 0;

	for (struct node *n = t->root; n && r >= 0; n = ftree_next(n, false))
		if (!n->whiteout && n->inode->type == TAR_DIR)
			r = look_into(&l, n, e);
	if (r < 0)
		return r;
	ftree_sort(t);
	dirty_tell(t, ret);
	return 0;
}
