/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"

#define NODES_MAX (UINT32_MAX / 2)
/* As on ext4. */
#define LINKS_MAX 65000

/* Room for one more item. */
static void *__attribute__((returns_nonnull))
room(void *items, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return items;
	*cap = *cap < 64 ? 64 : *cap + *cap / 2;
	return xreallocarray(items, *cap, size);
}

/* ---- Text ---- */

static int keep_text(struct tree *t, const char *text, size_t len, uint32_t *ret, struct err *e)
{
	if (len >= TREE_TEXT_MAX - t->text_len)
		return err_set(e, E2BIG, "the names in the layer take more than %zu MiB",
			       TREE_TEXT_MAX >> 20);
	if (t->text_len + len + 1 > t->text_cap) {
		t->text_cap = t->text_cap + t->text_cap / 2 + len + 4096;
		t->text = xreallocarray(t->text, t->text_cap, 1);
	}
	memcpy(t->text + t->text_len, text, len);
	t->text[t->text_len + len] = '\0';
	*ret = (uint32_t)t->text_len;
	t->text_len += len + 1;
	return 0;
}

/* ---- Finding ---- */

/* FNV-1a. */
static uint32_t hash(uint32_t dir, const char *name, size_t len)
{
	uint64_t h = 0xcbf29ce484222325 ^ dir * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 0x100000001b3;
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t *bucket(const struct tree *t, uint32_t dir, const char *name, size_t len)
{
	return &t->buckets[hash(dir, name, len) & (t->n_buckets - 1)];
}

static void insert(struct tree *t, uint32_t node)
{
	struct tree_node *n = &t->nodes[node];
	uint32_t *b = bucket(t, n->parent, tree_name(t, node), strlen(tree_name(t, node)));

	n->chain = *b;
	*b = node;
}

static uint32_t *where(const struct tree *t, uint32_t node)
{
	const char *name = tree_name(t, node);
	uint32_t *at = bucket(t, t->nodes[node].parent, name, strlen(name));

	while (*at != node)
		at = &t->nodes[*at].chain;
	return at;
}

/* Every list is walked, so that names that were taken away stay away. */
static void grow_buckets(struct tree *t)
{
	uint32_t *old = t->buckets, n_old = t->n_buckets;

	t->n_buckets = n_old ? 2 * n_old : 1024;
	t->buckets = xreallocarray(NULL, t->n_buckets, sizeof(*t->buckets));
	memset(t->buckets, 0xff, t->n_buckets * sizeof(*t->buckets));
	for (uint32_t i = 0; i < n_old; i++)
		for (uint32_t node = old[i], next; node != TREE_NONE; node = next) {
			next = t->nodes[node].chain;
			insert(t, node);
		}
	free(old);
}

static uint32_t find(const struct tree *t, uint32_t dir, const char *name, size_t len)
{
	for (uint32_t i = *bucket(t, dir, name, len); i != TREE_NONE; i = t->nodes[i].chain) {
		const char *have = tree_name(t, i);

		if (t->nodes[i].parent == dir && strncmp(have, name, len) == 0 && !have[len])
			return i;
	}
	return TREE_NONE;
}

/* Nodes are numbered as they come: those before the mark of a directory above are gone. */
static bool is_gone(const struct tree *t, uint32_t node)
{
	if (node == TREE_ROOT || tree_is_own(t, node))
		return false;
	for (uint32_t at = node; at != TREE_ROOT;) {
		at = t->nodes[at].parent;
		if (node < tree_dir(t, at)->hides)
			return true;
	}
	return false;
}

/* Looking for what is gone as late as this, a mark costs the same however much it hides. */
uint32_t tree_find(struct tree *t, uint32_t dir, const char *name, size_t len)
{
	uint32_t node = find(t, dir, name, len);

	if (node == TREE_NONE || !is_gone(t, node))
		return node;
	tree_remove(t, node);
	return TREE_NONE;
}

bool tree_is_below(const struct tree *t, uint32_t node, uint32_t dir)
{
	while (node != TREE_ROOT && node != dir)
		node = t->nodes[node].parent;
	return node == dir;
}

/* ---- Changing ---- */

void tree_own(struct tree *t, uint32_t node)
{
	t->nodes[node].own = 1;
	/* Whoever is kept has directories that are. */
	while (node != TREE_ROOT && !tree_dir(t, t->nodes[node].parent)->kept) {
		node = t->nodes[node].parent;
		tree_dir(t, node)->kept = true;
	}
}

void tree_hide(struct tree *t, uint32_t dir)
{
	tree_dir(t, dir)->opaque = true;
	tree_dir(t, dir)->hides = t->n_nodes;
}

static uint32_t add_dir(struct tree *t, uint32_t node, size_t path_len)
{
	t->dirs = room(t->dirs, t->n_dirs, &t->cap_dirs, sizeof(*t->dirs));
	t->dirs[t->n_dirs] =
		(struct tree_dir){ .node = node, .mode = 0755, .path_len = (uint16_t)path_len };
	return t->n_dirs++;
}

/* Through symlinks a layer gets deeper than any path: what is said of each directory by its path
 * would take no end. */
static int check_path(const struct tree *t, uint32_t dir, const char *name, size_t len, size_t *ret,
		      struct err *e)
{
	size_t path_len = t->dirs[t->nodes[dir].more].path_len;

	*ret = path_len + (path_len > 0) + len;
	if (*ret >= PATH_MAX)
		return err_set(e, ENAMETOOLONG, "'%.80s': path is too long", name);
	return 0;
}

int tree_add(struct tree *t, uint32_t dir, const char *name, size_t len, enum erofs_type type,
	     uint32_t *ret, struct err *e)
{
	uint32_t node = t->n_nodes, text = 0;
	size_t path_len = 0;
	int r = 0;

	if (len > EROFS_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "'%.80s...': the name is longer than %u bytes",
			       name, EROFS_NAME_MAX);
	if (node >= NODES_MAX)
		return err_set(e, E2BIG, "too many names");
	if (type == EROFS_FT_DIR)
		r = check_path(t, dir, name, len, &path_len, e);
	if (r >= 0)
		r = keep_text(t, name, len, &text, e);
	if (r < 0)
		return r;
	if (node >= t->n_buckets)
		grow_buckets(t);
	t->nodes = room(t->nodes, node, &t->cap_nodes, sizeof(*t->nodes));
	t->nodes[node] = (struct tree_node){ .type = (unsigned)type & 15, .parent = dir };
	t->nodes[node].name = text;
	t->n_nodes++;
	insert(t, node);
	if (type == EROFS_FT_DIR)
		t->nodes[node].more = add_dir(t, node, path_len);
	*ret = node;
	return 0;
}

/* Where a node keeps the row of its links + 1. */
static uint32_t links_of(const struct tree *t, const struct tree_node *n)
{
	uint32_t row = n->more;

	if (n->type == EROFS_FT_SYMLINK)
		memcpy(&row, t->text + n->more - sizeof(row), sizeof(row));
	return row;
}

static void set_links(struct tree *t, struct tree_node *n, uint32_t row)
{
	if (n->type == EROFS_FT_SYMLINK)
		memcpy(t->text + n->more - sizeof(row), &row, sizeof(row));
	else
		n->more = row;
}

int tree_set_target(struct tree *t, uint32_t node, const char *target, size_t len, struct err *e)
{
	static const char no_links[sizeof(uint32_t)];
	uint32_t at = 0;
	/* keep_text() adds the fourth NUL. */
	int r = keep_text(t, no_links, sizeof(no_links) - 1, &at, e);

	if (r >= 0)
		r = keep_text(t, target, len, &at, e);
	if (r >= 0)
		t->nodes[node].more = at;
	return r;
}

int tree_link(struct tree *t, uint32_t node, struct err *e)
{
	struct tree_node *n = &t->nodes[node];
	uint32_t row = links_of(t, n);

	if (!row) {
		t->links = room(t->links, t->n_links, &t->cap_links, sizeof(*t->links));
		t->links[t->n_links] = (struct tree_links){ .nid = n->nid, .count = 1 };
		row = ++t->n_links;
		set_links(t, n, row);
	}
	if (t->links[row - 1].count >= LINKS_MAX)
		return err_set(e, EMLINK, "'%.200s' has more than %d hard links",
			       tree_name(t, node), LINKS_MAX);
	t->links[row - 1].count++;
	return 0;
}

/* What was below it is found no more, because its directory is not. */
void tree_remove(struct tree *t, uint32_t node)
{
	struct tree_node *n = &t->nodes[node];
	uint32_t *at = where(t, node), row = n->type == EROFS_FT_DIR ? 0 : links_of(t, n);

	*at = n->chain;
	n->chain = TREE_NONE;
	n->parent = TREE_NONE;
	if (row)
		t->links[row - 1].count--;
}

/* The list and all its texts in one block. */
static struct tar_xattr *copy_xattrs(const struct tar_xattr *x, size_t n, size_t texts)
{
	struct tar_xattr *copy = xcalloc(1, n * sizeof(*x) + texts);
	char *at = (char *)(copy + n);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(x[i].name) + 1;

		copy[i] = (struct tar_xattr){ .name = at, .value = at + len, .len = x[i].len };
		memcpy(at, x[i].name, len);
		memcpy(at + len, x[i].value, x[i].len);
		at += len + x[i].len;
	}
	return copy;
}

