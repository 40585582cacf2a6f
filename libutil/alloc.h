/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocate or abort, for small things.  Running out of memory for a path name
 * is not a condition a caller can handle; it prints one line and aborts.
 * Anything whose size comes from outside goes through a reader with a stated
 * maximum instead.
 */
#ifndef LIBUTIL_ALLOC_H
#define LIBUTIL_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

#include "libutil/cleanup.h"
#include "libutil/macro.h"

/* Zeroed memory; the product is checked for overflow. */
void *xcalloc(size_t n, size_t size) MALLOC_LIKE;

/* Grow or shrink an array; the product is checked for overflow. */
void *xreallocarray(void *p, size_t n, size_t size);

char *xstrdup(const char *s) MALLOC_LIKE;
char *xstrndup(const char *s, size_t n) MALLOC_LIKE;
char *xasprintf(const char *fmt, ...) MALLOC_LIKE PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap) MALLOC_LIKE PRINTF(1, 0);

/*
 * An arena owns many small objects that die together: a decoded document.
 * Memory comes zeroed, aligned for any type, and is freed by arena_done() only.
 * Zero-initialise to start: `struct arena a = { 0 };`.
 */
struct arena_block;
struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes handed out, for limits */
	size_t first; /* bytes of the first block, for little that is kept long; 0: a page */
};

void *arena_alloc(struct arena *a, size_t n, size_t size) MALLOC_LIKE;
/* Copies `len` bytes and adds a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t len) MALLOC_LIKE;
char *arena_strdup(struct arena *a, const char *s) MALLOC_LIKE;
char *arena_printf(struct arena *a, const char *fmt, ...) MALLOC_LIKE PRINTF(2, 3);
/* Copy `n` items of `size` bytes into a new array with room for `want` (>= n) items. */
void *arena_grow(struct arena *a, const void *items, size_t n, size_t want,
		 size_t size) MALLOC_LIKE;
void arena_done(struct arena *a);
AUTO_DEFINE_DONE(arena, arena_done)

#endif
