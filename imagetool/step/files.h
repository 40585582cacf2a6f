/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY, ADD and WORKDIR: files put into the root that was mounted for the step.
 *
 * Where they come from and where they go to is decided by somebody else's text and somebody else's
 * symlinks: every path is resolved below the descriptors that are handed in, and what is written to
 * is a descriptor that is held, never a path.  The rules of what becomes what are BuildKit's.
 */
#ifndef IMAGETOOL_STEP_FILES_H
#define IMAGETOOL_STEP_FILES_H

#include "imagetool/graph/vertex.h"
#include "imagetool/step/step.h"

struct step_files_opts {
	struct layer_budget *budget; /* of archives that are unpacked; borrowed; NULL: the usual */
	/* --link: the merged tree below, whose /etc/passwd knows the names of --chown; -1: none. */
	int usersfd;
};

/*
 * `trees` has one for each of f->sources, in their order; here-documents' are not looked at.  The
 * process's umask must be 0, see layer/apply.h.  After a failure the root holds part of the files.
 * Any thread may call it, for roots of its own.
 */
int step_files(const struct vertex_files *f, const struct step_tree *trees,
	       const struct step_root *root, const struct step_files_opts *opts, struct err *e);

/*
 * Everything that f->sources[source] brings from its tree, as one hash: names, types, modes, owners
 * as far as they stay, content, extended attributes; no times, and nothing of what is not taken.  A
 * context that is asked keeps hashes of its files, see context_hash(); one thread at a time.
 */
int step_files_hash(const struct vertex_files *f, size_t source, const struct step_tree *tree,
		    uint8_t ret[CONTEXT_HASH_SIZE], struct err *e);

/* The same for a path of a tree that is not a source of COPY: what RUN --mount=type=bind,source=
 * shows.  Symlinks on the way are followed below the tree's root. */
int step_path_hash(const struct step_tree *tree, const char *path, uint8_t ret[CONTEXT_HASH_SIZE],
		   struct err *e);

#endif
