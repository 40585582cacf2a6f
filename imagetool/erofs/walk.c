/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path to a directory of the layer.  Symlinks are resolved as if the root
 * were "/", the layer's own by their text and, when they are known, those of the
 * layers below; ".." of a link's target ends at the root.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/erofs/internal.h"
#include "libutil/alloc.h"

#define LINKS_FOLLOWED_MAX 40

/* The way that is left; links put their target in front of it. */
struct way {
	char text[2 * PATH_MAX];
	size_t at;
	size_t given; /* so many bytes at its end are the path itself, not a link's target */
	int links;
};

static int follow(struct way *w, const char *target, size_t rest, uint32_t *at, struct err *e)
{
	char text[2 * PATH_MAX];
	int n = snprintf(text, sizeof(text), "%s/%s", target, w->text + rest);

	if (++w->links > LINKS_FOLLOWED_MAX)
		return err_set(e, ELOOP, "too many symlinks");
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_set(e, ENAMETOOLONG, "symlinks lead to a name that is too long");
	if (strlen(w->text + rest) < w->given)
		w->given = strlen(w->text + rest);
	memcpy(w->text, text, (size_t)n + 1);
	w->at = 0;
	if (*target == '/')
		*at = TREE_ROOT;
	return 1;
}

void walk_forget(struct erofs_layer *l)
{
	l->parent_len = SIZE_MAX;
}

char *walk_path(const struct erofs_layer *l, uint32_t node)
{
	char *path = xstrdup("");

	while (node != TREE_ROOT) {
		char *longer =
			xasprintf("%s%s%s", tree_name(&l->tree, node), *path ? "/" : "", path);

		free(path);
		path = longer;
		node = l->tree.nodes[node].parent;
	}
	return path;
}

bool walk_sees_lower(const struct erofs_layer *l, uint32_t dir)
{
	while (!tree_dir(&l->tree, dir)->opaque) {
		if (dir == TREE_ROOT)
			return true;
		dir = l->tree.nodes[dir].parent;
	}
	return false;
}

int walk_take_below(struct erofs_layer *l, uint32_t dir, const struct erofs_below *b, struct err *e)
{
	struct tree_dir *d = tree_dir(&l->tree, dir);

	d->stated = true;
	d->mode = b->mode & 07777;
	d->uid = (uint32_t)b->uid;
	d->gid = (uint32_t)b->gid;
	d->mtime = b->mtime;
	return tree_set_xattrs(&l->tree, dir, b->xattrs, b->n_xattrs, e);
}

static int make_dir(struct erofs_layer *l, uint32_t *at, const char *name, size_t len, bool opaque,
		    struct err *e)
{
	struct tree_dir *d;
	uint32_t node;
	int r = tree_add(&l->tree, *at, name, len, EROFS_FT_DIR, &node, e);

	if (r < 0)
		return r;
	d = tree_dir(&l->tree, node);
	d->opaque = opaque;
	/* Nothing below is seen that it could be like.  It inherits no set-group-id bit: whether
	 * its parent has one may be known only below. */
	d->stated = opaque;
	*at = node;
	return 1;
}

static int look_below(struct erofs_layer *l, uint32_t dir, const char *name, size_t len,
		      struct erofs_below *ret, struct err *e)
{
	autofree char *parent = NULL, *path = NULL;

	if (!walk_sees_lower(l, dir))
		return 0;
	parent = walk_path(l, dir);
	path = xasprintf("%s%s%.*s", parent, *parent ? "/" : "", (int)len, name);
	return l->lower->look(l->lower->ctx, path, ret, e);
}

int walk_is_below(struct erofs_layer *l, uint32_t dir, const char *name, struct err *e)
{
	auto_(erofs_below) struct erofs_below b = { 0 };

	return l->lower ? look_below(l, dir, name, strlen(name), &b, e) : walk_sees_lower(l, dir);
}

/* Directories that a path leaves out are made, those that a link's target does are not: what is
 * missing then is what the link names. */
static int make_missing(struct erofs_layer *l, const struct way *w, uint32_t *at, size_t begin,
			size_t len, bool known, struct err *e)
{
	bool of_link = strlen(w->text + begin) > w->given;

	if (of_link && known)
		return err_set(e, EEXIST, "a symlink in it leads to '%.*s', which is missing",
			       (int)len, w->text + begin);
	/* Whether it is missing is known when the layer is read again. */
	l->redo |= of_link;
	return make_dir(l, at, w->text + begin, len, known, e);
}