int tree_set_xattrs(struct tree *t, uint32_t dir, const struct tar_xattr *x, size_t n,
		    struct err *e)
{
	struct tree_dir *d = tree_dir(t, dir);
	size_t texts = 0;

	for (size_t i = 0; i < n; i++)
		texts += strlen(x[i].name) + 1 + x[i].len;
	t->attrs += texts;
	if (t->attrs > TREE_ATTRS_MAX)
		return err_set(e, E2BIG,
			       "extended attributes of directories take more than %zu MiB",
			       TREE_ATTRS_MAX >> 20);
	free(d->xattrs);
	d->xattrs = n ? copy_xattrs(x, n, texts) : NULL;
	d->n_xattrs = n;
	return 0;
}

void tree_init(struct tree *t)
{
	struct tree_node *root;

	*t = (struct tree){ .text_len = 1, .text_cap = 4096 };
	t->text = xcalloc(1, t->text_cap);
	grow_buckets(t);
	t->cap_nodes = 64;
	t->nodes = xcalloc(t->cap_nodes, sizeof(*t->nodes));
	root = &t->nodes[TREE_ROOT];
	*root = (struct tree_node){ .type = EROFS_FT_DIR, .chain = TREE_NONE };
	root->more = add_dir(t, TREE_ROOT, 0);
	t->n_nodes = 1;
}

