/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/graph/names.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a */
static uint64_t hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3U;
	return h ^ (h >> 32);
}

/* Where the name stands, or the free place it would take. */
static struct names_slot *place(const struct names *t, const char *name)
{
	size_t i = hash(name) & (t->cap - 1);

	while (t->slots[i].name && !streq(t->slots[i].name, name))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

ssize_t names_find(const struct names *t, const char *name)
{
	const struct names_slot *slot = t->cap ? place(t, name) : NULL;

	return slot && slot->name ? (ssize_t)slot->value : -1;
}

static void grow(struct names *t, struct arena *a)
{
	struct names bigger = { .cap = t->cap ? 2 * t->cap : 16, .n = t->n };

	bigger.slots = arena_alloc(a, bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].name)
			*place(&bigger, t->slots[i].name) = t->slots[i];
	*t = bigger;
}

void names_set(struct names *t, struct arena *a, const char *name, size_t value)
{
	struct names_slot *slot;

	if (4 * (t->n + 1) > 3 * t->cap)
		grow(t, a);
	slot = place(t, name);
	t->n += !slot->name;
	*slot = (struct names_slot){ name, value };
}

/* ---- Variables ---- */

const struct var *vars_find(const struct vars *v, const char *name)
{
	ssize_t i = names_find(&v->index, name);

	return i < 0 ? NULL : &v->items[i];
}

const char *vars_get(const struct vars *v, const char *name)
{
	const struct var *var = vars_find(v, name);

	return var ? var->value : NULL;
}

void vars_set(struct vars *v, const char *name, const char *value)
{
	ssize_t i = names_find(&v->index, name);

	v->changes++;
	if (i >= 0) {
		v->items[i].value = value;
		v->items[i].text = NULL;
		return;
	}
	if (v->n == v->cap) {
		v->cap = v->cap ? 2 * v->cap : 8;
		v->items = arena_grow(v->arena, v->items, v->n, v->cap, sizeof(*v->items));
	}
	names_set(&v->index, v->arena, name, v->n);
	v->items[v->n++] = (struct var){ .name = name, .value = value };
}

void vars_copy(struct vars *to, const struct vars *from)
{
	for (size_t i = 0; i < from->n; i++)
		vars_set(to, from->items[i].name, from->items[i].value);
}
