/* SPDX-License-Identifier: Apache-2.0 */
/* Wildcards in sources of COPY: Go's filepath.Match, from the first component that has one. */
#ifndef IMAGETOOL_CONTEXT_WILDCARD_H
#define IMAGETOOL_CONTEXT_WILDCARD_H

#include "imagetool/dockerfile/pattern.h"

/* How much of the path stands before the first component with a wildcard.  A backslash alone makes
 * none, and is then part of the name. */
size_t wildcard_plain_part(const char *path);
/* The rest as a pattern; *ret_depth (may be NULL) is how many components it has. */
int wildcard_compile(const char *text, struct arena *a, struct pattern **ret, size_t *ret_depth,
		     struct err *e);

#endif
