/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/links.h"

#include <stdint.h>

#include "libutil/alloc.h"

#define FIRST_SIZE 256 /* a power of two, as all sizes are */

void links_done(struct links *l)
{
	for (size_t i = 0; i < l->size; i++)
		free(l->slots[i].path);
	free(l->slots);
	*l = (struct links){ 0 };
}

/* The slot that has it, or where it belongs. */
static struct link_slot *slot_of(const struct links *l, dev_t dev, ino_t ino)
{
	size_t at = (size_t)((ino ^ dev << 32) * UINT64_C(0x9e3779b97f4a7c15) >> 16);

	for (;; at++) {
		struct link_slot *s = &l->slots[at & (l->size - 1)];

		if (!s->path || (s->ino == ino && s->dev == dev))
			return s;
	}
}

const char *links_find(const struct links *l, dev_t dev, ino_t ino)
{
	return l->n > 0 ? slot_of(l, dev, ino)->path : NULL;
}

static void grow(struct links *l)
{
	struct links old = *l;

	l->size = old.size ? 2 * old.size : FIRST_SIZE;
	l->slots = xcalloc(l->size, sizeof(*l->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].path)
			*slot_of(l, old.slots[i].dev, old.slots[i].ino) = old.slots[i];
	free(old.slots);
}

void links_add(struct links *l, dev_t dev, ino_t ino, char *path)
{
	struct link_slot *s;

	if (2 * l->n >= l->size)
		grow(l);
	s = slot_of(l, dev, ino);
	if (s->path)
		free(s->path);
	else
		l->n++;
	*s = (struct link_slot){ .path = path, .dev = dev, .ino = ino };
}
