/* SPDX-License-Identifier: Apache-2.0 */
/* Path names as text; nothing here asks the file system. */
#ifndef LIBUTIL_PATH_H
#define LIBUTIL_PATH_H

#include "libutil/macro.h"

/* "a" + "b" -> "a/b", one slash between; `b` is appended even when absolute. */
char *path_join(const char *a, const char *b) MALLOC_LIKE;
/* Lexical: removes "//", "/./", trailing "/", and resolves ".." (kept at the start of relative
 * paths). */
char *path_clean(const char *path) MALLOC_LIKE;
/* Last component, pointing into `path`; "" for paths that end in '/'. */
const char *path_base(const char *path);
/* Everything before the last component; "." or "/" when nothing is left. */
char *path_parent(const char *path) MALLOC_LIKE;
/* `path` equals `dir` or lies below it, both cleaned and both absolute or both relative. */
bool path_is_below(const char *path, const char *dir);
/* True when some component is "..". */
bool path_has_dotdot(const char *path);
static inline bool path_is_absolute(const char *path)
{
	return path[0] == '/';
}
/* Absolute form of `path`, against the working directory, cleaned lexically.  In a directory that
 * was removed the path stays relative: whoever opens it then gets the kernel's own answer. */
char *path_absolute(const char *path) MALLOC_LIKE;

#endif
