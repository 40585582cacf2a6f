/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/squash.h"

#include <stdlib.h>

#include "imagetool/commit/layer_blob.h"
#include "imagetool/diff/compare.h"
#include "imagetool/diff/layer_list.h"
#include "imagetool/layer/layer.h"
#include "imagetool/tar/pass.h"
#include "libutil/path.h"

struct squashing {
	const struct image_descriptor *layers;
	const struct oci_strings *diff_ids;
	const struct store *store;
	struct tar_writer *w;
	struct ftree below, all;  /* what stands below the layers, and with them */
	struct layer_list *lists; /* owned; of layers [0, n) */
	size_t first, n;
	struct changes changes;
	struct strbuf path;
};

static void squashing_done(struct squashing *g)
{
	for (size_t i = 0; g->lists && i < g->n; i++)
		layer_list_done(&g->lists[i]);
	free(g->lists);
	free(g->w);
	ftree_done(&g->below);
	ftree_done(&g->all);
	changes_done(&g->changes);
	strbuf_done(&g->path);
}
AUTO_DEFINE_DONE(squashing, squashing_done)

/* ---- What is to be written ---- */

/* Those below too: paths go through their symlinks, and what is not there needs no whiteout. */
static int read_names(struct squashing *g, struct err *e)
{
	int r = 0;

	g->lists = xcalloc(g->n + 1, sizeof(*g->lists));
	for (size_t i = 0; i < g->n && r >= 0; i++) {
		autofd int fd = r = blob_open(g->store, g->layers[i].digest, NULL, e);

		if (r >= 0)
			r = layer_list_read(&g->lists[i], fd, &g->layers[i], g->diff_ids->items[i],
					    e);
		if (r >= 0 && i == g->first)
			r = ftree_copy(&g->all, &g->below, e);
		if (r >= 0)
			r = layer_list_merge(&g->lists[i], &g->all, (unsigned)i + 1, e);
	}
	return r;
}

static int find_changes(struct squashing *g, struct err *e)
{
	int r = read_names(g, e);

	if (r < 0)
		return r;
	ftree_sort(&g->below);
	ftree_sort(&g->all);
	return compare_trees(&g->below, &g->all, &(struct compare_opts){ .rootfd = -1 },
			     &g->changes, e);
}

/* ---- Entries ---- */

static const char *path_of(struct squashing *g, const struct node *n)
{
	strbuf_truncate(&g->path, 0);
	ftree_path(n, &g->path);
	return g->path.len ? g->path.data : "./";
}

static int write_entry(struct squashing *g, const struct node *n, const char *target, int64_t size,
		       struct err *e)
{
	const struct inode *i = n->inode;

	return tar_write_entry(g->w,
			       &(struct tar_entry){
				       .type = target ? TAR_HARDLINK : i->type,
				       .name = path_of(g, n),
				       .link = target ? target : i->link,
				       .mode = i->mode,
				       .uid = i->uid,
				       .gid = i->gid,
				       .mtime = i->mtime,
				       .major = target ? 0 : i->major,
				       .minor = target ? 0 : i->minor,
				       .size = size,
				       .xattrs = i->xattrs,
				       .n_xattrs = target ? 0 : i->n_xattrs,
			       },
			       e);
}

/* Directories on the way down to `n`, and itself; not the root, unless it changed.  From the top:
 * each round writes the highest that is missing. */
static int write_dirs(struct squashing *g, const struct node *n, struct err *e)
{
	while (true) {
		const struct node *top = NULL;
		int r;

		for (const struct node *k = n; k; k = k->parent)
			if (!k->inode->written &&
			    (k->parent || (k->why & ~(unsigned)CHANGE_INSIDE)))
				top = k;
		if (!top)
			return 0;
		top->inode->written = true;
		r = write_entry(g, top, NULL, 0, e);
		if (r < 0)
			return r;
	}
}

static int write_whiteout(struct squashing *g, const struct node *gone, struct err *e)
{
	const struct node *dir = gone->parent->pair;
	autofree char *path = xasprintf("%s/.wh.%s", path_of(g, dir), gone->name);
	const char *name = dir->parent ? path : path + strlen(".//");
	int r = write_dirs(g, dir, e);

	return r < 0 ? r
		     : tar_write_entry(
			       g->w,
			       &(struct tar_entry){ .type = TAR_FILE, .name = name, .link = "" },
			       e);
}

/* They come first, as content comes in the order of layers. */
static int write_whiteouts(struct squashing *g, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < g->changes.n && r >= 0; i++)
		if (g->changes.items[i].kind == CHANGE_DELETED)
			r = write_whiteout(g, g->changes.items[i].node, e);
	return r;
}

static int write_links(struct squashing *g, const struct node *first, struct err *e)
{
	autofree char *target = xstrdup(path_of(g, first));
	int r = 0;

	for (const struct node *n = first->inode->nodes; n && r >= 0; n = n->next_link) {
		if (n == first)
			continue;
		r = write_dirs(g, n->parent, e);
		if (r >= 0)
			r = write_entry(g, n, target, 0, e);
	}
	return r;
}

