/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/resource.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

/* Three descriptors each; the soft limit of 1024 is for programs that use select(2). */
static void allow_many_descriptors(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return;
	lim.rlim_cur = lim.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &lim);
}

/* All before the first is waited for: one that removes its record may end meanwhile. */
static int open_all(const char *state, char *const *ids, int n, struct entry *all, int *ret_opened,
		    struct err *e)
{
	for (*ret_opened = 0; *ret_opened < n; ++*ret_opened) {
		int r = entry_open(&all[*ret_opened], state, ids[*ret_opened], e);

		if (r < 0)
			return err_wrap(e, r, "wait '%s'", ids[*ret_opened]);
	}
	return 0;
}

static int wait_one(struct entry *en, struct err *e)
{
	struct exit_record *x = NULL;
	int r = entry_wait_exit(en, &x, e);

	if (r < 0)
		return err_wrap(e, r, "wait '%s'", en->id);
	(void)printf("%d\n", (int)x->code.v);
	/* Who reads from a pipe wants each status when it is known. */
	(void)fflush(stdout);
	return 0;
}

static int run(const void *global, void *values UNUSED, char *const *args, int n, struct err *e)
{
	const struct shim_globals *g = global;
	autofree struct entry *all = xcalloc((size_t)n, sizeof(*all));
	int opened, r;

	allow_many_descriptors();
	r = open_all(g->state, args, n, all, &opened, e);
	for (int i = 0; i < opened && r >= 0; i++)
		r = wait_one(&all[i], e);
	for (int i = 0; i < opened; i++)
		entry_done(&all[i]);
	return r;
}

const struct verb verb_wait = {
	.name = "wait",
	.args = "ID...",
	.summary = "wait until containers have ended, and print their exit statuses",
	.details =
		"One line each, in the order given: the exit status, or 128 plus the number of the signal "
		"that killed the container. Returns at once for a container that has ended already. "
		"When one of the ids is unknown, none is waited for.",
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