/* This layer has removed what was below, and now makes a directory there. */
static int replace_whiteout(struct erofs_layer *l, const struct way *w, uint32_t *at, size_t begin,
			    size_t len, uint32_t node, struct err *e)
{
	int r;

	tree_remove(&l->tree, node);
	r = make_missing(l, w, at, begin, len, true, e);
	if (r >= 0)
		tree_dir(&l->tree, *at)->opaque = true;
	return r;
}

/* The layer has no such name.  0: nobody has. */
static int step_below(struct erofs_layer *l, struct way *w, uint32_t *at, size_t begin, size_t len,
		      enum walk how, struct err *e)
{
	auto_(erofs_below) struct erofs_below b = { 0 };
	const char *name = w->text + begin;
	int r;

	if (how == WALK_FIND && !l->lower)
		return 0;
	if (how == WALK_WHITEOUT && !walk_sees_lower(l, *at))
		return 0;
	if (!l->lower)
		return make_missing(l, w, at, begin, len, !walk_sees_lower(l, *at), e);
	r = look_below(l, *at, name, len, &b, e);
	if (r < 0)
		return r;
	if (r == 0)
		return how == WALK_MAKE ? make_missing(l, w, at, begin, len, true, e) : 0;
	if (S_ISLNK(b.mode))
		return follow(w, b.target, w->at, at, e);
	if (!S_ISDIR(b.mode))
		return err_set(e, ENOTDIR, "'%.*s' is not a directory in the layers below",
			       (int)len, name);
	r = make_dir(l, at, name, len, false, e);
	if (r >= 0)
		r = walk_take_below(l, *at, &b, e);
	return r < 0 ? r : 1;
}

static int step(struct erofs_layer *l, struct way *w, uint32_t *at, size_t begin, size_t len,
		enum walk how, struct err *e)
{
	const char *name = w->text + begin;
	uint32_t node = tree_find(&l->tree, *at, name, len);

	if (node == TREE_NONE)
		return step_below(l, w, at, begin, len, how, e);
	if (l->tree.nodes[node].type == EROFS_FT_SYMLINK)
		return follow(w, tree_target(&l->tree, node), w->at, at, e);
	if (l->tree.nodes[node].whiteout)
		return how == WALK_MAKE ? replace_whiteout(l, w, at, begin, len, node, e) : 0;
	if (!tree_is_dir(&l->tree, node))
		return err_set(e, ENOTDIR, "'%.*s' is not a directory", (int)len, name);
	*at = node;
	return 1;
}

static int walk(struct erofs_layer *l, struct way *w, enum walk how, uint32_t *ret, struct err *e)
{
	uint32_t at = TREE_ROOT;

	for (;;) {
		size_t begin, len;
		int r = 1;

		w->at += strspn(w->text + w->at, "/");
		if (!w->text[w->at])
			break;
		begin = w->at;
		len = strcspn(w->text + begin, "/");
		w->at += len;
		if (len == 2 && memcmp(w->text + begin, "..", 2) == 0)
			at = at == TREE_ROOT ? at : l->tree.nodes[at].parent;
		else if (!(len == 1 && w->text[begin] == '.'))
			r = step(l, w, &at, begin, len, how, e);
		if (r <= 0)
			return r;
	}
	*ret = at;
	return 1;
}

int walk_parent(struct erofs_layer *l, const struct entry_path *p, enum walk how, uint32_t *ret,
		struct err *e)
{
	struct way w;
	int r;

	if (l->parent_len == p->parent_len && memcmp(l->parent_path, p->text, p->parent_len) == 0) {
		*ret = l->parent;
		return 1;
	}
	memcpy(w.text, p->text, p->parent_len);
	w.text[p->parent_len] = '\0';
	w.at = 0;
	w.given = p->parent_len;
	w.links = 0;
	r = walk(l, &w, how, ret, e);
	if (r < 0)
		return err_wrap(e, r, "directory of '%.200s'", p->text);
	if (r == 0)
		return 0;
	l->parent = *ret;
	l->parent_len = p->parent_len;
	memcpy(l->parent_path, p->text, p->parent_len);
	return 1;
}
