/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/layer_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/diff/content_hash.h"
#include "imagetool/layer/layer.h"
#include "libutil/path.h"

#define DIR_MODE 0755 /* of directories that no layer states */

void layer_list_done(struct layer_list *l)
{
	arena_done(&l->arena);
	free(l->entries);
}

/* ---- Reading ---- */

static int hash_content(struct tar_reader *t, struct inode *i, struct err *e)
{
	struct content_hash h;
	const uint8_t *data;
	int64_t offset;
	size_t len;
	int r;

	content_hash_begin(&h);
	while ((r = tar_data(t, &data, &len, &offset, e)) > 0)
		content_hash_add(&h, offset, data, len);
	content_hash_end(&h, i->size, i->hash);
	i->has_hash = r >= 0;
	return r;
}

static struct layer_entry *add(struct layer_list *l, const struct entry_path *p)
{
	struct layer_entry *n;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 256;
		l->entries = xreallocarray(l->entries, l->cap, sizeof(*l->entries));
	}
	n = &l->entries[l->n++];
	*n = (struct layer_entry){ .path = arena_strndup(&l->arena, p->text, p->len),
				   .len = p->len,
				   .base = p->base,
				   .index = l->index };
	return n;
}

/* The whiteout becomes a statement about the name it hides, or about its directory. */
static void set_whiteout(struct layer_list *l, struct layer_entry *n, const struct entry_path *p,
			 enum whiteout kind)
{
	n->whiteout = kind;
	n->len = p->parent_len;
	if (kind == WHITEOUT_REMOVE) {
		n->path = arena_printf(&l->arena, "%.*s%s", (int)p->base, p->text,
				       whiteout_target(p));
		n->len = strlen(n->path);
	}
}

static int read_entry(struct layer_list *l, struct tar_reader *t, const struct tar_entry *n,
		      struct err *e)
{
	struct entry_path p, target;
	enum whiteout kind = WHITEOUT_NONE;
	struct layer_entry *to;
	int r = entry_path_parse(n->name, &p, e);

	if (r >= 0 && p.len)
		r = whiteout_parse(&p, &kind, e);
	if (r < 0 || kind == WHITEOUT_AUFS)
		return r;
	to = add(l, &p);
	if (kind != WHITEOUT_NONE) {
		set_whiteout(l, to, &p, kind);
		return 0;
	}
	if (n->type == TAR_HARDLINK) {
		r = entry_path_parse(n->link, &target, e);
		if (r >= 0)
			to->target = arena_strndup(&l->arena, target.text, target.len);
		return r;
	}
	to->inode = ftree_inode_copy(&l->arena, n);
	return n->type == TAR_FILE ? hash_content(t, to->inode, e) : 0;
}

static int read_entries(struct layer_list *l, struct tar_reader *t, struct err *e)
{
	struct tar_entry n;
	int r;

	while ((r = tar_next(t, &n, e)) > 0) {
		if (l->n >= FTREE_NODES_MAX)
			return err_set(e, E2BIG, "more than %zu entries", FTREE_NODES_MAX);
		r = read_entry(l, t, &n, e);
		if (r < 0)
			return err_wrap(e, r, "entry '%.200s'", n.name);
		l->index++;
	}
	return r;
}

int layer_list_read(struct layer_list *l, int fd, const struct image_descriptor *desc,
		    const char *diff_id, struct err *e)
{
	auto_(layer_stream) struct layer_stream *s = NULL;
	auto_(tar_reader) struct tar_reader *t = NULL;
	int r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd }, desc, diff_id,
				 &s, e);

	if (r >= 0) {
		t = tar_reader_new(layer_stream_source(s));
		r = read_entries(l, t, e);
	}
	if (r >= 0)
		r = layer_stream_verify(s, NULL, e);
	return r < 0 ? err_wrap(e, r, "layer %s", desc->digest) : 0;
}

/* ---- Merging ---- */

#define SYMLINKS_MAX 40 /* the kernel's */

struct merging {
	struct ftree *tree;
	unsigned layer;
	int links; /* followed to directories that are missing */
};

static struct inode *implied_dir(const struct merging *m)
{
	struct inode *i = ftree_inode_new(&m->tree->arena);

