/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "libutil/cleanup.h"
#include "shim/client/ask.h"
#include "shim/client/launch.h"
#include "shim/client/session.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

/* From the recorded exit to the supervisor's end. */
#define ENDING_MS 30000

struct restart_values {
	struct ask ask;
};

static const struct opt opts[] = {
	ASK_OPT_ROWS(offsetof(struct restart_values, ask)),
	OPT_END,
};

static void defaults(void *values)
{
	((struct restart_values *)values)->ask = (struct ask)ASK_DEFAULTS;
}

/* What is known of the last life is not true of the next. */
static void forget_life(struct record *rec)
{
	rec->supervisor = rec->container = (struct record_proc){ 0 };
	rec->started = rec->last_exited_at = NULL;
	rec->restart_count = (struct opt_u64){ 0 };
	rec->last_code = (struct opt_i64){ 0 };
	rec->restarting = false;
}

/* It has ended: a new supervisor takes the record over. */
static int start_again(struct entry *en, const struct shim_globals *g, struct err *e)
{
	struct launch l = { .rec = *en->rec, .again = true, .clientfd = -1, .holdfd = -1 };
	int r = entry_wait_supervisor(en, ENDING_MS, e);

	if (r == 0)
		return err_set(e, EBUSY, "its supervisor still has to do; try again");
	if (r < 0)
		return r;
	forget_life(&l.rec);
	l.size = session_terminal_size();
	r = launch(&l, g, e);
	if (r >= 0)
		(void)close(l.holdfd);
	return r;
}

static int restart(const struct shim_globals *g, const struct ask *a, const char *id, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	int r = entry_open(&en, g->state, id, e);

	if (r < 0)
		return r;
	if (en.status == ENTRY_LOST)
		return entry_lost(&en, e);
	if (en.status == ENTRY_EXITED)
		return start_again(&en, g, e);
	r = ask_send(&en, a, REQUEST_RESTART, e);
	return r < 0 ? r : entry_wait_life(&en, ask_patience_ms(a), e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct restart_values *v = values;

	for (int i = 0; i < n; i++) {
		int r = restart(global, &v->ask, args[i], e);

		if (r < 0)
			return err_wrap(e, r, "restart '%s'", args[i]);
	}
	return 0;
}

const struct verb verb_restart = {
	.name = "restart",
	.args = "ID...",
	.summary = "end containers as stop does, and start them again",
	.details =
		"A container that has ended is started again as it was run, with its log going on. Whoever "
		"is attached to one that runs stays attached. restart returns when the containers run.",
	.opts = opts,
	.opts_size = sizeof(struct restart_values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
