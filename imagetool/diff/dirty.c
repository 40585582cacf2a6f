/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/dirty.h"

#include <string.h>

void dirty_mark(struct node *n)
{
	for (; n && !n->dirty; n = n->parent)
		n->dirty = true;
}

int dirty_add_whiteout(struct ftree *t, struct node *dir, const char *name, struct node **ret,
		       struct err *e)
{
	struct inode *i = ftree_inode_new(&t->arena);
	int r;

	i->type = TAR_CHAR;
	r = ftree_put(t, dir, name, strlen(name), i, 0, ret, e);
	if (r < 0)
		return r;
	(*ret)->whiteout = true;
	return 0;
}

/* Links of a file that is written are written, all of them. */
static void mark_links(struct ftree *t)
{
	for (struct node *n = ftree_next(t->root, false); n; n = ftree_next(n, false)) {
		if (!n->dirty || n->whiteout || n->inode->type == TAR_DIR)
			continue;
		for (struct node *k = n->inode->nodes; k; k = k->next_link)
			dirty_mark(k);
	}
}

void dirty_tell(struct ftree *t, struct changes *ret)
{
	mark_links(t);
	for (struct node *n = ftree_next(t->root, false); n; n = ftree_next(n, !n->dirty)) {
		if (!n->dirty)
			continue;
		/* Each name it hides has been told of. */
		n->opaque = false;
		changes_add(ret, n->whiteout ? CHANGE_DELETED : CHANGE_MODIFIED, n);
	}
}
