/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the layer being applied has created so far: a whiteout hides lower
 * layers only, also when it comes after entries of its own layer.  A thing is
 * named by the inode of its directory and its name there, so that two paths
 * through symlinks to one place are one thing.
 */
#ifndef IMAGETOOL_LAYER_SEEN_H
#define IMAGETOOL_LAYER_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seen {
	uint64_t *slots; /* hashes; 0 is free */
	size_t n, cap;
};

void seen_add(struct seen *s, ino_t dir, const char *name);
bool seen_has(const struct seen *s, ino_t dir, const char *name);
void seen_done(struct seen *s);

#endif
