/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/freeze.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static int run(const void *global, void *values UNUSED, char *const *args, int n UNUSED,
	       struct err *e)
{
	return container_freeze(globals_host(global), args[0], false, e);
}

const struct verb verb_resume = {
	.name = "resume",
	.args = "CONTAINER",
	.summary = "let the processes of a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
