/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the EROFS writer. */
#ifndef IMAGETOOL_EROFS_INTERNAL_H
#define IMAGETOOL_EROFS_INTERNAL_H

#include <limits.h>

#include "imagetool/erofs/layer.h"
#include "imagetool/erofs/space.h"
#include "imagetool/erofs/tree.h"
#include "imagetool/erofs/xattrs.h"
#include "imagetool/layer/entry_path.h"

struct erofs_layer {
	struct space space;
	struct tree tree;
	struct xattrs xattrs;
	const struct erofs_lower *lower; /* or NULL */
	uint32_t ino;                    /* of the last inode */
	struct timespec build;           /* time of compact inodes: the first entry's */
	bool chunked;                    /* there are files with holes */
	uint64_t whiteout;               /* the inode of all of them; 0: none yet */
	uint64_t entries, bytes;
	bool redo;
	/* The directory of the last entry: the next one is mostly in the same. */
	uint32_t parent;
	size_t parent_len; /* SIZE_MAX: not known */
	char parent_path[PATH_MAX];
};

/* An inode to be written. */
struct inode {
	mode_t mode;
	uint32_t uid, gid;
	struct timespec mtime;
	uint32_t nlink;
	uint64_t size;
	bool roomy; /* never compact: what it is like will change */
	enum erofs_layout layout;
	uint32_t u;         /* as on disk */
	const char *xattrs; /* their body, see xattrs_body() */
	size_t xattrs_len;
};

/* Size of an inode and its attributes. */
size_t inode_size(const struct erofs_layer *l, const struct inode *i);
/* Write it at a place of that size. */
int inode_put(struct erofs_layer *l, const struct inode *i, uint64_t at, struct err *e);
/* Find a place for it and `data` behind it, and write both. */
int inode_write(struct erofs_layer *l, const struct inode *i, const void *data, size_t len,
		uint64_t *ret_nid, struct err *e);
/* The same, and `data` goes behind it where it fits, else to blocks. */
int inode_write_small(struct erofs_layer *l, struct inode *i, const void *data, size_t len,
		      uint64_t *ret_nid, struct err *e);
/* `u` of a device. */
uint32_t inode_device(uint32_t major, uint32_t minor);
/* Change the number of names of one that is written. */
int inode_set_links(struct erofs_layer *l, uint64_t nid, uint32_t n, struct err *e);
/* What an entry says; attributes are valid until the next call. */
int inode_of_entry(struct erofs_layer *l, const struct tar_entry *n, mode_t type, struct inode *ret,
		   struct err *e);

/* A regular file with its data. */
int file_write(struct erofs_layer *l, const struct tar_entry *n, struct tar_reader *t,
	       uint64_t *ret_nid, struct err *e);
/* The same of a file of the layers below. */
int file_copy_up(struct erofs_layer *l, const char *path, uint64_t *ret_nid, uint8_t *ret_type,
		 struct err *e);

enum walk { WALK_MAKE, WALK_WHITEOUT, WALK_FIND };

/* The directory of `p`.  1: *ret is it; 0 (not WALK_MAKE): there is none.  WALK_WHITEOUT makes
 * those that may be below. */
int walk_parent(struct erofs_layer *l, const struct entry_path *p, enum walk how, uint32_t *ret,
		struct err *e);
void walk_forget(struct erofs_layer *l);
/* Where a node is, owned. */
char *walk_path(const struct erofs_layer *l, uint32_t node);
/* Whether lower layers are seen in the directory. */
bool walk_sees_lower(const struct erofs_layer *l, uint32_t dir);
/* 0 when the layers below are known and have nothing of this name in the directory. */
int walk_is_below(struct erofs_layer *l, uint32_t dir, const char *name, struct err *e);
/* A directory's attributes from below. */
int walk_take_below(struct erofs_layer *l, uint32_t dir, const struct erofs_below *b,
		    struct err *e);

/* Directories and their inodes, at the end. */
int dirs_write(struct erofs_layer *l, struct err *e);

#endif
