/* SPDX-License-Identifier: Apache-2.0 */
/* Where files were put, by their inodes: the next name of one becomes a hard link. */
#ifndef IMAGETOOL_STEP_LINKS_H
#define IMAGETOOL_STEP_LINKS_H

#include <stddef.h>
#include <sys/types.h>

struct link_slot {
	char *path; /* owned; NULL: free */
	dev_t dev;
	ino_t ino;
};

struct links {
	struct link_slot *slots; /* owned */
	size_t n, size;
};

void links_done(struct links *l);
/* Where it was put, or NULL. */
const char *links_find(const struct links *l, dev_t dev, ino_t ino);
/* Takes `path`. */
void links_add(struct links *l, dev_t dev, ino_t ino, char *path);

#endif
