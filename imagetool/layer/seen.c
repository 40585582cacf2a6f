/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/seen.h"

#include <stdlib.h>

#include "libutil/alloc.h"

/* FNV-1a.  Two names with one hash would keep a lower file that a whiteout hides: a layer that
 * builds such a pair could as well have brought the file itself. */
static uint64_t hash(ino_t dir, const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < sizeof(dir); i++)
		h = (h ^ (dir >> (8 * i) & 0xff)) * 0x100000001b3;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	return h ? h : 1;
}

/* Where `h` is or belongs. */
static uint64_t *slot(const struct seen *s, uint64_t h)
{
	size_t i = h & (s->cap - 1);

	while (s->slots[i] && s->slots[i] != h)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

static void grow(struct seen *s)
{
	struct seen bigger = { .n = s->n, .cap = s->cap ? 2 * s->cap : 1024 };

	bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i])
			*slot(&bigger, s->slots[i]) = s->slots[i];
	free(s->slots);
	*s = bigger;
}

void seen_add(struct seen *s, ino_t dir, const char *name)
{
	uint64_t h = hash(dir, name), *where;

	if (2 * s->n >= s->cap)
		grow(s);
	where = slot(s, h);
	s->n += *where == 0;
	*where = h;
}

bool seen_has(const struct seen *s, ino_t dir, const char *name)
{
	return s->n && *slot(s, hash(dir, name));
}

void seen_done(struct seen *s)
{
	free(s->slots);
	*s = (struct seen){ 0 };
}
