/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of a COPY come to, before a file is touched. */
#ifndef IMAGETOOL_STEP_FILES_PLAN_H
#define IMAGETOOL_STEP_FILES_PLAN_H

#include "imagetool/step/files.h"
#include "imagetool/step/files_dest.h"
#include "imagetool/step/files_walk.h"

struct files_plan {
	struct arena arena;
	struct files_attrs attrs;
	struct made_dirs made;
	struct ignore exclude;
};

void files_plan_done(struct files_plan *p);
AUTO_DEFINE_DONE(files_plan, files_plan_done)

/* `usersfd` is the root whose /etc/passwd and /etc/group know names; -1: none does. */
int files_plan_make(const struct vertex_files *f, int usersfd, struct files_plan *ret,
		    struct err *e);

/* "USER[:GROUP]" of --chown: a number alone is the group's too, and a name must be known. */
int files_owner(int usersfd, const char *spec, uid_t *ret_uid, gid_t *ret_gid, struct err *e);

/* One source's path: where its matches are, and what below them is taken. */
struct files_want {
	const char *pattern;
	struct ignore include;
	bool parents;
	const char *required; /* must be there: it names no wildcards; NULL: nothing must */
};

int files_want_make(const struct vertex_files *f, const char *path, struct arena *a,
		    struct files_want *ret, struct err *e);

#endif
