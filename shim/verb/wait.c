/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "libutil/cleanup.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

static int wait_one(const char *state, const char *id, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	struct exit_record *x = NULL;
	int r = entry_open(&en, state, id, e);

	if (r >= 0)
		r = entry_wait_exit(&en, &x, e);
	if (r < 0)
		return err_wrap(e, r, "wait '%s'", id);
	(void)printf("%d\n", (int)x->code.v);
	/* Who reads from a pipe wants each status when it is known. */
	(void)fflush(stdout);
	return 0;
}

static int run(const void *global, void *values UNUSED, char *const *args, int n, struct err *e)
{
	const struct shim_globals *g = global;

	for (int i = 0; i < n; i++) {
		int r = wait_one(g->state, args[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

const struct verb verb_wait = {
	.name = "wait",
	.args = "ID...",
	.summary = "wait until containers have ended, and print their exit statuses",
	.details =
		"One line each, in the order given: the exit status, or 128 plus the number of the signal "
		"that killed the container. Returns at once for a container that has ended already.",
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
