/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .dockerignore: what of a build context does not exist for the build.
 *
 * One pattern a line; a path is left out when the last pattern that fits it, or a directory it lies
 * in, has no '!'.
 */
#ifndef IMAGETOOL_DOCKERFILE_IGNORE_H
#define IMAGETOOL_DOCKERFILE_IGNORE_H

#include "imagetool/dockerfile/pattern.h"

#define IGNORE_FILE_MAX     ((size_t)1 << 20) /* bytes */
#define IGNORE_PATTERNS_MAX 10000

struct ignore_rule {
	const char *text; /* clean, without '!' */
	struct pattern *pattern;
	size_t prefix;      /* bytes of the text before the first special one */
	const char *suffix; /* all paths that fit end so */
	bool keep;          /* '!' */
};

struct ignore {
	struct ignore_rule *rules;
	size_t n, cap;
	bool has_keeps;
};

/* The file's text; everything lives in `a`. */
int ignore_parse(const char *text, size_t len, struct arena *a, struct ignore *ret, struct err *e);
/* One more pattern, as COPY --exclude gives them; empty ones and "." say nothing. */
int ignore_add(struct ignore *ig, const char *pattern, struct arena *a, struct err *e);

/* A clean relative path. */
bool ignore_excludes(const struct ignore *ig, const char *path);
/* For walks, which ask about every file of a directory: which rules cover the directory ("" is the
 * root), a bool each... */
void ignore_covers(const struct ignore *ig, const char *dir, bool *ret);
/* ... and the same as ignore_excludes() for a path in it. */
bool ignore_excludes_in(const struct ignore *ig, const bool *covers, const char *path);
/* Nothing below this excluded directory can be wanted: it need not be read. */
bool ignore_prunes(const struct ignore *ig, const char *dir);

#endif
