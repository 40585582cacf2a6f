/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation in blocks that double; an object larger than a block gets one of its own. */
#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "libutil/alloc.h"

#define FIRST_BLOCK ((size_t)4 << 10)
#define LAST_BLOCK  ((size_t)256 << 10)

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) char data[];
};

static size_t next_size(const struct arena *a)
{
	size_t last = a->blocks ? a->blocks->size : 0;

	if (!a->blocks && a->first)
		return a->first;
	if (last < FIRST_BLOCK)
		return FIRST_BLOCK;
	return last < LAST_BLOCK ? last * 2 : LAST_BLOCK;
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *b = xcalloc(1, sizeof(*b) + size);

	b->size = size;
	return b;
}

/* The first block of the list is the one that still has room. */
static struct arena_block *block_for(struct arena *a, size_t bytes)
{
	struct arena_block *b = a->blocks;

	if (b && b->size - b->used >= bytes)
		return b;
	if (b && bytes > next_size(a) / 2) {
		struct arena_block *own = block_new(bytes);

		own->next = b->next;
		b->next = own;
		return own;
	}
	b = block_new(bytes > next_size(a) ? bytes : next_size(a));
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *b;
	size_t bytes;
	void *p;

	/* Let xcalloc() say what an impossible request deserves. */
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4)
		bytes = SIZE_MAX / 4;
	bytes = bytes ? (bytes + align - 1) & ~(align - 1) : align;
	b = block_for(a, bytes);
	p = b->data + b->used;
	b->used += bytes;
	a->used += bytes;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1, 1);

	if (len)
		memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(len >= 0);
	text = arena_alloc(a, (size_t)len + 1, 1);
	(void)vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

void *arena_grow(struct arena *a, const void *items, size_t n, size_t want, size_t size)
{
	void *grown;

	assert(want >= n);
	grown = arena_alloc(a, want, size);
	if (n)
		memcpy(grown, items, n * size);
	return grown;
}

void arena_done(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
