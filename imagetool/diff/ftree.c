/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/ftree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_START    1024
#define SYMLINKS_MAX   40 /* the kernel's */
#define ROOT_MODE_USED 0755

void ftree_init(struct ftree *t)
{
	memset(t, 0, sizeof(*t));
	t->table_size = TABLE_START;
	t->table = xcalloc(t->table_size, sizeof(struct node *));
	t->root = arena_alloc(&t->arena, 1, sizeof(*t->root));
	t->root->name = "";
	t->root->inode = ftree_inode_new(&t->arena);
	t->root->inode->type = TAR_DIR;
	t->root->inode->mode = ROOT_MODE_USED;
	t->root->inode->nodes = t->root;
	t->n_nodes = 1;
}

void ftree_done(struct ftree *t)
{
	free(t->table);
	for (size_t i = 0; i < t->n_layers; i++)
		arena_done(&t->layers[i]);
	free(t->layers);
	arena_done(&t->arena);
}

/* Links stay links of one copy. */
static struct inode *copy_inode(struct ftree *to, struct inode *i)
{
	if (!i->copy) {
		i->copy = ftree_inode_new(&to->arena);
		*i->copy = *i;
		i->copy->nodes = NULL;
	}
	return i->copy;
}

/* A node of `from` has its copy as its pair meanwhile. */
int ftree_copy(const struct ftree *from, struct ftree *to, struct err *e)
{
	int r = 0;

	from->root->pair = to->root;
	to->root->inode = copy_inode(to, from->root->inode);
	to->root->inode->nodes = to->root;
	for (struct node *n = ftree_next(from->root, false); n && r >= 0; n = ftree_next(n, false))
		r = ftree_put(to, n->parent->pair, n->name, strlen(n->name),
			      copy_inode(to, n->inode), n->layer, &n->pair, e);
	for (struct node *n = from->root; n; n = ftree_next(n, false)) {
		n->pair = NULL;
		n->inode->copy = NULL;
	}
	return r;
}

/* ---- Inodes ---- */

struct inode *ftree_inode_new(struct arena *a)
{
	struct inode *i = arena_alloc(a, 1, sizeof(*i));

	i->link = "";
	return i;
}

