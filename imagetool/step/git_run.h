/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program git, alone with what it is told: no configuration, hooks, prompts or credentials of
 * the machine, and of protocols only those that name another machine (not file:, not ext:), for
 * submodules too.
 */
#ifndef IMAGETOOL_STEP_GIT_RUN_H
#define IMAGETOOL_STEP_GIT_RUN_H

#include "imagetool/step/fetch.h"
#include "libutil/strbuf.h"

#define GIT_OUTPUT_MAX ((size_t)16 << 20) /* bytes; of ls-remote on large repositories */

struct git {
	const struct fetch_opts *opts;
	char *dir;       /* owned: its --git-dir, absolute; NULL: none */
	int treefd;      /* borrowed: the working tree; -1: none */
	const char *url; /* of the remote, which keys are for; borrowed */
};

void git_done(struct git *g);
AUTO_DEFINE_DONE(git, git_done)

/* `args` ends with NULL.  Output goes to `out` (zeroed; may be NULL); -ECHILD with what git wrote
 * when it fails. */
int git_run(const struct git *g, const char *const *args, struct strbuf *out, struct err *e);
#define GIT_RUN(g, out, e, ...) git_run((g), (const char *const[]){ __VA_ARGS__, NULL }, (out), (e))

/* The absolute path of `name` below the directory; owned. */
int git_path_of(int dirfd, const char *name, char **ret, struct err *e);

#endif
