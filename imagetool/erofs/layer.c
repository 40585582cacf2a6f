/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/erofs/internal.h"
#include "imagetool/layer/policy.h"
#include "libutil/alloc.h"

void erofs_below_done(struct erofs_below *b)
{
	free(b->target);
	free(b->xattrs);
	*b = (struct erofs_below){ 0 };
}

void erofs_result_done(struct erofs_result *r)
{
	strv_done(&r->implied);
	strv_done(&r->whiteout_dirs);
}

struct erofs_layer *erofs_layer_new(int fd, const struct erofs_lower *lower)
{
	struct erofs_layer *l = xcalloc(1, sizeof(*l));

	space_init(&l->space, fd);
	tree_init(&l->tree);
	l->lower = lower;
	walk_forget(l);
	return l;
}

void erofs_layer_free(struct erofs_layer *l)
{
	if (!l)
		return;
	space_done(&l->space);
	tree_done(&l->tree);
	xattrs_done(&l->xattrs);
	free(l);
}

/* ---- Whiteouts ---- */

/* Take away what is at the name.  True when the layers below are hidden there. */
static bool clear_name(struct erofs_layer *l, uint32_t node)
{
	if (node == TREE_NONE)
		return false;
	/* What was noted about directories in there is void. */
	if (!l->lower && tree_is_dir(&l->tree, node))
		l->redo = true;
	tree_remove(&l->tree, node);
	walk_forget(l);
	return true;
}

static void hide_dir(struct erofs_layer *l, uint32_t dir)
{
	tree_hide(&l->tree, dir);
	/* It may have been in there. */
	walk_forget(l);
}

/* All are one inode: what they are is said by their device number alone. */
static int make_whiteout(struct erofs_layer *l, struct inode *i, struct err *e)
{
	return l->whiteout ? 0 : inode_write(l, i, NULL, 0, &l->whiteout, e);
}

/* What the layer has itself at this name stays, and hides what is below by itself; a directory
 * hides only when it says so. */
static int hide(struct erofs_layer *l, uint32_t dir, const char *name, struct err *e)
{
	struct inode i = { .mode = S_IFCHR, .nlink = 1, .mtime = l->build };
	uint32_t node = tree_find(&l->tree, dir, name, strlen(name));
	int r;

	if (node != TREE_NONE && l->tree.nodes[node].whiteout)
		return 0;
	if (node != TREE_NONE && tree_is_own(&l->tree, node)) {
		if (tree_is_dir(&l->tree, node))
			hide_dir(l, node);
		return 0;
	}
	(void)clear_name(l, node);
	/* Where overlayfs merges nothing it would show the whiteout itself. */
	r = walk_is_below(l, dir, name, e);
	if (r <= 0)
		return r;
	r = make_whiteout(l, &i, e);
	if (r >= 0)
		r = tree_add(&l->tree, dir, name, strlen(name), EROFS_FT_CHAR, &node, e);
	if (r < 0)
		return r;
	l->tree.nodes[node].whiteout = 1;
	l->tree.nodes[node].nid = l->whiteout;
	return 0;
}

static int put_whiteout(struct erofs_layer *l, enum whiteout kind, const struct entry_path *p,
			struct err *e)
{
	uint32_t dir;
	int r = walk_parent(l, p, WALK_WHITEOUT, &dir, e);

	/* The parent of a whiteout may be missing: then there is nothing to hide. */
	if (r == 0 || r == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	if (kind == WHITEOUT_REMOVE)
		return hide(l, dir, whiteout_target(p), e);
	hide_dir(l, dir);
	return 0;
}

/* ---- Entries ---- */

static int state_dir(struct erofs_layer *l, uint32_t node, const struct tar_entry *n, struct err *e)
{
	struct tree_dir *d = tree_dir(&l->tree, node);

	/* What was put in it before may belong elsewhere: below it may have been a symlink. */
	if (!l->lower && !d->stated && node != TREE_ROOT)
		l->redo = true;
	d->stated = true;
	d->mode = (uint16_t)n->mode;
	d->uid = (uint32_t)n->uid;
	d->gid = (uint32_t)n->gid;
	d->mtime = n->mtime;
	return tree_set_xattrs(&l->tree, node, n->xattrs, n->n_xattrs, e);
}

static int put_dir(struct erofs_layer *l, uint32_t dir, const char *name, const struct tar_entry *n,
		   struct err *e)
{
	uint32_t node = tree_find(&l->tree, dir, name, strlen(name));
	bool opaque;
	int r;

