/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/inode_map.h"

#include <stdlib.h>

#define SIZE_START 256

void inode_map_done(struct inode_map *m)
{
	free(m->slots);
}

static size_t first_slot(const struct inode_map *m, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ (uint64_t)dev << 40) * 0x9e3779b97f4a7c15ull;

	return (size_t)(h >> 32) & (m->size - 1);
}

struct inode *inode_map_find(const struct inode_map *m, dev_t dev, ino_t ino)
{
	if (!m->size)
		return NULL;
	for (size_t i = first_slot(m, dev, ino); m->slots[i]; i = (i + 1) & (m->size - 1))
		if (m->slots[i]->ino == ino && m->slots[i]->dev == dev)
			return m->slots[i];
	return NULL;
}

static void place(struct inode_map *m, struct inode *inode)
{
	size_t i = first_slot(m, inode->dev, inode->ino);

	while (m->slots[i])
		i = (i + 1) & (m->size - 1);
	m->slots[i] = inode;
	m->n++;
}

void inode_map_add(struct inode_map *m, struct inode *inode)
{
	if (2 * (m->n + 1) > m->size) {
		struct inode_map old = *m;

		m->size = old.size ? 2 * old.size : SIZE_START;
		m->slots = xcalloc(m->size, sizeof(struct inode *));
		m->n = 0;
		for (size_t i = 0; i < old.size; i++)
			if (old.slots[i])
				place(m, old.slots[i]);
		free(old.slots);
	}
	place(m, inode);
}
