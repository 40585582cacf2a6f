/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>

#include "runtime/creation/run.h"
#include "runtime/selfexe.h"
#include "runtime/verb/create_opts.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static const struct opt opts[] = {
	CREATE_OPTS_ROWS,
	{ 'd', "detach", OPT_FLAG, 0, CREATE_OPTS_AT(detach), NULL,
	  "leave the container running in the background", NULL, NULL },
	{ 0, "keep", OPT_FLAG, 0, CREATE_OPTS_AT(keep), NULL,
	  "do not delete the container when it has ended", NULL, NULL },
	{ 0, "no-subreaper", OPT_FLAG, 0, CREATE_OPTS_AT(no_subreaper), NULL,
	  "do not adopt processes that the container leaves behind", NULL, NULL },
	{ 0, "die-with-parent", OPT_FLAG, 0, CREATE_OPTS_AT(die_with_parent), NULL,
	  "kill the container when this process or its parent dies, however that happens", NULL,
	  NULL },
	OPT_END,
};

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct create_opts *o = values;
	struct create_request req;
	int clonefd = 0;
	int r;

	if (o->die_with_parent && o->detach)
		return err_set(e, EINVAL, "--die-with-parent and --detach exclude one another");
	r = selfexe_protect(&clonefd, e);
	if (r < 0)
		return r;
	if (o->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, "tie the life to the parent's");
	create_opts_request(o, globals_host(global), args[0], &req);
	req.clonefd = clonefd;
	req.tied = o->die_with_parent;
	return container_run(&req, o->keep, !o->no_subreaper, e);
}

const struct verb verb_run = {
	.name = "run",
	.args = "CONTAINER",
	.summary = "create and start a container, wait for its end and delete it",
	.details =
		"The exit status is that of the container's program, or 128 and the number of the signal that ended "
		"it. Signals are passed on. With --detach the container is left running.",
	.opts = opts,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
