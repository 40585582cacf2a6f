/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/creation/start.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static int run(const void *global, void *values UNUSED, char *const *args, int n UNUSED,
	       struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	int r = store_open(&s, globals_host(global)->root, false, e);

	return r < 0 ? r : container_start(&s, args[0], e);
}

const struct verb verb_start = {
	.name = "start",
	.args = "CONTAINER",
	.summary = "let a created container execute its program",
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
