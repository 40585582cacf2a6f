/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories, written when all names are known.  Every directory gets its place
 * first, because a directory names its parent's place and its children's.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/erofs/internal.h"
#include "libutil/alloc.h"

/* The root directory has a number of 16 bits, so it stands behind the superblock. */
#define ROOT_AT (EROFS_SUPER_AT + sizeof(struct erofs_super))

/* The names of one directory in order, "." and ".." at their place among them. */
struct names {
	const struct tree *t;
	const uint32_t *list; /* what is left */
	uint32_t n;
	uint32_t self, parent;
	int dots; /* of "." and ".." that were given */
};

struct name {
	const char *text;
	size_t len;
	uint32_t node;
};

static struct names names_of(const struct tree *t, const struct tree_dir *d, const uint32_t *sorted)
{
	return (struct names){
		.t = t,
		.list = sorted + d->first,
		.n = d->names,
		.self = d->node,
		.parent = d->node == TREE_ROOT ? TREE_ROOT : t->nodes[d->node].parent,
	};
}

static bool names_next(struct names *s, struct name *ret)
{
	static const char *const dots[] = { ".", ".." };
	const char *dot = s->dots < 2 ? dots[s->dots] : NULL;
	const char *next = s->n ? tree_name(s->t, *s->list) : NULL;

	if (!dot && !next)
		return false;
	if (dot && (!next || strcmp(dot, next) < 0)) {
		*ret = (struct name){ dot, strlen(dot), s->dots ? s->parent : s->self };
		s->dots++;
	} else {
		*ret = (struct name){ next, strlen(next), *s->list };
		s->list++;
		s->n--;
	}
	return true;
}

static uint64_t size_of(struct names s)
{
	uint64_t whole = 0;
	size_t used = 0;
	struct name n;

	while (names_next(&s, &n)) {
		size_t len = sizeof(struct erofs_dirent) + n.len;

		if (used + len > EROFS_BLOCK) {
			whole += EROFS_BLOCK;
			used = 0;
		}
		used += len;
	}
	return whole + used;
}

/* ---- Places ---- */

static int inode_of_dir(struct erofs_layer *l, const struct tree_dir *d, struct inode *ret,
			struct err *e)
{
	static const struct tar_xattr opaque = { "trusted.overlay.opaque", "y", 1 };
	bool marked = d->opaque && d->node != TREE_ROOT;
	autofree struct tar_xattr *list = xcalloc(d->n_xattrs + 1, sizeof(*list));

	if (d->n_xattrs)
		memcpy(list, d->xattrs, d->n_xattrs * sizeof(*list));
	list[d->n_xattrs] = opaque;
	*ret = (struct inode){
		.mode = S_IFDIR | d->mode,
		.uid = d->uid,
		.gid = d->gid,
		.mtime = d->mtime,
		.nlink = 2 + d->subdirs,
		.size = d->size,
		.u = (uint32_t)(d->blocks >> EROFS_BLOCK_BITS),
	};
	/* Who gets attributes from below later must have room for a time of its own. */
	ret->roomy = !d->stated;
	return xattrs_body(&l->xattrs, S_IFDIR, list, d->n_xattrs + marked, &ret->xattrs,
			   &ret->xattrs_len, e);
}

/* Bytes of the directory that stand behind its inode: its last block, if it fits. */
static size_t tail_of(size_t head, uint64_t size, size_t room)
{
	size_t tail = size % EROFS_BLOCK;

	return head + tail <= room ? tail : 0;
}

static int place_root(struct erofs_layer *l, size_t head, struct tree_dir *d, struct err *e)
{
	size_t room = EROFS_BLOCK - ROOT_AT, tail = tail_of(head, d->size, room);

	if (head > room)
		return err_set(e, E2BIG, "extended attributes of the root directory: too many");
	l->tree.nodes[TREE_ROOT].nid = ROOT_AT / EROFS_SLOT;
	d->inline_tail = (uint16_t)tail;
	return 0;
}

