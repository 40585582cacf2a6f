/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that a layer has entries in and does not state: they look as those below do. */
#ifndef IMAGETOOL_SNAPSHOT_IMPLIED_H
#define IMAGETOOL_SNAPSHOT_IMPLIED_H

#include "imagetool/snapshot/form.h"

/* Give the directory `path` of the made tree what `below` has.  1: done, 0: can't be done here. */
typedef int implied_fn(void *ctx, int treefd, const char *path, const struct view_found *below,
		       struct err *e);

/* As snapshot_form.amend. */
int implied_amend(const struct snapshot_job *job, const struct snapshot_info *info, int treefd,
		  implied_fn *amend, void *ctx, struct err *e);

#endif