/* Names of the inode that are left; the one with the smallest path stands for the file, so that
 * the result does not depend on how names came to be. */
static const struct node *first_name(struct squashing *g, const struct inode *i)
{
	const struct node *best = i->nodes;
	autofree char *best_path = best ? xstrdup(path_of(g, best)) : NULL;

	for (const struct node *n = best ? best->next_link : NULL; n; n = n->next_link) {
		if (strcmp(path_of(g, n), best_path) >= 0)
			continue;
		free(best_path);
		best_path = xstrdup(path_of(g, n));
		best = n;
	}
	return best;
}

static int write_inode(struct squashing *g, struct inode *i, struct tar_reader *t, struct err *e)
{
	const struct node *n = first_name(g, i);
	int r;

	/* All names of a file are news, or none is. */
	if (!n || !n->dirty || i->type == TAR_DIR)
		return 0;
	r = write_dirs(g, n->parent, e);
	if (r >= 0)
		r = write_entry(g, n, NULL, i->size, e);
	if (r >= 0 && i->type == TAR_FILE)
		r = tar_pass_content(t, i->size, g->w, e);
	return r < 0 ? r : write_links(g, n, e);
}

/* ---- Layers, a second time ---- */

static bool is_needed(const struct layer_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct inode *inode = l->entries[i].inode;

		if (inode && inode->type != TAR_DIR && inode->nodes && inode->nodes->dirty)
			return true;
	}
	return false;
}

static int write_layer(struct squashing *g, const struct layer_list *l, struct tar_reader *t,
		       struct err *e)
{
	struct tar_entry entry;
	size_t index = 0, at = 0;
	int r;

	while ((r = tar_next(t, &entry, e)) > 0) {
		for (; at < l->n && l->entries[at].index < index; at++)
			;
		if (at < l->n && l->entries[at].index == index && l->entries[at].inode)
			r = write_inode(g, l->entries[at].inode, t, e);
		if (r < 0)
			return r;
		index++;
	}
	return r;
}

static int write_content(struct squashing *g, size_t i, struct err *e)
{
	auto_(layer_stream) struct layer_stream *stream = NULL;
	auto_(tar_reader) struct tar_reader *t = NULL;
	autofd int fd = blob_open(g->store, g->layers[i].digest, NULL, e);
	int r = fd;

	if (r >= 0)
		r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd },
				     &g->layers[i], g->diff_ids->items[i], &stream, e);
	if (r < 0)
		return r;
	t = tar_reader_new(layer_stream_source(stream));
	r = write_layer(g, &g->lists[i], t, e);
	return r < 0 ? r : layer_stream_verify(stream, NULL, e);
}

static int write_all(struct squashing *g, struct err *e)
{
	int r = write_whiteouts(g, e);

	for (size_t i = 0; i < g->n && r >= 0; i++)
		if (is_needed(&g->lists[i]))
			r = write_content(g, i, e);
	for (struct node *n = g->all.root; n && r >= 0; n = ftree_next(n, !n->dirty))
		if (n->dirty && n->inode->type == TAR_DIR)
			r = write_dirs(g, n, e);
	return r < 0 ? r : tar_write_end(g->w, e);
}

static void squashing_begin(struct squashing *g)
{
	ftree_init(&g->below);
	ftree_init(&g->all);
	g->w = xcalloc(1, sizeof(*g->w));
}

int squash_write(const struct image_descriptor *layers, const struct oci_strings *diff_ids,
		 const struct store *s, struct byte_sink to, struct err *e)
{
	auto_(squashing) struct squashing g = {
		.layers = layers, .diff_ids = diff_ids, .store = s, .n = diff_ids->n
	};
	int r;

	squashing_begin(&g);
	r = find_changes(&g, e);
	if (r < 0)
		return r;
	tar_writer_init_sink(g.w, to);
	g.w->exact_times = true;
	/* Who unpacks it gets the root's attributes, too. */
	g.all.root->inode->written = true;
	r = write_entry(&g, g.all.root, NULL, 0, e);
	return r < 0 ? r : write_all(&g, e);
}

int squash_layers(const struct image_descriptor *layers, const struct oci_strings *diff_ids,
		  size_t first, struct store *s, const struct compress_opts *opts,
		  struct compress_result *ret, struct err *e)
{
	auto_(squashing) struct squashing g = {
		.layers = layers, .diff_ids = diff_ids, .store = s, .first = first, .n = diff_ids->n
	};
	auto_(layer_blob) struct layer_blob layer = { 0 };
	int r;

	squashing_begin(&g);
	r = find_changes(&g, e);
	if (r >= 0)
		r = layer_blob_begin(&layer, s, opts, e);
	if (r < 0)
		return r;
	tar_writer_init_sink(g.w, layer_blob_sink(&layer));
	g.w->exact_times = true;
	r = write_all(&g, e);
	return r < 0 ? r : layer_blob_commit(&layer, ret, e);
}
