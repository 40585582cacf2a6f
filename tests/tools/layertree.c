/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layertree [-n EPOCH] [-b N] LAYER... - what layers say, and what they come to.
 *
 * Prints the entries of every layer but the first N, sorted by name, one a line
 * with everything an archive says of them; then the tree that all of them make,
 * again but for what it has from the first N layers unchanged, and what of those
 * is gone.  Two builders made the same when `diff` finds nothing.  Times since
 * EPOCH are "now": they are those of the build.  Layers may be compressed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/codec/decompress.h"
#include "imagetool/layer/layer.h"
#include "imagetool/tar/read.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/strbuf.h"

#define WHITEOUT ".wh."
#define OPAQUE   ".wh..wh..opq"

/* What the names of an inode share. */
struct inode {
	char *text;
	size_t names;
	const char *first; /* of its names, while the tree is printed */
	bool dir;
};

struct node {
	char *path;
	struct inode *inode;
	size_t layer;
};

/* Sorted by path, so that what lies below a directory is one run. */
struct tree {
	struct node *items;
	size_t n, size;
};

struct lines {
	char **items;
	size_t n, size;
};

struct job {
	int64_t now;
	size_t base; /* layers */
	struct tree tree;
	struct tree before; /* the base alone */
	struct lines lines; /* of the layer that is read */
};

static void put_text(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c >= 0x7f || c == '\\')
			strbuf_addf(out, "\\%03o", c);
		else
			strbuf_addc(out, (char)c);
	}
}

