/* SPDX-License-Identifier: Apache-2.0 */
/* After builds that were killed: their containers are dead, what they held is given back. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/dir.h"
#include "libutil/proc.h"

#define CONTAINER_PREFIX "build-"

struct sweep {
	const char *runtime;
	const char *states;
};

/* Without --force: one that runs belongs to a build that does.  One that is being made, or deleted
 * by its own creel at this moment, is locked, and then gone. */
static int sweep_one(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		     struct err *e UNUSED)
{
	const struct sweep *w = ctx;
	const char *argv[] = { w->runtime, "--root", w->states, "delete", name, NULL };
	int status;

	if (starts_with(name, CONTAINER_PREFIX))
		(void)proc_run(&(struct proc_spec){ .path = w->runtime,
						    .argv = (char *const *)(const void *)argv },
			       NULL, 0, NULL, -1, &status, NULL);
	return 0;
}

int run_sweep(const char *dir, const char *runtime, struct err *e)
{
	autofree char *states = xasprintf("%s/" RUN_STATES, dir);
	struct sweep w = { runtime, states };
	autofd int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), statesfd = -1;
	int r;

	if (dirfd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", dir);
	r = run_scratch_sweep(dirfd, e);
	run_cni_sweep(dir);
	statesfd = openat(dirfd, RUN_STATES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || statesfd < 0)
		return r;
	return dir_each(statesfd, sweep_one, &w, e);
}