	if (node != TREE_NONE && tree_is_dir(&l->tree, node)) {
		tree_own(&l->tree, node);
		return state_dir(l, node, n, e);
	}
	opaque = clear_name(l, node);
	r = tree_add(&l->tree, dir, name, strlen(name), EROFS_FT_DIR, &node, e);
	if (r < 0)
		return r;
	tree_dir(&l->tree, node)->opaque = opaque;
	tree_dir(&l->tree, node)->stated = true;
	tree_own(&l->tree, node);
	return state_dir(l, node, n, e);
}

/* In place of what is there. */
static int add_node(struct erofs_layer *l, uint32_t dir, const char *name, enum erofs_type type,
		    uint64_t nid, uint32_t *ret, struct err *e)
{
	int r;

	(void)clear_name(l, tree_find(&l->tree, dir, name, strlen(name)));
	r = tree_add(&l->tree, dir, name, strlen(name), type, ret, e);
	if (r < 0)
		return r;
	l->tree.nodes[*ret].nid = nid;
	tree_own(&l->tree, *ret);
	return 0;
}

static int put_file(struct erofs_layer *l, uint32_t dir, const char *name,
		    const struct tar_entry *n, struct tar_reader *t, struct err *e)
{
	uint64_t nid = 0;
	uint32_t node;
	int r = file_write(l, n, t, &nid, e);

	return r < 0 ? r : add_node(l, dir, name, EROFS_FT_FILE, nid, &node, e);
}

static int put_symlink(struct erofs_layer *l, uint32_t dir, const char *name,
		       const struct tar_entry *n, struct err *e)
{
	size_t len = strlen(n->link);
	struct inode i;
	uint64_t nid;
	uint32_t node;
	int r;

	if (!len || len >= PATH_MAX)
		return err_set(e, len ? ENAMETOOLONG : ENOENT,
			       "make symlink: its target has %zu bytes", len);
	r = inode_of_entry(l, n, S_IFLNK, &i, e);
	i.size = len;
	if (r >= 0)
		r = inode_write_small(l, &i, n->link, len, &nid, e);
	if (r >= 0)
		r = add_node(l, dir, name, EROFS_FT_SYMLINK, nid, &node, e);
	return r < 0 ? r : tree_set_target(&l->tree, node, n->link, len, e);
}

static int put_special(struct erofs_layer *l, uint32_t dir, const char *name,
		       const struct tar_entry *n, struct err *e)
{
	static const struct {
		mode_t mode;
		enum erofs_type type;
	} kinds[] = {
		[TAR_CHAR] = { S_IFCHR, EROFS_FT_CHAR },
		[TAR_BLOCK_DEVICE] = { S_IFBLK, EROFS_FT_BLOCK },
		[TAR_FIFO] = { S_IFIFO, EROFS_FT_FIFO },
	};
	struct inode i;
	uint64_t nid;
	uint32_t node;
	int r = inode_of_entry(l, n, kinds[n->type].mode, &i, e);

	if (n->type != TAR_FIFO)
		i.u = inode_device(n->major, n->minor);
	if (r >= 0)
		r = inode_write(l, &i, NULL, 0, &nid, e);
	return r < 0 ? r : add_node(l, dir, name, kinds[n->type].type, nid, &node, e);
}

/* ---- Hard links ---- */

/* What a link is to be made to, in this layer; TREE_NONE: it is not in it. */
static int find_target(struct erofs_layer *l, const struct entry_path *p, uint32_t *ret,
		       uint32_t *ret_dir, struct err *e)
{
	int r = walk_parent(l, p, WALK_FIND, ret_dir, e);

	*ret = TREE_NONE;
	if (r > 0)
		*ret = tree_find(&l->tree, *ret_dir, entry_path_base(p),
				 strlen(entry_path_base(p)));
	if (r >= 0 && *ret != TREE_NONE && l->tree.nodes[*ret].whiteout)
		return err_set(e, ENOENT, "no such file");
	return r;
}

/* The file becomes the layer's own, at its place below: only so are both one file. */
static int copy_up(struct erofs_layer *l, const struct entry_path *p, uint32_t *ret, struct err *e)
{
	autofree char *parent = NULL, *path = NULL;
	auto_(erofs_below) struct erofs_below b = { 0 };
	uint32_t dir;
	uint64_t nid = 0;
	uint8_t type = 0;
	int r = walk_parent(l, p, WALK_WHITEOUT, &dir, e);

	if (r == 0 || (r > 0 && !walk_sees_lower(l, dir)))
		return err_set(e, ENOENT, "no such file");
	if (r < 0)
		return r;
	parent = walk_path(l, dir);
	path = xasprintf("%s%s%s", parent, *parent ? "/" : "", entry_path_base(p));
	r = file_copy_up(l, path, &nid, &type, e);
	if (r >= 0)
		r = tree_add(&l->tree, dir, entry_path_base(p), strlen(entry_path_base(p)), type,
			     ret, e);
	if (r >= 0)
		l->tree.nodes[*ret].nid = nid;
	if (r < 0 || type != EROFS_FT_SYMLINK)
		return r;
	r = l->lower->look(l->lower->ctx, path, &b, e);
	if (r <= 0)
		return r < 0 ? r : err_set(e, ENOENT, "no such file");
	return tree_set_target(&l->tree, *ret, b.target, strlen(b.target), e);
}

/* A directory on the way to something: below it may be a symlink or a file. */
static bool is_assumed(const struct erofs_layer *l, uint32_t node)
{
	return !l->lower && tree_is_dir(&l->tree, node) && !l->tree.nodes[node].own;
}

static int link_node(struct erofs_layer *l, uint32_t dir, const char *name, uint32_t target,
		     struct err *e)
{
	uint32_t there = tree_find(&l->tree, dir, name, strlen(name)), node;
	int r;

