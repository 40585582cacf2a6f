/* SPDX-License-Identifier: Apache-2.0 */
/* Which inodes of a disk were seen: how names are known for links of one file. */
#ifndef IMAGETOOL_DIFF_INODE_MAP_H
#define IMAGETOOL_DIFF_INODE_MAP_H

#include "imagetool/diff/ftree.h"

struct inode_map {
	struct inode **slots; /* owned */
	size_t n, size;
};

void inode_map_done(struct inode_map *m);

/* By inode->dev and inode->ino; NULL when there is none. */
struct inode *inode_map_find(const struct inode_map *m, dev_t dev, ino_t ino);
void inode_map_add(struct inode_map *m, struct inode *i);

#endif
