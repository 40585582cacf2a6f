/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of files, by what stat(2) said of them: a file that looks the same still has the content
 * it had.  One file for each context, replaced as a whole.
 *
 * A file that was written in the very tick of the clock in which it was looked at could be written
 * again without looking different.  So a record counts only when the file's times are older than
 * the moment in which the walk began that found it (git's "racily clean").
 */
#ifndef IMAGETOOL_CONTEXT_STAT_CACHE_H
#define IMAGETOOL_CONTEXT_STAT_CACHE_H

#include "imagetool/context/context.h"
#include "libutil/strbuf.h"

#define STAT_CACHE_MAX ((size_t)1 << 30) /* bytes */
/* Runs after which a file that is no longer found is forgotten: contexts that share a directory but
 * not their .dockerignore do not drive one another out. */
#define STAT_CACHE_AGE_MAX 8

struct stat_cache {
	char *data; /* owned */
	size_t len;
	size_t *at; /* owned: where records begin, in walk_order() of their paths */
	size_t n;
	struct timespec begun; /* the walk that wrote it */
};

void stat_cache_done(struct stat_cache *c);
AUTO_DEFINE_DONE(stat_cache, stat_cache_done)

/* Takes `data`, also on failure.  -EBADMSG for what is damaged, or another version's. */
int stat_cache_parse(char *data, size_t len, struct stat_cache *ret, struct err *e);
/* The hash of a file that still looks the same, or NULL; lives as long as `c`.  Files are asked
 * about in walk_order(); `at` is 0 for the first and remembers the place. */
const uint8_t *stat_cache_find(const struct stat_cache *c, const struct context_file *f,
			       size_t *at);
/* The hashes of `files`, which a walk found that began at `begun`, and what is still good of `old`.
 */
void stat_cache_encode(const struct stat_cache *old, const struct context_file *const *files,
		       size_t n, struct timespec begun, struct strbuf *out);

/* The clock that file systems take their times from. */
struct timespec stat_cache_now(void);

#endif
