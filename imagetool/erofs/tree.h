/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a layer while it streams: who is in which directory, and where
 * its inode is in the image.  About 24 bytes a name and the name itself: a
 * million of them stay within 60 MB.  What a directory is like stands here until the
 * end, because later entries may state it; of everything else the inode is
 * written already.
 */
#ifndef IMAGETOOL_EROFS_TREE_H
#define IMAGETOOL_EROFS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "imagetool/erofs/format.h"
#include "imagetool/tar/read.h"
#include "libutil/cleanup.h"
#include "libutil/err.h"

#define TREE_ROOT      0u
#define TREE_NONE      UINT32_MAX
#define TREE_TEXT_MAX  ((size_t)1 << 30)  /* bytes of names and link targets of one layer */
#define TREE_ATTRS_MAX ((size_t)16 << 20) /* of extended attributes of directories */

struct tree_node {
	uint64_t nid : 57;
	uint64_t type : 4; /* enum erofs_type */
	uint64_t whiteout : 1;
	uint64_t own : 1; /* an entry made it: see tree_own() */
	uint32_t parent;  /* node */
	uint32_t name;    /* in the text */
	uint32_t chain;   /* next node of the same hash, or TREE_NONE */
	/* Directories: number of the row.  Symlinks: where the target is in the text, behind 4
	 * bytes that hold what others have here: the row of the links + 1, 0 while there is one
	 * name. */
	uint32_t more;
};

struct tree_dir {
	uint32_t node;
	uint32_t subdirs, names; /* that are in it, counted at the end */
	uint32_t first;          /* of its names in the sorted list */
	bool stated;             /* an entry says what it is like; else the layers below do */
	bool opaque;             /* hides what lower layers have in it, tree_hide() */
	bool kept;               /* it or something below it is the layer's own */
	uint32_t hides;          /* nodes before this number */
	/* Found by tree_mark(): */
	bool reached; /* from the root: nothing on the way was taken away */
	bool hidden;  /* lower layers are not seen in it */
	bool whites;  /* it holds whiteouts that matter */
	uint16_t mode;
	uint32_t uid, gid;
	struct timespec mtime;
	struct tar_xattr *xattrs; /* one block of memory, owned */
	size_t n_xattrs;
	uint64_t size;   /* on disk */
	uint64_t blocks; /* where its whole blocks are */
	uint16_t inline_tail;
	uint16_t path_len; /* of its path from the root, less than PATH_MAX */
};

struct tree_links {
	uint64_t nid;
	uint32_t count;
};

struct tree {
	struct tree_node *nodes;
	uint32_t n_nodes, cap_nodes;
	uint32_t *buckets, n_buckets;
	struct tree_dir *dirs; /* a directory's row comes after its parent's */
	uint32_t n_dirs, cap_dirs;
	struct tree_links *links;
	uint32_t n_links, cap_links;
	char *text;
	size_t text_len, text_cap;
	size_t attrs; /* bytes */
};

/* With a root that nothing is said about. */
void tree_init(struct tree *t);
void tree_done(struct tree *t);
AUTO_DEFINE_DONE(tree, tree_done)

static inline const char *tree_name(const struct tree *t, uint32_t node)
{
	return t->text + t->nodes[node].name;
}

static inline bool tree_is_dir(const struct tree *t, uint32_t node)
{
	return t->nodes[node].type == EROFS_FT_DIR;
}

static inline struct tree_dir *tree_dir(const struct tree *t, uint32_t node)
{
	return &t->dirs[t->nodes[node].more];
}

bool tree_is_below(const struct tree *t, uint32_t node, uint32_t dir);

/* TREE_NONE when it is not there.  What went when a directory above it was hidden is taken away. */
uint32_t tree_find(struct tree *t, uint32_t dir, const char *name, size_t len);
/* A new name, which must not be there yet.  A directory gets a row that states nothing. */
int tree_add(struct tree *t, uint32_t dir, const char *name, size_t len, enum erofs_type type,
	     uint32_t *ret, struct err *e);
/* Take a name away, with all that is below it. */
void tree_remove(struct tree *t, uint32_t node);

/* An entry of the layer made it.  What is not the layer's own stands for what is below: whiteouts,
 * what was brought from below for a hard link, and directories on the way to such.  That goes
 * together with what is below; the layer's own things, and the directories they are in, stay. */
void tree_own(struct tree *t, uint32_t node);
static inline bool tree_is_own(const struct tree *t, uint32_t node)
{
	return t->nodes[node].own || (tree_is_dir(t, node) && tree_dir(t, node)->kept);
}
/* The directory hides what lower layers have in it, and everything that is in it now and not the
 * layer's own is gone. */
void tree_hide(struct tree *t, uint32_t dir);

/* Of a symlink, once. */
int tree_set_target(struct tree *t, uint32_t node, const char *target, size_t len, struct err *e);
static inline const char *tree_target(const struct tree *t, uint32_t node)
{
	return t->text + t->nodes[node].more;
}
/* Replaces those it has.  Copies. */
int tree_set_xattrs(struct tree *t, uint32_t dir, const struct tar_xattr *x, size_t n,
		    struct err *e);
/* Count one more name of what `node` names, which is no directory and has its nid. The new name's
 * node gets this one's `more` and nid. */
int tree_link(struct tree *t, uint32_t node, struct err *e);

/* At the end: say of each directory what is in struct tree_dir, and take away what is hidden. */
void tree_mark(struct tree *t);
/* Then: the names that are reached, by directory and in each by bytes; fills in the counts of
 * directories and of links.  The list is owned by the caller. */
uint32_t *tree_sort(struct tree *t);

#endif
