/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "libutil/cleanup.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

/* From the recorded exit to the supervisor's end it takes the runtime's delete. */
#define ENDING_TIMEOUT_MS 30000

struct rm_values {
	bool force;
};

static const struct opt opts[] = {
	{ .letter = 'f',
	  .name = "force",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct rm_values, force),
	  .help = "kill a container that runs; have the runtime clean up one whose supervisor is lost" },
	OPT_END,
};

static int remove_ended(struct entry *en, struct err *e)
{
	int r;

	if (en->status == ENTRY_LOST && (en->rec || en->damage))
		return entry_lost(en, e);
	if (en->status == ENTRY_CREATING || en->status == ENTRY_RUNNING ||
	    en->status == ENTRY_RESTARTING)
		return err_set(e, EBUSY, "the container is %s; --force kills it",
			       entry_status_text(en->status));
	r = entry_wait_supervisor(en, ENDING_TIMEOUT_MS, e);
	if (r == 0)
		return err_set(e, EBUSY,
			       "the container has exited, but its supervisor still has to do; "
			       "--force ends it");
	return r < 0 ? r : entry_remove(en, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct shim_globals *g = global;
	const struct rm_values *v = values;

	for (int i = 0; i < n; i++) {
		auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
		int r = entry_open(&en, g->state, args[i], e);

		if (r >= 0)
			r = v->force ? entry_remove_forced(&en, e) : remove_ended(&en, e);
		if (r < 0)
			return err_wrap(e, r, "rm '%s'", args[i]);
	}
	return 0;
}

const struct verb verb_rm = {
	.name = "rm",
	.alias = "remove",
	.args = "ID...",
	.summary = "remove the records of containers that have ended",
	.details =
		"The log goes with the record, unless run was given --log-path: that file stays.",
	.opts = opts,
	.opts_size = sizeof(struct rm_values),
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
