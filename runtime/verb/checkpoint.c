/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/checkpoint.h"

#include "runtime/verb/criu_opts.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static const struct opt opts[] = {
	CRIU_OPTS_ROWS,
	CRIU_STRING("parent-path", parent_path, "DIR",
		    "an earlier pre-dump, relative to --image-path: write only what has changed"),
	CRIU_FLAG("leave-running", leave_running, "let the container go on, and do not delete it"),
	CRIU_FLAG("pre-dump", pre_dump,
		  "write only memory, and let the container go on: a later checkpoint is shorter"),
	CRIU_FLAG("tcp-skip-in-flight", tcp_skip_in_flight,
		  "leave out TCP connections that are not established yet"),
	CRIU_FLAG("link-remap", link_remap,
		  "give open files that were deleted a name while they are away"),
	CRIU_STRING("page-server", page_server, "ADDRESS:PORT",
		    "send memory there; with --lazy-pages: serve it there"),
	{ 0, "status-fd", OPT_I64, 0, CRIU_AT(status_fd), "FD",
	  "write a zero byte to the descriptor once --lazy-pages can be asked", NULL, NULL },
	OPT_END,
};

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct criu_values *v = values;

	return container_checkpoint(globals_host(global), args[0], &v->flags, e);
}

const struct verb verb_checkpoint = {
	.name = "checkpoint",
	.args = "CONTAINER",
	.summary = "write a running container to files and delete it",
	.details =
		"CRIU does the work: the program 'criu' must be in PATH. When it fails, the container runs on, "
		"and the error quotes the end of criu's log.",
	.opts = opts,
	.opts_size = sizeof(struct criu_values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
