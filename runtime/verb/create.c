/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/selfexe.h"
#include "runtime/verb/create_opts.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static const struct opt opts[] = { CREATE_OPTS_ROWS, OPT_END };

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	auto_(creation) struct creation c = CREATION_NONE;
	struct create_request req;
	int clonefd = 0;
	int r = selfexe_protect(&clonefd, e);

	if (r < 0)
		return r;
	create_opts_request(values, globals_host(global), args[0], &req);
	req.clonefd = clonefd;
	req.gate = true;
	req.detached = true;
	c.req = &req;
	return creation_run(&c, e);
}

const struct verb verb_create = {
	.name = "create",
	.args = "CONTAINER",
	.summary = "make a container from a bundle; its program waits for 'start'",
	.details =
		"The bundle is a directory with config.json and, usually, the root file system. Standard input, output "
		"and error are the container's, unless it has a terminal.",
	.opts = opts,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