	i->type = TAR_DIR;
	i->mode = DIR_MODE;
	return i;
}

static int enter(struct merging *m, const char *path, size_t len, struct node **ret, struct err *e);

/* A symlink to what is not there: the directory is made. */
static int enter_link(struct merging *m, const char *path, size_t base, const char *link,
		      struct node **ret, struct err *e)
{
	autofree char *raw =
		*link == '/' ? xstrdup(link) : xasprintf("/%.*s%s", (int)base, path, link);
	autofree char *target = path_clean(raw);

	if (++m->links > SYMLINKS_MAX)
		return err_set(e, ELOOP, "'%s': too many symlinks", path);
	return enter(m, target + 1, strlen(target + 1), ret, e);
}

/* The directory of a path, with what is missing on the way. */
static int enter(struct merging *m, const char *path, size_t len, struct node **ret, struct err *e)
{
	struct node *n = ftree_lookup(m->tree, path, len, true);
	size_t base = len;
	int r;

	if (n && n->inode->type == TAR_DIR) {
		*ret = n;
		return 0;
	}
	n = n ? n : ftree_lookup(m->tree, path, len, false);
	while (base && path[base - 1] != '/')
		base--;
	if (n && n->inode->type == TAR_SYMLINK)
		return enter_link(m, path, base, n->inode->link, ret, e);
	if (n)
		return err_set(e, ENOTDIR, "'%.*s' is not a directory", (int)len, path);
	r = enter(m, path, base ? base - 1 : 0, &n, e);
	return r < 0 ? r
		     : ftree_put(m->tree, n, path + base, len - base, implied_dir(m), m->layer, ret,
				 e);
}

static void merge_root(struct ftree *t, struct inode *i)
{
	if (i->type != TAR_DIR)
		return;
	t->root->inode = i;
	t->root->next_link = NULL;
	i->nodes = t->root;
}

static void merge_whiteout(const struct merging *m, const struct layer_entry *n)
{
	struct ftree *t = m->tree;
	bool self = n->whiteout == WHITEOUT_REMOVE;
	struct node *dir = ftree_lookup(t, n->path, n->base ? n->base - 1 : 0, true), *hidden;

	if (!self)
		hidden = ftree_lookup(t, n->path, n->len, true);
	else
		hidden = dir ? ftree_child(t, dir, n->path + n->base, n->len - n->base) : NULL;
	if (hidden)
		ftree_remove_lower(t, hidden, m->layer, self);
}

static int find_target(const struct merging *m, const struct layer_entry *n, struct inode **ret,
		       struct err *e)
{
	struct node *target = ftree_lookup(m->tree, n->target, strlen(n->target), false);

	if (!target)
		return err_set(e, ENOENT, "hard link to '%.200s', which is not there", n->target);
	if (target->inode->type == TAR_DIR)
		return err_set(e, EPERM, "hard link to directory '%.200s'", n->target);
	*ret = target->inode;
	return 0;
}

static int merge_entry(struct merging *m, const struct layer_entry *n, struct err *e)
{
	struct inode *i = n->inode;
	struct node *dir = NULL;
	int r = 0;

	if (n->whiteout != WHITEOUT_NONE) {
		merge_whiteout(m, n);
		return 0;
	}
	if (n->len == 0) {
		if (i)
			merge_root(m->tree, i);
		return 0;
	}
	if (n->target)
		r = find_target(m, n, &i, e);
	if (r >= 0)
		r = enter(m, n->path, n->base ? n->base - 1 : 0, &dir, e);
	return r < 0 ? r
		     : ftree_put(m->tree, dir, n->path + n->base, n->len - n->base, i, m->layer,
				 NULL, e);
}

int layer_list_merge(const struct layer_list *l, struct ftree *t, unsigned layer, struct err *e)
{
	struct merging m = { .tree = t, .layer = layer };

	for (size_t i = 0; i < l->n; i++) {
		int r;

		m.links = 0;
		r = merge_entry(&m, &l->entries[i], e);

		if (r < 0)
			return err_wrap(e, r, "entry '%.200s'", l->entries[i].path);
	}
	return 0;
}