static int by_name(const void *a, const void *b)
{
	const struct tar_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void ftree_sort_xattrs(struct tar_xattr *xattrs, size_t n)
{
	if (n > 1)
		qsort(xattrs, n, sizeof(*xattrs), by_name);
}

struct inode *ftree_inode_copy(struct arena *a, const struct tar_entry *n)
{
	struct inode *i = ftree_inode_new(a);
	struct tar_xattr *xattrs;

	i->type = n->type;
	i->mode = n->mode;
	i->uid = n->uid;
	i->gid = n->gid;
	i->mtime = n->mtime;
	i->major = n->major;
	i->minor = n->minor;
	i->size = n->type == TAR_FILE ? n->size : 0;
	if (n->type == TAR_SYMLINK)
		i->link = arena_strdup(a, n->link);
	if (!n->n_xattrs)
		return i;
	xattrs = arena_alloc(a, n->n_xattrs, sizeof(*xattrs));
	for (size_t k = 0; k < n->n_xattrs; k++) {
		const struct tar_xattr *x = &n->xattrs[k];

		xattrs[k].name = arena_strdup(a, x->name);
		xattrs[k].value = arena_strndup(a, x->value, x->len);
		xattrs[k].len = x->len;
	}
	ftree_sort_xattrs(xattrs, n->n_xattrs);
	i->xattrs = xattrs;
	i->n_xattrs = n->n_xattrs;
	return i;
}

static void link_inode(struct node *n, struct inode *i)
{
	n->inode = i;
	n->next_link = i->nodes;
	i->nodes = n;
}

static void unlink_inode(struct node *n)
{
	struct node **p = &n->inode->nodes;

	while (*p != n)
		p = &(*p)->next_link;
	*p = n->next_link;
}

/* ---- Names ---- */

/* FNV-1a */
static size_t hash(const struct node *parent, const char *name, size_t len)
{
	uint64_t h = 14695981039346656037ull ^ (uint64_t)(uintptr_t)parent;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211ull;
	return (size_t)(h ^ h >> 32);
}

static struct node **slot(const struct ftree *t, const struct node *parent, const char *name,
			  size_t len)
{
	return &t->table[hash(parent, name, len) & (t->table_size - 1)];
}

static void rehash(struct ftree *t)
{
	struct node **old = t->table;
	size_t n = t->table_size;

	t->table_size = 2 * n;
	t->table = xcalloc(t->table_size, sizeof(struct node *));
	for (size_t i = 0; i < n; i++)
		for (struct node *k = old[i], *next; k; k = next) {
			struct node **s = slot(t, k->parent, k->name, strlen(k->name));

			next = k->next_hash;
			k->next_hash = *s;
			*s = k;
		}
	free(old);
}

struct node *ftree_child(const struct ftree *t, const struct node *parent, const char *name,
			 size_t len)
{
	struct node *n = *slot(t, parent, name, len);

	while (n && !(n->parent == parent && strncmp(n->name, name, len) == 0 && !n->name[len]))
		n = n->next_hash;
	return n;
}

static struct node *insert(struct ftree *t, struct node *parent, const char *name, size_t len)
{
	struct node *n = arena_alloc(&t->arena, 1, sizeof(*n)), **s;

	if (t->n_nodes >= t->table_size)
		rehash(t);
	n->parent = parent;
	n->name = arena_strndup(&t->arena, name, len);
	s = slot(t, parent, name, len);
	n->next_hash = *s;
	*s = n;
	n->next = parent->first;
	if (n->next)
		n->next->prev = n;
	parent->first = n;
	t->n_nodes++;
	return n;
}

static void forget(struct ftree *t, struct node *n)
{
	struct node **p = slot(t, n->parent, n->name, strlen(n->name));

	while (*p != n)
		p = &(*p)->next_hash;
	*p = n->next_hash;
	if (n->prev)
		n->prev->next = n->next;
	else
		n->parent->first = n->next;
	if (n->next)
		n->next->prev = n->prev;
	unlink_inode(n);
	t->n_nodes--;
}

/* Leaves first, without a stack of our own: a tree is as deep as a hostile layer wants. */
void ftree_remove(struct ftree *t, struct node *n)
{
	struct node *at = n;

	assert(n->parent);
	while (true) {
		struct node *up;

		while (at->first)
			at = at->first;
		up = at->parent;
		forget(t, at);
		if (at == n)
			return;
		at = up;
	}
}

int ftree_put(struct ftree *t, struct node *parent, const char *name, size_t len,
	      struct inode *inode, unsigned layer, struct node **ret, struct err *e)
{
	struct node *n = ftree_child(t, parent, name, len);

	if (n && (n->inode->type != TAR_DIR || inode->type != TAR_DIR)) {
		ftree_remove(t, n);
		n = NULL;
	}
	if (n) {
		unlink_inode(n);
	} else if (t->n_nodes >= FTREE_NODES_MAX) {
		return err_set(e, E2BIG, "more than %zu files", FTREE_NODES_MAX);
	} else {
		n = insert(t, parent, name, len);
	}
	link_inode(n, inode);
	n->layer = layer;
	if (ret)
		*ret = n;
	return 0;
}

/* From the leaves up: what holds something of this layer stays. */
void ftree_remove_lower(struct ftree *t, struct node *n, unsigned layer, bool self)
{
	struct node *at = n;

	while (at->first)
		at = at->first;
	while (true) {
		struct node *next = at->next, *up = at->parent;
		bool last = at == n;

		if (at->layer < layer && !at->first && (self || !last))
			forget(t, at);
		if (last)
			return;
		at = next ? next : up;
		if (next)
			while (at->first)
				at = at->first;
	}
}

/* ---- Paths ---- */

/* One component further.  *links counts symlinks followed. */
static struct node *step(const struct ftree *t, struct node *at, const char *name, size_t len)
{
	if (len == 0 || (len == 1 && name[0] == '.'))
		return at;
	if (len == 2 && memcmp(name, "..", 2) == 0)
		return at->parent ? at->parent : at;
	return ftree_child(t, at, name, len);
}

static struct node *walk(const struct ftree *t, struct node *at, const char *path, size_t len,
			 bool follow_last, int *links)
{
	const char *end = path + len;

	if (len && *path == '/')
		at = t->root;
	while (at && path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t n = slash ? (size_t)(slash - path) : (size_t)(end - path);
		struct node *child = step(t, at, path, n);

		path += n + (slash != NULL);
		if (child && child->inode->type == TAR_SYMLINK && (slash || follow_last)) {
			if (++*links > SYMLINKS_MAX)
				return NULL;
			child = walk(t, at, child->inode->link, strlen(child->inode->link), true,
				     links);
		}
		at = child;
	}
	return at;
}

struct node *ftree_lookup(const struct ftree *t, const char *path, size_t len, bool follow)
{
	int links = 0;

	return walk(t, t->root, path, len, follow, &links);
}

void ftree_path(const struct node *n, struct strbuf *out)
{
	size_t len = 0, at;
	char *to;

	for (const struct node *k = n; k->parent; k = k->parent)
		len += strlen(k->name) + 1;
	if (len == 0)
		return;
	to = strbuf_reserve(out, len);
	if (!to)
		return;
	at = len - 1;
	for (const struct node *k = n; k->parent; k = k->parent) {
		size_t w = strlen(k->name);

		at -= w;
		memcpy(to + at, k->name, w);
		if (at)
			to[--at] = '/';
	}
	strbuf_commit(out, len - 1);
}

/* ---- Order ---- */

static int by_node_name(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

static void sort_children(struct node *dir, struct node ***buf, size_t *cap)
{
	size_t n = 0;

	for (struct node *k = dir->first; k; k = k->next) {
		if (n == *cap) {
			*cap = *cap ? 2 * *cap : 256;
			*buf = xreallocarray(*buf, *cap, sizeof(struct node *));
		}
		(*buf)[n++] = k;
	}
	if (n < 2)
		return;
	qsort(*buf, n, sizeof(struct node *), by_node_name);
	for (size_t i = 0; i < n; i++) {
		(*buf)[i]->prev = i ? (*buf)[i - 1] : NULL;
		(*buf)[i]->next = i + 1 < n ? (*buf)[i + 1] : NULL;
	}
	dir->first = (*buf)[0];
}

void ftree_sort(struct ftree *t)
{
	struct node **buf = NULL;
	size_t cap = 0;

	for (struct node *n = t->root; n; n = ftree_next(n, false))
		sort_children(n, &buf, &cap);
	free(buf);
}

struct node *ftree_next(const struct node *n, bool over)
{
	if (n->first && !over)
		return n->first;
	while (n && !n->next)
		n = n->parent;
	return n ? n->next : NULL;
}