static size_t tree_find(const struct tree *t, const char *path)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(t->items[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct node *tree_get(const struct tree *t, const char *path)
{
	size_t at = tree_find(t, path);

	return at < t->n && strcmp(t->items[at].path, path) == 0 ? &t->items[at] : NULL;
}

static void tree_cut(struct tree *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		t->items[i].inode->names--;
	memmove(&t->items[from], &t->items[to], (t->n - to) * sizeof(t->items[0]));
	t->n -= to - from;
}

/* What lies below, from layers before `layer`. */
static void tree_remove_below(struct tree *t, const char *path, size_t layer)
{
	autofree char *prefix = xasprintf("%s/", path);
	size_t len = strlen(prefix), i = tree_find(t, prefix);

	while (i < t->n && strncmp(t->items[i].path, prefix, len) == 0)
		if (t->items[i].layer < layer)
			tree_cut(t, i, i + 1);
		else
			i++;
}

static void tree_remove(struct tree *t, const char *path, size_t layer)
{
	size_t at = tree_find(t, path);

	tree_remove_below(t, path, layer);
	if (at < t->n && strcmp(t->items[at].path, path) == 0 && t->items[at].layer < layer)
		tree_cut(t, at, at + 1);
}

static void tree_put(struct tree *t, const char *path, struct inode *inode, size_t layer)
{
	struct node *there = tree_get(t, path);
	size_t at;

	inode->names++;
	if (there) {
		if (there->inode->dir && !inode->dir)
			tree_remove_below(t, path, layer + 1);
		there->inode->names--;
		there->inode = inode;
		there->layer = layer;
		return;
	}
	at = tree_find(t, path);
	if (t->n == t->size) {
		t->size = t->size ? t->size * 2 : 1024;
		t->items = xreallocarray(t->items, t->size, sizeof(t->items[0]));
	}
	memmove(&t->items[at + 1], &t->items[at], (t->n - at) * sizeof(t->items[0]));
	t->items[at] = (struct node){ xstrdup(path), inode, layer };
	t->n++;
}

static struct tree tree_copy(const struct tree *t)
{
	struct tree copy = { xcalloc(t->n + 1, sizeof(t->items[0])), t->n, t->n + 1 };

	memcpy(copy.items, t->items, t->n * sizeof(t->items[0]));
	return copy;
}

/* "./a/b/" and "/a/b" are "a/b"; the top is ".". */
static char *plain_name(const char *name)
{
	struct strbuf out = { 0 };

	while (*name) {
		size_t len = strcspn(name, "/");

		if (len > 0 && !(len == 1 && *name == '.')) {
			if (out.len > 0)
				strbuf_add(&out, "/", 1);
			strbuf_add(&out, name, len);
		}
		name += len + (name[len] == '/');
	}
	return out.len > 0 ? strbuf_steal(&out) : xstrdup(".");
}

static const char *const type_names[] = {
	[TAR_FILE] = "file", [TAR_HARDLINK] = "hardlink",  [TAR_SYMLINK] = "symlink",
	[TAR_CHAR] = "char", [TAR_BLOCK_DEVICE] = "block", [TAR_DIR] = "dir",
	[TAR_FIFO] = "fifo",
};

static uint64_t hash(uint64_t h, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 0x100000001b3;
	return h;
}

/* Holes count as the zeros that they are. */
static uint64_t hash_zeros(uint64_t h, int64_t len)
{
	static const uint8_t zeros[4096];

	for (; len > 0; len -= (int64_t)sizeof(zeros))
		h = hash(h, zeros, len < (int64_t)sizeof(zeros) ? (size_t)len : sizeof(zeros));
	return h;
}

static int add_content(struct tar_reader *tar, const struct tar_entry *entry, struct strbuf *out,
		       struct err *e)
{
	uint64_t h = 0xcbf29ce484222325;
	int64_t at = 0, offset = 0;
	const uint8_t *data;
	size_t len;
	int r;

	while ((r = tar_data(tar, &data, &len, &offset, e)) > 0) {
		h = hash(hash_zeros(h, offset - at), data, len);
		at = offset + (int64_t)len;
	}
	h = hash_zeros(h, entry->size - at);
	strbuf_addf(out, " size=%" PRId64 " hash=%016" PRIx64, entry->size, h);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct tar_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void add_xattrs(const struct tar_entry *entry, struct strbuf *out)
{
	struct tar_xattr *sorted = xcalloc(entry->n_xattrs + 1, sizeof(*sorted));

	if (entry->n_xattrs > 0)
		memcpy(sorted, entry->xattrs, entry->n_xattrs * sizeof(*sorted));
	qsort(sorted, entry->n_xattrs, sizeof(*sorted), by_name);
	for (size_t i = 0; i < entry->n_xattrs; i++) {
		strbuf_addf(out, " %s=", sorted[i].name);
		put_text(out, sorted[i].value, sorted[i].len);
	}
	free(sorted);
}

/* Everything but the name. */
static int describe(struct job *job, struct tar_reader *tar, const struct tar_entry *entry,
		    struct strbuf *out, struct err *e)
{
	int r = 0;

	strbuf_addf(out, " %s", type_names[entry->type]);
	if (entry->type == TAR_HARDLINK) {
		autofree char *to = plain_name(entry->link);

		strbuf_addf(out, " to=");
		put_text(out, to, strlen(to));
		return 0;
	}
	if (entry->type != TAR_SYMLINK)
		strbuf_addf(out, " mode=%04o", entry->mode & 07777);
	strbuf_addf(out, " owner=%" PRId64 ":%" PRId64, entry->uid, entry->gid);
	if (entry->mtime.tv_sec >= job->now)
		strbuf_addf(out, " mtime=now");
	else
		strbuf_addf(out, " mtime=%" PRId64, (int64_t)entry->mtime.tv_sec);
	if (entry->type == TAR_FILE)
		r = add_content(tar, entry, out, e);
	if (entry->type == TAR_SYMLINK) {
		strbuf_addf(out, " to=");
		put_text(out, entry->link, strlen(entry->link));
	}
	if (entry->type == TAR_CHAR || entry->type == TAR_BLOCK_DEVICE)
		strbuf_addf(out, " dev=%u:%u", entry->major, entry->minor);
	add_xattrs(entry, out);
	return r;
}

static void add_line(struct lines *l, const char *path, const char *text)
{
	struct strbuf line = { 0 };

	put_text(&line, path, strlen(path));
	strbuf_addf(&line, "%s", text);
	if (l->n == l->size) {
		l->size = l->size ? l->size * 2 : 256;
		l->items = xreallocarray(l->items, l->size, sizeof(l->items[0]));
	}
	l->items[l->n++] = strbuf_steal(&line);
}

/* 1 when the entry only takes something away. */
static int take_away(struct job *job, const char *path, size_t layer)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
	autofree char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	autofree char *victim = NULL;

	if (strncmp(last, WHITEOUT, strlen(WHITEOUT)) != 0)
		return 0;
	if (strcmp(last, OPAQUE) == 0) {
		tree_remove_below(&job->tree, dir, layer);
		return 1;
	}
	last += strlen(WHITEOUT);
	victim = slash ? xasprintf("%s/%s", dir, last) : xstrdup(last);
	tree_remove(&job->tree, victim, layer);
	return 1;
}

static int read_entry(struct job *job, struct tar_reader *tar, const struct tar_entry *entry,
		      size_t layer, struct err *e)
{
	autofree char *path = plain_name(entry->name), *target = plain_name(entry->link);
	struct strbuf text = { 0 };
	struct inode *inode;
	struct node *to;
	int r;

	/* Such an entry says nothing but its name. */
	if (take_away(job, path, layer)) {
		add_line(&job->lines, path, " whiteout");
		return 0;
	}
	r = describe(job, tar, entry, &text, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", path);
	add_line(&job->lines, path, strbuf_str(&text));
	to = entry->type == TAR_HARDLINK ? tree_get(&job->tree, target) : NULL;
	if (entry->type == TAR_HARDLINK && !to)
		return err_set(e, EBADMSG, "'%s': is a link to '%s', which is not there", path,
			       target);
	if (to) {
		inode = to->inode;
		strbuf_done(&text);
	} else {
		inode = xcalloc(1, sizeof(*inode));
		inode->dir = entry->type == TAR_DIR;
		inode->text = strbuf_steal(&text);
	}
	tree_put(&job->tree, path, inode, layer);
	return 0;
}

static int next_piece(void *ctx, const uint8_t **ret, struct err *e)
{
	return decompress_next(ctx, ret, e);
}

static int read_layer(struct job *job, const char *path, size_t layer, struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_(decompress) struct decompress *d = NULL;
	auto_(tar_reader) struct tar_reader *tar = NULL;
	struct tar_entry entry;
	int r;

	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	r = decompress_new((struct byte_source){ byte_source_read_fd, &fd }, &d, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", path);
	tar = tar_reader_new((struct tar_source){ .next = next_piece, .ctx = d });
	while ((r = tar_next(tar, &entry, e)) > 0) {
		r = read_entry(job, tar, &entry, layer, e);
		if (r < 0)
			break;
	}
	return r < 0 ? err_wrap(e, r, "'%s'", path) : 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_lines(struct lines *l)
{
	qsort(l->items, l->n, sizeof(l->items[0]), by_text);
	for (size_t i = 0; i < l->n; i++)
		(void)printf("%s\n", l->items[i]);
}

static void drop_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	l->n = 0;
}

static void put_node(const struct node *node)
{
	struct strbuf line = { 0 };

	put_text(&line, node->path, strlen(node->path));
	strbuf_addf(&line, "%s", node->inode->text);
	if (!node->inode->dir && node->inode->names > 1) {
		strbuf_addf(&line, " links=");
		put_text(&line, node->inode->first, strlen(node->inode->first));
	}
	(void)printf("%s\n", strbuf_str(&line));
	strbuf_done(&line);
}

/* A directory that is written again as it was is not another. */
static bool is_unchanged(const struct job *job, const struct node *node)
{
	const struct node *was = tree_get(&job->before, node->path);

	return was && strcmp(was->inode->text, node->inode->text) == 0;
}

static void put_tree(struct job *job)
{
	for (size_t i = 0; i < job->tree.n; i++)
		if (!job->tree.items[i].inode->first)
			job->tree.items[i].inode->first = job->tree.items[i].path;
	(void)printf("tree\n");
	for (size_t i = 0; i < job->tree.n; i++)
		if (!is_unchanged(job, &job->tree.items[i]))
			put_node(&job->tree.items[i]);
	for (size_t i = 0; i < job->before.n; i++)
		if (!tree_get(&job->tree, job->before.items[i].path))
			(void)printf("%s gone\n", job->before.items[i].path);
}

static int read_all(struct job *job, char **paths, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r;

		if (i == job->base)
			job->before = tree_copy(&job->tree);
		r = read_layer(job, paths[i], i + 1, e);
		if (r < 0)
			return r;
		if (i >= job->base) {
			(void)printf("layer %zu\n", i - job->base + 1);
			put_lines(&job->lines);
		}
		drop_lines(&job->lines);
	}
	if (job->base >= n)
		job->before = tree_copy(&job->tree);
	put_tree(job);
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .now = INT64_MAX };
	struct err e = { 0 };
	int opt;

	while ((opt = getopt(argc, argv, "n:b:")) != -1) {
		if (opt == 'n') {
			job.now = strtoll(optarg, NULL, 10);
		} else if (opt == 'b') {
			job.base = strtoul(optarg, NULL, 10);
		} else {
			(void)fprintf(stderr, "usage: layertree [-n EPOCH] [-b N] LAYER...\n");
			return 2;
		}
	}
	if (read_all(&job, argv + optind, (size_t)(argc - optind), &e) < 0) {
		(void)fprintf(stderr, "layertree: %s\n", e.msg);
		return 1;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
