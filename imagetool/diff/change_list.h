/* SPDX-License-Identifier: Apache-2.0 */
/* Changes as a file: which paths of a tree a layer tells of, for who writes that layer later. */
#ifndef IMAGETOOL_DIFF_CHANGE_LIST_H
#define IMAGETOOL_DIFF_CHANGE_LIST_H

#include "imagetool/diff/compare.h"

#define CHANGE_LIST_MAX ((size_t)1 << 30)

/* "+PATH" or "-PATH", each with a NUL behind it. */
void change_list_encode(const struct changes *c, struct strbuf *out);
/* `t` is what ftree_add_dir() read of the tree; whiteouts are added to it.  A path that is not
 * there is an error: somebody has changed the tree. */
int change_list_decode(const char *text, size_t len, struct ftree *t, struct changes *ret,
		       struct err *e);

#endif