	if (there != TREE_NONE && l->tree.nodes[there].nid == l->tree.nodes[target].nid) {
		tree_own(&l->tree, there);
		return 0;
	}
	if (there != TREE_NONE && is_assumed(l, there)) {
		l->redo = true;
		return 0;
	}
	if (there != TREE_NONE && tree_is_below(&l->tree, target, there))
		return err_set(e, ENOENT, "hard link to what it replaces");
	r = tree_link(&l->tree, target, e);
	if (r >= 0)
		r = add_node(l, dir, name, (enum erofs_type)l->tree.nodes[target].type,
			     l->tree.nodes[target].nid, &node, e);
	if (r >= 0)
		l->tree.nodes[node].more = l->tree.nodes[target].more;
	return r;
}

/* The target's own attributes stay: the entry that made it stated them. */
static int put_hardlink(struct erofs_layer *l, uint32_t dir, const char *name,
			const struct tar_entry *n, struct err *e)
{
	struct entry_path p;
	uint32_t target, target_dir;
	int r = entry_path_parse(n->link, &p, e);

	if (r < 0 || p.len == 0)
		return err_set(e, EINVAL, "hard link to '%.200s': not below the root", n->link);
	r = find_target(l, &p, &target, &target_dir, e);
	if (r >= 0 && (target == TREE_NONE || is_assumed(l, target))) {
		if (!l->lower) {
			l->redo = true;
			return 0;
		}
		r = copy_up(l, &p, &target, e);
	}
	if (r >= 0 && tree_is_dir(&l->tree, target))
		r = err_set(e, EPERM, "it is a directory");
	if (r < 0)
		return err_wrap(e, r, "hard link to '%.200s'", n->link);
	return link_node(l, dir, name, target, e);
}

/* ---- All of them ---- */

static int put_entry(struct erofs_layer *l, uint32_t dir, const char *name,
		     const struct tar_entry *n, struct tar_reader *t, struct err *e)
{
	switch (n->type) {
	case TAR_FILE:
		return put_file(l, dir, name, n, t, e);
	case TAR_HARDLINK:
		return put_hardlink(l, dir, name, n, e);
	case TAR_SYMLINK:
		return put_symlink(l, dir, name, n, e);
	case TAR_CHAR:
	case TAR_BLOCK_DEVICE:
	case TAR_FIFO:
		return put_special(l, dir, name, n, e);
	case TAR_DIR:
		return put_dir(l, dir, name, n, e);
	}
	return -EINVAL;
}

static int put(struct erofs_layer *l, const struct tar_entry *n, struct tar_reader *t,
	       struct err *e)
{
	struct entry_path p;
	enum whiteout kind;
	uint32_t dir;
	int r = entry_path_parse(n->name, &p, e);

	if (r >= 0 && p.len == 0)
		return entry_check_root(n, e) < 0 ? -EINVAL : state_dir(l, TREE_ROOT, n, e);
	if (r >= 0)
		r = whiteout_parse(&p, &kind, e);
	if (r < 0 || kind == WHITEOUT_AUFS)
		return r;
	if (kind != WHITEOUT_NONE) {
		r = put_whiteout(l, kind, &p, e);
		return r < 0 ? err_wrap(e, r, "whiteout '%.200s'", p.text) : 0;
	}
	r = entry_check(n, e);
	if (r >= 0)
		r = walk_parent(l, &p, WALK_MAKE, &dir, e);
	if (r >= 0)
		r = put_entry(l, dir, entry_path_base(&p), n, t, e);
	return r < 0 ? err_wrap(e, r, "entry '%.200s'", p.text) : 0;
}

int erofs_layer_entry(struct erofs_layer *l, const struct tar_entry *n, struct tar_reader *t,
		      struct err *e)
{
	l->entries++;
	if (l->entries == 1)
		l->build = n->mtime;
	/* What was left out would be missed by what follows. */
	if (l->redo && !l->lower)
		return 0;
	return put(l, n, t, e);
}

int erofs_layer_write(int fd, const struct erofs_lower *lower, struct tar_reader *t,
		      struct erofs_result *ret, struct err *e)
{
	auto_(erofs_layer) struct erofs_layer *l = erofs_layer_new(fd, lower);
	struct tar_entry n;
	int r;

	while ((r = tar_next(t, &n, e)) > 0) {
		r = erofs_layer_entry(l, &n, t, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : erofs_layer_finish(l, ret, e);
}
