/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/diff/content_hash.h"
#include "imagetool/diff/disk_xattrs.h"
#include "libutil/beneath.h"
#include "libutil/path.h"

#define ROOT_MODE 0755 /* of a root that no layer states */

const char *const change_why_names[CHANGE_BIT_COUNT] = {
#define X(name, text) [CHANGE_BIT_##name] = text,
	CHANGE_WHYS(X)
#undef X
};

struct comparison {
	struct ftree *old, *new;
	const struct compare_opts *opts;
	struct changes *changes;
};

void changes_done(struct changes *c)
{
	free(c->items);
	*c = (struct changes){ 0 };
}

void changes_add(struct changes *c, enum change_kind kind, const struct node *n)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->items = xreallocarray(c->items, c->cap, sizeof(*c->items));
	}
	c->items[c->n++] = (struct change){ kind, n->why, n };
}

static bool is_dir(const struct node *n)
{
	return n->inode->type == TAR_DIR;
}

/* ---- What is made for mounts ---- */

static void drop_mount_point(struct comparison *c, const char *path)
{
	while (*path == '/')
		path++;
	for (size_t len = strlen(path); len; len--) {
		struct node *n = ftree_lookup(c->new, path, len, false);

		/* What the mount point needed on the way goes too, while it holds nothing else. */
		if (!n || !n->parent || n->first || (!is_dir(n) && n->inode->size) ||
		    n->inode->type == TAR_SYMLINK || ftree_lookup(c->old, path, len, false))
			return;
		ftree_remove(c->new, n);
		/* Unknown is whether the directory was there before. */
		if (c->opts->blind)
			return;
		while (len && path[len - 1] != '/')
			len--;
		if (!len)
			return;
	}
}

static int longest_first(const void *a, const void *b)
{
	size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);

	return (x < y) - (x > y);
}

static void drop_mount_points(struct comparison *c)
{
	size_t n = 0;
	char **sorted;

	if (!c->opts->mount_points)
		return;
	while (c->opts->mount_points[n])
		n++;
	sorted = xcalloc(n + 1, sizeof(*sorted));
	for (size_t i = 0; i < n; i++)
		sorted[i] = path_clean(c->opts->mount_points[i]);
	qsort(sorted, n, sizeof(*sorted), longest_first);
	for (size_t i = 0; i < n; i++) {
		drop_mount_point(c, sorted[i]);
		free(sorted[i]);
	}
	free(sorted);
}

/* ---- Pairs ---- */

static void find_pairs(struct comparison *c)
{
	c->new->root->pair = c->old->root;
	c->old->root->pair = c->new->root;
	for (struct node *n = ftree_next(c->new->root, false); n; n = ftree_next(n, false)) {
		const struct node *dir = n->parent->pair;

		if (!dir || !is_dir(dir))
			continue;
		n->pair = ftree_child(c->old, dir, n->name, strlen(n->name));
		if (n->pair)
			n->pair->pair = n;
	}
}

/* ---- What differs ---- */

/* docker's rule: who knows only seconds says nothing of the rest. */
static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && (a.tv_nsec == b.tv_nsec || !a.tv_nsec || !b.tv_nsec);
}

static const struct tar_xattr *next_xattr(const struct inode *i, size_t *at)
{
	while (*at < i->n_xattrs && !disk_xattr_counts(i->xattrs[*at].name))
		++*at;
	return *at < i->n_xattrs ? &i->xattrs[(*at)++] : NULL;
}

static bool same_xattrs(const struct inode *a, const struct inode *b)
{
	size_t i = 0, k = 0;

	while (true) {
		const struct tar_xattr *x = next_xattr(a, &i), *y = next_xattr(b, &k);

		if (!x || !y)
			return x == y;
		if (!streq(x->name, y->name) || x->len != y->len ||
		    memcmp(x->value, y->value, x->len) != 0)
			return false;
	}
}

