/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state's tree as it is: into a directory, or as a tar archive.
 *
 * Owners, modes, times, links, attributes are the tree's as far as the user may give them.  Into a
 * directory nothing goes but what is in the tree, below it, whatever links lie there; what is there
 * already and has other names stays.
 */
#ifndef IMAGETOOL_RESULT_TREE_H
#define IMAGETOOL_RESULT_TREE_H

#include "imagetool/layer/apply.h"
#include "imagetool/tar/write.h"

struct tree_opts {
	bool has_latest; /* no time is later, in archives */
	int64_t latest;
	const char *prefix; /* a directory in the archive for all of it; NULL: none */
};

/* `rootfd` is borrowed; the archive is not ended. */
int tree_to_tar(int rootfd, const struct tree_opts *opts, struct tar_writer *w, struct err *e);

/* `dir` is made with its parents where it is missing.  Wants a umask of 0. */
int tree_to_dir(int rootfd, const char *dir, const struct tree_opts *opts,
		struct apply_notes *notes, struct err *e);

#endif
