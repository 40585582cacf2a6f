/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/selfexe.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/live.h"
#include "runtime/verb/verbs.h"

struct values {
	struct strv volumes;
};

static const struct opt opts[] = {
	{ 'v', "volume", OPT_LIST, 0, offsetof(struct values, volumes),
	  "SOURCE:DESTINATION[:OPTION,...]",
	  "a bind mount to add; to remove any mount, its DESTINATION alone", NULL, NULL },
	OPT_END,
};

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	struct live_request req = { .host = globals_host(global), .words = &v->volumes };
	int r = live_arguments(args, n, &req, e);

	if (r >= 0)
		r = selfexe_protect(NULL, e);
	return r < 0 ? r : container_mounts(&req, e);
}

const struct verb verb_mounts = {
	.name = "mounts",
	.args = "add|remove CONTAINER [FILE]",
	.summary = "add mounts to a running container, or remove them",
	.details =
		"FILE, or - for standard input, is a JSON array of mounts as in config.json; to remove one its destination "
		"is enough. Several are added or removed all together or not at all. What was added is shown by 'state'.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = 3,
	.stop_after = -1,
	.run = run,
};