static int place(struct erofs_layer *l, struct tree_dir *d, const uint32_t *sorted, struct err *e)
{
	struct inode i;
	uint64_t at, whole;
	size_t head;
	int r;

	d->size = size_of(names_of(&l->tree, d, sorted));
	r = inode_of_dir(l, d, &i, e);
	if (r < 0)
		return r;
	head = inode_size(l, &i);
	if (d->node == TREE_ROOT) {
		r = place_root(l, head, d, e);
	} else {
		d->inline_tail = (uint16_t)tail_of(head, d->size, EROFS_BLOCK);
		r = space_slot(&l->space, head, d->inline_tail, &at, e);
		l->tree.nodes[d->node].nid = at / EROFS_SLOT;
	}
	whole = d->size - d->inline_tail;
	if (r >= 0 && whole)
		r = space_blocks(&l->space, whole, &d->blocks, e);
	return r;
}

/* ---- Writing ---- */

/* One block: the entries, whose number is known before, then the names. */
static size_t fill_block(const struct tree *t, const struct name *names, size_t n,
			 uint8_t block[EROFS_BLOCK])
{
	size_t at = n * sizeof(struct erofs_dirent);

	for (size_t i = 0; i < n; i++) {
		const struct tree_node *node = &t->nodes[names[i].node];
		struct erofs_dirent d = { .nid = htole64(node->nid),
					  .nameoff = htole16((uint16_t)at),
					  .type = (uint8_t)node->type };

		memcpy(block + i * sizeof(d), &d, sizeof(d));
		memcpy(block + at, names[i].text, names[i].len);
		at += names[i].len;
	}
	memset(block + at, 0, EROFS_BLOCK - at);
	return at;
}

/* The next block of the directory; *ret is its length, 0 at the end. */
static void next_block(struct names *s, uint8_t block[EROFS_BLOCK], size_t *ret)
{
	struct name names[EROFS_BLOCK / (sizeof(struct erofs_dirent) + 1)];
	size_t n = 0, used = 0;

	for (;;) {
		struct names before = *s;
		size_t len;

		if (!names_next(s, &names[n]))
			break;
		len = sizeof(struct erofs_dirent) + names[n].len;
		if (used + len > EROFS_BLOCK) {
			*s = before;
			break;
		}
		used += len;
		n++;
	}
	*ret = fill_block(s->t, names, n, block);
}

static int write_dir(struct erofs_layer *l, const struct tree_dir *d, const uint32_t *sorted,
		     struct err *e)
{
	uint64_t at = l->tree.nodes[d->node].nid * EROFS_SLOT, done = 0;
	struct names s = names_of(&l->tree, d, sorted);
	uint64_t whole = d->size - d->inline_tail;
	uint8_t block[EROFS_BLOCK];
	struct inode i;
	size_t len;
	int r = inode_of_dir(l, d, &i, e);

	i.layout = d->inline_tail ? EROFS_INLINE : EROFS_PLAIN;
	if (r >= 0)
		r = inode_put(l, &i, at, e);
	while (r >= 0 && done < d->size) {
		next_block(&s, block, &len);
		r = done < whole ? space_write(&l->space, d->blocks + done, block, len, e)
				 : space_write(&l->space, at + inode_size(l, &i), block, len, e);
		done += EROFS_BLOCK;
	}
	return r;
}

int dirs_write(struct erofs_layer *l, struct err *e)
{
	autofree uint32_t *sorted = tree_sort(&l->tree);
	int r = 0;

	for (uint32_t i = 0; i < l->tree.n_dirs && r >= 0; i++)
		if (l->tree.dirs[i].reached)
			r = place(l, &l->tree.dirs[i], sorted, e);
	for (uint32_t i = 0; i < l->tree.n_dirs && r >= 0; i++)
		if (l->tree.dirs[i].reached)
			r = write_dir(l, &l->tree.dirs[i], sorted, e);
	return r;
}
