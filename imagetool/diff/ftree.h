/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system tree in memory: names, and what a layer can say of them.  Files
 * that are hard links of one another share a `struct inode`.  A tree comes from
 * an image's layers (ftree_layers.h) or from a directory (ftree_dir.h), and is
 * compared with another (compare.h).
 *
 * Memory: one arena, about 250 bytes a file.
 */
#ifndef IMAGETOOL_DIFF_FTREE_H
#define IMAGETOOL_DIFF_FTREE_H

#include <sys/stat.h>

#include "imagetool/tar/read.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"

/* More names than any image has; a tree of them takes 1 GB. */
#define FTREE_NODES_MAX ((size_t)4 << 20)

/* SHA-256 */
#define FTREE_HASH_SIZE 32

struct inode {
	enum tar_type type; /* never TAR_HARDLINK */
	mode_t mode;        /* 07777 */
	int64_t uid, gid;
	struct timespec mtime;
	uint32_t major, minor;
	int64_t size;                   /* of files */
	const char *link;               /* of symlinks, else "" */
	const struct tar_xattr *xattrs; /* sorted by name */
	size_t n_xattrs;
	bool has_hash; /* of a file's content */
	uint8_t hash[FTREE_HASH_SIZE];

	/* What a directory on the disk says beyond; 0 from layers. */
	ino_t ino;
	dev_t dev;
	bool untouched; /* since the directory was unpacked: it is as the image says */
	bool touched;   /* certainly changed in some way since then */
	bool no_data;   /* overlayfs has the content elsewhere (metacopy) */

	struct node *nodes; /* names of it in the tree, by next_link */
	struct inode *copy; /* for ftree_copy() */
	ino_t copy_ino;     /* of what tree_copy() made of it; 0: not known */
	bool written;       /* mark of who writes a layer */
	const char *written_as;
};

struct node {
	struct node *parent; /* NULL: the root */
	const char *name;    /* "" for the root */
	struct inode *inode;
	struct node *first, *next, *prev; /* children, sorted once ftree_sort() was called */
	struct node *next_link;
	struct node *next_hash;
	unsigned layer; /* that stated it last */
	/* Of overlayfs's upper directory. */
	bool opaque, whiteout, redirected;
	/* Marks of compare.c: what it is in the other tree, what differs, what to tell of. */
	struct node *pair;
	unsigned why;
	bool dirty;
};

struct ftree {
	struct arena arena;
	struct arena *layers; /* owned; what came with each layer */
	size_t n_layers;
	struct node *root;
	struct node **table; /* owned: by parent and name */
	size_t table_size, n_nodes;
};

void ftree_init(struct ftree *t);
/* `to`, fresh from ftree_init(), becomes what `from` is now; texts are those of `from`. */
int ftree_copy(const struct ftree *from, struct ftree *to, struct err *e);
void ftree_done(struct ftree *t);
AUTO_DEFINE_DONE(ftree, ftree_done)

struct inode *ftree_inode_new(struct arena *a);
/* What the entry says, with copies of all texts. */
struct inode *ftree_inode_copy(struct arena *a, const struct tar_entry *n);

struct node *ftree_child(const struct ftree *t, const struct node *parent, const char *name,
			 size_t len);
/* The name `name` of `inode`, in place of what has it; a directory in place of a directory keeps
 * what is in it.  -E2BIG when the tree has too many. */
int ftree_put(struct ftree *t, struct node *parent, const char *name, size_t len,
	      struct inode *inode, unsigned layer, struct node **ret, struct err *e);
void ftree_remove(struct ftree *t, struct node *n);
/* Remove what layers below `layer` stated at and below `n` (with `self`), or below it only. */
void ftree_remove_lower(struct ftree *t, struct node *n, unsigned layer, bool self);

/* The node of a path ("" is the root); symlinks on the way are followed as if the root were "/",
 * the last component only with `follow`.  NULL when there is none. */
struct node *ftree_lookup(const struct ftree *t, const char *path, size_t len, bool follow);

/* Children in order of their names' bytes. */
void ftree_sort(struct ftree *t);
/* The next node in order, parents first: descends, or goes past what is below `n` (`over`). */
struct node *ftree_next(const struct node *n, bool over);

/* "usr/bin/x", "" for the root. */
void ftree_path(const struct node *n, struct strbuf *out);

/* Sort by name: an inode's attributes as the rest of the room expects them. */
void ftree_sort_xattrs(struct tar_xattr *xattrs, size_t n);

#endif
