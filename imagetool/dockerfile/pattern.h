/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths: COPY's sources, COPY --exclude, .dockerignore.
 *
 * Go's filepath.Match ('*', '?', '[a-z]', '[^a]', '\x'; none of them matches a slash), and "**" as
 * .dockerignore has it: any number of directories.  Matching takes the length of the path times the
 * length of the pattern, whatever they hold.
 */
#ifndef IMAGETOOL_DOCKERFILE_PATTERN_H
#define IMAGETOOL_DOCKERFILE_PATTERN_H

#include "libutil/alloc.h"
#include "libutil/err.h"

#define PATTERN_MAX 4096 /* bytes */

struct pattern;

/* Refuses what filepath.Match calls a bad pattern. */
int pattern_compile(const char *text, struct arena *a, struct pattern **ret, struct err *e);
/* The whole path, without a leading slash. */
bool pattern_match(const struct pattern *p, const char *path, size_t len);
/* True when it holds nothing special: it is a path. */
bool pattern_is_plain(const char *text);

#endif