void tree_done(struct tree *t)
{
	for (uint32_t i = 0; i < t->n_dirs; i++)
		free(t->dirs[i].xattrs);
	free(t->dirs);
	free(t->nodes);
	free(t->buckets);
	free(t->links);
	free(t->text);
	*t = (struct tree){ 0 };
}

/* ---- At the end ---- */

static void mark_dir(struct tree *t, struct tree_dir *d)
{
	uint32_t parent = t->nodes[d->node].parent;
	const struct tree_dir *outer;

	d->reached = d->node == TREE_ROOT;
	d->hidden = d->opaque;
	if (d->node == TREE_ROOT || parent == TREE_NONE)
		return;
	outer = tree_dir(t, parent);
	d->hidden |= outer->hidden;
	if (outer->hidden && !tree_is_own(t, d->node))
		tree_remove(t, d->node);
	else
		d->reached = outer->reached;
}

void tree_mark(struct tree *t)
{
	for (uint32_t i = 0; i < t->n_dirs; i++)
		mark_dir(t, &t->dirs[i]);
	for (uint32_t i = 1; i < t->n_nodes; i++) {
		struct tree_dir *d;

		if (tree_is_own(t, i) || t->nodes[i].parent == TREE_NONE)
			continue;
		d = tree_dir(t, t->nodes[i].parent);
		if (d->hidden)
			tree_remove(t, i);
		else if (t->nodes[i].whiteout)
			d->whites = true;
	}
}

static bool is_in(const struct tree *t, uint32_t node)
{
	uint32_t parent = t->nodes[node].parent;

	return parent != TREE_NONE && tree_dir(t, parent)->reached;
}

struct by_name {
	const char *name;
	uint32_t node;
};

static int compare(const void *x, const void *y)
{
	return strcmp(((const struct by_name *)x)->name, ((const struct by_name *)y)->name);
}

/* Most archives are sorted already. */
static bool is_sorted(const struct tree *t, const uint32_t *nodes, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (strcmp(tree_name(t, nodes[i - 1]), tree_name(t, nodes[i])) > 0)
			return false;
	return true;
}

static void sort_names(const struct tree *t, uint32_t *nodes, uint32_t n)
{
	struct by_name *rows;

	if (is_sorted(t, nodes, n))
		return;
	rows = xcalloc(n, sizeof(*rows));
	for (uint32_t i = 0; i < n; i++)
		rows[i] = (struct by_name){ tree_name(t, nodes[i]), nodes[i] };
	qsort(rows, n, sizeof(*rows), compare);
	for (uint32_t i = 0; i < n; i++)
		nodes[i] = rows[i].node;
	free(rows);
}

static void count_one(struct tree *t, const struct tree_node *n)
{
	struct tree_dir *d = tree_dir(t, n->parent);
	uint32_t row = n->type == EROFS_FT_DIR ? 0 : links_of(t, n);

	d->names++;
	d->subdirs += n->type == EROFS_FT_DIR;
	if (row)
		t->links[row - 1].count++;
}

static uint32_t count(struct tree *t)
{
	uint32_t total = 0;

	/* Names went with the directories they were in. */
	for (uint32_t i = 0; i < t->n_links; i++)
		t->links[i].count = 0;
	for (uint32_t i = 1; i < t->n_nodes; i++)
		if (is_in(t, i))
			count_one(t, &t->nodes[i]);
	for (uint32_t i = 0; i < t->n_dirs; i++) {
		t->dirs[i].first = total;
		total += t->dirs[i].names;
	}
	return total;
}

/* By directory without comparing: counted, then put where the counts say. */
uint32_t *tree_sort(struct tree *t)
{
	uint32_t n = count(t), *ret = xcalloc(n + 1, sizeof(*ret));
	autofree uint32_t *next = xcalloc(t->n_dirs, sizeof(*next));

	for (uint32_t i = 0; i < t->n_dirs; i++)
		next[i] = t->dirs[i].first;
	for (uint32_t i = 1; i < t->n_nodes; i++)
		if (is_in(t, i))
			ret[next[t->nodes[t->nodes[i].parent].more]++] = i;
	for (uint32_t i = 0; i < t->n_dirs; i++)
		sort_names(t, ret + t->dirs[i].first, t->dirs[i].names);
	return ret;
}