static unsigned stat_differs(const struct inode *a, const struct inode *b)
{
	unsigned why = 0;

	if (a->type != b->type)
		return CHANGE_TYPE;
	if (a->mode != b->mode && a->type != TAR_SYMLINK)
		why |= CHANGE_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		why |= CHANGE_OWNER;
	if (a->size != b->size)
		why |= CHANGE_SIZE;
	if (a->type != TAR_DIR && !same_time(a->mtime, b->mtime))
		why |= CHANGE_TIME;
	if (!streq(a->link, b->link))
		why |= CHANGE_LINK;
	if (a->major != b->major || a->minor != b->minor)
		why |= CHANGE_DEVICE;
	if (!same_xattrs(a, b))
		why |= CHANGE_XATTRS;
	return why;
}

/* A file that is gone by now differs. */
static int load_hash(struct comparison *c, const struct node *n, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	autofd int fd = -1;
	int r;

	if (n->inode->has_hash || c->opts->rootfd < 0)
		return 0;
	ftree_path(n, &path);
	fd = beneath_open(c->opts->rootfd, strbuf_str(&path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
			  BENEATH_STRICT, e);
	r = fd < 0 ? fd : content_hash_fd(fd, n->inode->hash, e);
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return err_wrap(e, r, "file '/%s'", strbuf_str(&path));
	n->inode->has_hash = true;
	return 0;
}

static bool wants_content(const struct comparison *c, const struct inode *i)
{
	return i->type == TAR_FILE && i->size &&
	       (i->touched || c->opts->checksum || c->opts->rootfd < 0);
}

static int content_differs(struct comparison *c, struct node *n, struct err *e)
{
	const struct inode *a = n->pair->inode, *b = n->inode;
	int r = load_hash(c, n, e);

	if (r >= 0 &&
	    (!a->has_hash || !b->has_hash || memcmp(a->hash, b->hash, sizeof(a->hash)) != 0))
		n->why |= CHANGE_CONTENT;
	return r;
}

/* Who is not touched needs no look; but one that was moved here is not what the image has here. */
static bool is_as_unpacked(const struct inode *was, const struct inode *is)
{
	return is->untouched && was->type == is->type && was->mode == is->mode &&
	       was->size == is->size && streq(was->link, is->link) &&
	       (is->type == TAR_DIR || same_time(was->mtime, is->mtime));
}

static int compare_node(struct comparison *c, struct node *n, struct err *e)
{
	struct inode *was = n->pair->inode, *is = n->inode;

	if (c->opts->keep_ids) {
		is->uid = was->uid;
		is->gid = was->gid;
	}
	if (is_as_unpacked(was, is)) {
		/* They were not read, or the disk could not hold them. */
		is->uid = was->uid;
		is->gid = was->gid;
		is->xattrs = was->xattrs;
		is->n_xattrs = was->n_xattrs;
		return 0;
	}
	n->why |= stat_differs(was, is);
	return n->why || !wants_content(c, is) ? 0 : content_differs(c, n, e);
}

/* What was moved here, and so not looked at: its attributes are wanted now. */
static int complete_new(struct comparison *c, struct node *n, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	autofree char *name = NULL;
	autofd int dirfd = -1;
	int r;

	if (!n->inode->untouched || c->opts->upper)
		return 0;
	ftree_path(n, &path);
	dirfd = beneath_open_parent(c->opts->rootfd, strbuf_str(&path), BENEATH_STRICT, &name, e);
	if (dirfd < 0)
		return dirfd;
	r = disk_xattrs(dirfd, name, &c->new->arena, n->inode, NULL, e);
	n->inode->untouched = false;
	return r < 0 ? r : 0;
}

/* Names that are links of one file in one tree and of several in the other. */
static bool links_differ(const struct node *n)
{
	for (const struct node *k = n->inode->nodes; k; k = k->next_link)
		if (!k->pair || k->pair->inode != n->pair->inode)
			return true;
	for (const struct node *k = n->pair->inode->nodes; k; k = k->next_link)
		if (k->pair && !k->pair->whiteout && k->pair->inode != n->inode)
			return true;
	return false;
}

static int find_differences(struct comparison *c, struct err *e)
{
	int r = 0;

	for (struct node *n = c->new->root; n &&r >= 0; n = ftree_next(n, false)) {
		if (n->whiteout)
			continue;
		if (n->pair)
			r = compare_node(c, n, e);
		else
			r = complete_new(c, n, e);
		/* In an upper directory links of a lower file are not links any more: no news. */
		if (n->pair && !is_dir(n) && !c->opts->upper && links_differ(n))
			n->why |= CHANGE_LINKS;
	}
	return r;
}

/* ---- What is told ---- */

static void mark(struct node *n)
{
	for (; n && !n->dirty; n = n->parent)
		n->dirty = true;
}

/* All names of a file that is written are written: a link needs what it links to. */
static void mark_links(const struct node *n)
{
	for (struct node *k = n->inode->nodes; k; k = k->next_link) {
		if (!k->why)
			k->why = CHANGE_LINKS;
		mark(k);
	}
}

/* Gone with its directory in place, and not merely absent from an upper directory. */
static bool is_deleted(const struct comparison *c, const struct node *was)
{
	const struct node *dir = was->parent ? was->parent->pair : NULL;

	if (!dir || !is_dir(dir))
		return false;
	if (was->pair)
		return was->pair->whiteout;
	return !c->opts->upper || dir->opaque;
}

static void mark_all(struct comparison *c)
{
	for (struct node *n = c->new->root; n; n = ftree_next(n, false)) {
		if (n->whiteout)
			continue;
		if (!n->pair || n->why)
			mark(n);
		if ((!n->pair || n->why) && !is_dir(n) && n->inode->nodes->next_link)
			mark_links(n);
	}
	for (struct node *n = ftree_next(c->old->root, false); n; n = ftree_next(n, false))
		if (is_deleted(c, n))
			mark(n->parent->pair);
}

static void tell_deleted(struct comparison *c, const struct node *dir)
{
	if (!dir->pair || !is_dir(dir) || !is_dir(dir->pair))
		return;
	for (const struct node *n = dir->pair->first; n; n = n->next)
		if (is_deleted(c, n))
			changes_add(c->changes, CHANGE_DELETED, n);
}

static void tell(struct comparison *c)
{
	struct node *root = c->new->root;

	for (struct node *n = root; n; n = ftree_next(n, !n->dirty)) {
		if (!n->dirty || n->whiteout)
			continue;
		if (n->pair && is_dir(n) && is_dir(n->pair) && !n->why)
			n->why = CHANGE_INSIDE;
		/* docker and others do not name the root for what is in it. */
		if (n != root || n->why != CHANGE_INSIDE)
			changes_add(c->changes, n->pair ? CHANGE_MODIFIED : CHANGE_ADDED, n);
		tell_deleted(c, n);
		/* Each name has been told of. */
		n->opaque = false;
	}
}

/* The whole of an upper directory. */
static void tell_blindly(struct comparison *c)
{
	for (struct node *n = ftree_next(c->new->root, false); n; n = ftree_next(n, false))
		changes_add(c->changes, n->whiteout ? CHANGE_DELETED : CHANGE_MODIFIED, n);
}

int compare_trees(struct ftree *old, struct ftree *new, const struct compare_opts *opts,
		  struct changes *ret, struct err *e)
{
	struct comparison c = { old, new, opts, ret };
	int r;

	drop_mount_points(&c);
	if (opts->blind) {
		tell_blindly(&c);
		return 0;
	}
	find_pairs(&c);
	r = find_differences(&c, e);
	if (r < 0)
		return r;
	mark_all(&c);
	tell(&c);
	return 0;
}

void changes_of_all(const struct ftree *t, struct changes *ret)
{
	const struct inode *root = t->root->inode;

	ret->n = 0;
	if (root->mode != ROOT_MODE || root->uid || root->gid || root->n_xattrs)
		changes_add(ret, CHANGE_ADDED, t->root);
	for (struct node *n = ftree_next(t->root, false); n; n = ftree_next(n, false))
		changes_add(ret, CHANGE_ADDED, n);
}
