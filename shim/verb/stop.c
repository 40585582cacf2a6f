/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "shim/client/ask.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

struct stop_values {
	struct ask ask;
};

static const struct opt opts[] = {
	ASK_OPT_ROWS(offsetof(struct stop_values, ask)),
	OPT_END,
};

static void defaults(void *values)
{
	((struct stop_values *)values)->ask = (struct ask)ASK_DEFAULTS;
}

static int ask_one(struct entry *en, const struct ask *a, struct err *e)
{
	if (en->status == ENTRY_LOST)
		return entry_lost(en, e);
	if (en->status == ENTRY_EXITED)
		return 0;
	return ask_send(en, a, REQUEST_STOP, e);
}

static int wait_one(struct entry *en, const struct ask *a, struct err *e)
{
	int r = entry_wait_supervisor(en, ask_patience_ms(a), e);

	return r == 0 ? err_set(e, ETIMEDOUT, "the supervisor does not end") : r;
}

typedef int stop_step(struct entry *en, const struct ask *a, struct err *e);

/* One step for all; the first failure is told, and keeps nobody else waiting. */
static int each(struct entry *all, int n, stop_step *step, const struct ask *a, struct err *e)
{
	int result = 0;

	for (int i = 0; i < n; i++) {
		struct err why = { 0 };
		int r = step(&all[i], a, &why);

		if (r < 0 && result >= 0)
			result = err_wrap(e, err_take(e, &why), "stop '%s'", all[i].id);
	}
	return result;
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct shim_globals *g = global;
	const struct stop_values *v = values;
	autofree struct entry *all = xcalloc((size_t)n, sizeof(*all));
	int opened = 0, r = 0;

	for (; opened < n && r >= 0; opened += r >= 0) {
		r = entry_open(&all[opened], g->state, args[opened], e);
		if (r < 0)
			(void)err_wrap(e, r, "stop '%s'", args[opened]);
	}
	/* All are asked before the first is waited for. */
	if (r >= 0)
		r = each(all, n, ask_one, &v->ask, e);
	if (r >= 0)
		r = each(all, n, wait_one, &v->ask, e);
	for (int i = 0; i < opened; i++)
		entry_done(&all[i]);
	return r;
}

const struct verb verb_stop = {
	.name = "stop",
	.args = "ID...",
	.summary = "ask containers to end, and kill those that do not",
	.details =
		"The supervisor does it: it goes on when stop is interrupted. A container that was "
		"stopped is not started again, whatever its restart policy says. One that has ended "
		"already is left as it is. stop returns when all have ended.",
	.opts = opts,
	.opts_size = sizeof(struct stop_values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
