/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/step/fetch.h"
#include "imagetool/step/files.h"
#include "libutil/alloc.h"

static int files(const struct vertex_files *f, const struct step_tree *trees,
		 const struct step_root *root, int usersfd, struct err *e)
{
	const struct step_files_opts opts = { .usersfd = usersfd };

	return step_files(f, trees, root, &opts, e);
}

static int run(const struct vertex_run *r, const struct step_tree *trees,
	       const struct step_root *root, const struct run_env *env, struct solve_log log,
	       struct err *e)
{
	return step_run(r, trees, root, env, log.fn, log.ctx, e);
}

static int source(const struct vertex *v, const char *note UNUSED,
		  const struct solve_fetch *f UNUSED, char **ret_identity UNUSED,
		  char **ret_note UNUSED, struct err *e)
{
	return err_set(e, ENOTSUP, "%s", v->name);
}

static int fetch(const struct vertex *v, const char *note UNUSED,
		 const struct solve_fetch *f UNUSED, struct err *e)
{
	return err_set(e, ENOTSUP, "%s", v->name);
}

const struct solve_steps solve_steps_real = {
	.files = files,
	.files_hash = step_files_hash,
	.path_hash = step_path_hash,
	.run = run,
	.source = source,
	.fetch = fetch,
};
