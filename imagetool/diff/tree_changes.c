/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a copied tree. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "imagetool/diff/content_hash.h"
#include "imagetool/diff/dirty.h"
#include "imagetool/diff/ftree_dir.h"
#include "imagetool/diff/tree_copy.h"
#include "imagetool/interrupt.h"
#include "libutil/beneath.h"

struct looking {
	struct tree_copy *copy;
	int fromfd, tofd;
	struct ftree *now;
};

/* ---- One name in both trees ---- */

/* The very inode that the copy got, and nobody changed it since; or one that both trees share. */
static bool is_untouched(const struct inode *was, const struct inode *is)
{
	return was->copy_ino == is->ino &&
	       (is->untouched || (was->ino == is->ino && was->dev == is->dev));
}

static bool same_time(const struct inode *a, const struct inode *b)
{
	return a->type == TAR_DIR ||
	       (a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec);
}

static bool same_stat(const struct inode *a, const struct inode *b)
{
	return a->type == b->type && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->size == b->size && a->major == b->major && a->minor == b->minor &&
	       same_time(a, b) && streq(a->link, b->link);
}

static bool same_xattrs(const struct inode *a, const struct inode *b)
{
	if (a->n_xattrs != b->n_xattrs)
		return false;
	for (size_t k = 0; k < a->n_xattrs; k++) {
		const struct tar_xattr *x = &a->xattrs[k], *y = &b->xattrs[k];

		if (!streq(x->name, y->name) || x->len != y->len ||
		    memcmp(x->value, y->value, x->len) != 0)
			return false;
	}
	return true;
}

/* A time without a fraction may have been set: it says nothing about content. */
static int same_content(const struct looking *l, const struct node *n, struct err *e)
{
	uint8_t was[FTREE_HASH_SIZE], is[FTREE_HASH_SIZE];
	auto_(strbuf) struct strbuf path = { 0 };
	int r;

	if (n->inode->type != TAR_FILE || n->inode->mtime.tv_nsec || !n->inode->size)
		return 1;
	ftree_path(n, &path);
	r = content_hash_beneath(l->fromfd, strbuf_str(&path), was, e);
	if (r >= 0)
		r = content_hash_beneath(l->tofd, strbuf_str(&path), is, e);
	return r < 0 ? r : memcmp(was, is, sizeof(was)) == 0;
}

/* The scan passed over the attributes of what looked untouched. */
static int complete(const struct looking *l, const struct node *n, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	autofree char *name = NULL;
	autofd int dirfd = -1;
	int r;

	if (!n->inode->untouched)
		return 0;
	ftree_path(n, &path);
	dirfd = beneath_open_parent(l->tofd, strbuf_str(&path), BENEATH_STRICT, &name, e);
	if (dirfd < 0)
		return dirfd;
	r = disk_xattrs(dirfd, name, &l->now->arena, n->inode, NULL, e);
	n->inode->untouched = false;
	return r < 0 ? r : 0;
}

/* 1: it is as it was. */
static int is_same(const struct looking *l, const struct node *was, const struct node *n,
		   struct err *e)
{
	int r;

	if (was && is_untouched(was->inode, n->inode))
		return 1;
	r = complete(l, n, e);
	if (r < 0 || !was || !same_stat(was->inode, n->inode) || !same_xattrs(was->inode, n->inode))
		return r;
	return same_content(l, n, e);
}

/* ---- All names ---- */

static bool is_dir(const struct node *n)
{
	return n && n->inode->type == TAR_DIR;
}

static struct node *below(const struct looking *l, const struct node *n)
{
	const struct node *dir = n->parent->pair;

	return is_dir(dir) ? ftree_child(&l->copy->old, dir, n->name, strlen(n->name)) : NULL;
}

static int look_at(const struct looking *l, struct node *n, struct err *e)
{
	int r = interrupt_check(e);

	n->pair = below(l, n);
	if (r >= 0)
		r = is_same(l, n->pair, n, e);
	if (r == 0)
		dirty_mark(n);
	return r < 0 ? r : 0;
}

/* Names of a directory of both trees that are not here any more. */
static int find_gone(const struct looking *l, struct node *dir, struct err *e)
{
	int r = 0;

	for (const struct node *n = dir->pair->first; n && r >= 0; n = n->next) {
		struct node *gone;

		if (ftree_child(l->now, dir, n->name, strlen(n->name)))
			continue;
		r = dirty_add_whiteout(l->now, dir, n->name, &gone, e);
		if (r >= 0)
			dirty_mark(gone);
	}
	return r;
}

static int look_at_all(const struct looking *l, struct err *e)
{
	struct node *root = l->now->root;
	int r = 0;

	root->pair = l->copy->old.root;
	for (struct node *n = ftree_next(root, false); n && r >= 0; n = ftree_next(n, false))
		r = look_at(l, n, e);
	for (struct node *n = root; n && r >= 0; n = ftree_next(n, false))
		if (is_dir(n) && is_dir(n->pair))
			r = find_gone(l, n, e);
	return r;
}

int tree_copy_changes(struct tree_copy *c, int fromfd, int tofd, struct ftree *now,
		      struct changes *ret, struct err *e)
{
	const struct ftree_dir_opts opts = { .has_unpacked = true, .unpacked = c->done };
	struct looking l = { .copy = c, .fromfd = fromfd, .tofd = tofd, .now = now };
	struct ftree_dir_notes seen = { 0 };
	int r;

	r = ftree_add_dir(now, tofd, &opts, &seen, e);
	if (r >= 0)
		r = look_at_all(&l, e);
	if (r < 0)
		return r;
	ftree_sort(now);
	dirty_tell(now, ret);
	return 0;
}
