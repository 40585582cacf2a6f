/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/digest_set.h"

#include <stdint.h>

#include "libutil/alloc.h"

/* FNV-1a.  Digests that collide on purpose cost a slower walk and nothing else. */
static size_t hash(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return (size_t)h;
}

/* Where the digest is, or the free slot where it belongs. */
static char **find(const struct digest_set *set, const char *digest)
{
	size_t i = hash(digest) & (set->cap - 1);

	while (set->slots[i] && !streq(set->slots[i], digest))
		i = (i + 1) & (set->cap - 1);
	return &set->slots[i];
}

static void grow(struct digest_set *set)
{
	struct digest_set old = *set;

	set->cap = old.cap ? old.cap * 2 : 64;
	set->slots = xcalloc(set->cap, sizeof(*set->slots));
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i])
			*find(set, old.slots[i]) = old.slots[i];
	}
	free(old.slots);
}

bool digest_set_add(struct digest_set *set, const char *digest)
{
	char **slot;

	if (set->n >= set->cap / 2)
		grow(set);
	slot = find(set, digest);
	if (*slot)
		return false;
	*slot = xstrdup(digest);
	set->n++;
	return true;
}

bool digest_set_has(const struct digest_set *set, const char *digest)
{
	return set->cap > 0 && *find(set, digest) != NULL;
}

void digest_set_done(struct digest_set *set)
{
	for (size_t i = 0; i < set->cap; i++)
		free(set->slots[i]);
	free(set->slots);
	*set = (struct digest_set){ 0 };
}
