/* SPDX-License-Identifier: Apache-2.0 */
/* What cgroup files said before they were written, so that a change that fails half way leaves
 * nothing behind. */
#ifndef RUNTIME_CGROUP_UNDO_H
#define RUNTIME_CGROUP_UNDO_H

#include "libutil/cleanup.h"
#include "libutil/strbuf.h"

struct undo_entry {
	int dirfd;  /* borrowed: of the group */
	char *file; /* owned */
	char *text; /* owned; NULL: what it was can't be written */
};

struct undo {
	struct undo_entry *v; /* owned */
	size_t n, cap;
};

void undo_done(struct undo *u);
AUTO_DEFINE_DONE(undo, undo_done)

/* `value` is about to be written to the file: one write(2) of it. */
void undo_note(struct undo *u, int dirfd, const char *file, const char *value);
/* It was not written after all. */
void undo_forget(struct undo *u);
/* Put everything back, last first.  Names of files that keep what was written are added to
 * `ret_stuck`, a comma between. */
void undo_all(const struct undo *u, struct strbuf *ret_stuck);

/* Pure: what to write so that a file which says `old` says it again after `value` was written to
 * it. NULL: nothing does.  Owned. */
char *undo_text(const char *file, const char *value, const char *old);

#endif
