/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a source of COPY names, and all that is below it: the same for a context, which was listed
 * before, and for a state, which is read as it is walked.  No symlink below a match is followed.
 */
#ifndef IMAGETOOL_STEP_FILES_WALK_H
#define IMAGETOOL_STEP_FILES_WALK_H

#include "imagetool/dockerfile/ignore.h"
#include "imagetool/step/files_sink.h"
#include "imagetool/step/step.h"

struct files_match {
	const char *name; /* clean and relative, as found; its base is the name at the target */
	size_t index;     /* of a context's file, links followed */
	bool is_dir;
};

/* What of it is taken; paths are relative to the match. */
struct files_filter {
	const struct ignore *include; /* --parents; NULL: everything */
	const struct ignore *exclude; /* NULL: nothing */
};

enum files_take {
	FILES_NOT,
	FILES_BELOW, /* a directory in which something may be taken */
	FILES_TAKE,
};
enum files_take files_takes(const struct files_filter *f, const char *path, bool is_dir,
			    bool parent_included, bool *ret_included);

/* Where a file is read from. */
struct files_at {
	int dirfd; /* it is in there, -1: `fd` or the tree have it */
	const char *name;
	int fd; /* already open, borrowed; or -1 */
	const struct context *context;
	size_t index;
	bool wanted; /* directories: itself */
};

/* Regular files: never waits for another end of it.  files_check() is for after reading. */
int files_open(const struct files_at *at, struct err *e);
int files_check(const struct files_at *at, int fd, struct err *e);

/* Who is told of each file; -1 ends. `at` of a directory has it as `fd`. */
struct files_visitor {
	int (*enter)(void *ctx, const struct files_entry *en, const struct files_at *at,
		     struct err *e);
	int (*leave)(void *ctx, struct err *e);
	int (*file)(void *ctx, const struct files_entry *en, const struct files_at *at,
		    struct err *e);
	int (*node)(void *ctx, const struct files_entry *en, const struct files_at *at,
		    struct err *e);
	/* The match itself, when it is a directory: what is in it follows; `created` of
	 * sink_finish_top() is the visitor's to know. */
	int (*top)(void *ctx, const struct files_entry *en, const struct files_at *at,
		   struct err *e);
	void *ctx;
};

/* A source's path with wildcards; `plain`: it has none, and no link at its end is followed.  The
 * array lives in `a`. */
int files_match(const struct step_tree *tree, const char *source, bool plain, struct arena *a,
		struct files_match **ret, size_t *ret_n, struct err *e);
int files_walk(const struct step_tree *tree, const struct files_match *m,
	       const struct files_filter *filter, const struct files_visitor *v, struct err *e);

/* files_tree.c */
int files_tree_match(int rootfd, const char *source, bool plain, struct arena *a,
		     struct files_match **ret, size_t *ret_n, struct err *e);
int files_tree_walk(int rootfd, const struct files_match *m, const struct files_filter *filter,
		    const struct files_visitor *v, struct err *e);

#endif
