/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/state.h"

/* `is` marks the cells that are written down; the others keep the state. */
struct row_cell {
	bool is;
	struct process_cell cell;
};

#define ON(event, action, next)                                                                    \
	[PROCESS_EV_##event] = { true, { PROCESS_DO_##action, PROCESS_##next } }

/*
 * A process that ends while the runtime's start still runs has started, or has
 * not: the end of that call says which, so it is waited for.  After a failed
 * start the created process is still there, or its exit comes: the front
 * deletes it.
 */
static const struct row_cell matrix[PROCESS_STATE_COUNT][PROCESS_EVENT_COUNT] = {
	[PROCESS_NEW] = {
		ON(CREATE, CREATE, CREATING),
		ON(START, LAUNCH, LAUNCHING),
		ON(DELETE, TELL_DELETED, DELETED),
		ON(ABANDON, TELL_FAILED, FAILED),
	},
	[PROCESS_CREATING] = {
		ON(CALL_OK, ADOPT, CREATED),
		ON(CALL_FAILED, UNDO, UNDOING),
		ON(ABANDON, KILL_CALL, ABANDONING),
	},
	[PROCESS_CREATED] = {
		ON(START, START, STARTING),
		ON(STARTED, TELL_STARTED, RUNNING),
		ON(DELETE, DELETE_FORCE, DISCARDING),
		ON(ABANDON, UNDO, UNDOING),
		ON(EXITED, TELL_EXITED, STOPPED),
		/* What comes after the runtime's create could not be done. */
		ON(CALL_FAILED, UNDO, UNDOING),
	},
	[PROCESS_STARTING] = {
		ON(CALL_OK, TELL_STARTED, RUNNING),
		ON(CALL_FAILED, TELL_START_FAILED, CREATED),
		ON(ABANDON, KILL_CALL, ABANDONING),
		ON(EXITED, NONE, OUTRUN),
	},
	[PROCESS_OUTRUN] = {
		ON(CALL_OK, TELL_STARTED_EXITED, STOPPED),
		ON(CALL_FAILED, TELL_FAILED_EXITED, STOPPED),
		ON(ABANDON, KILL_CALL, ABANDONING),
	},
	[PROCESS_LAUNCHING] = {
		ON(CALL_OK, ADOPT_STARTED, RUNNING),
		ON(CALL_FAILED, UNDO, UNDOING),
		ON(ABANDON, KILL_CALL, ABANDONING),
	},
	[PROCESS_RUNNING] = {
		ON(EXITED, TELL_EXITED, STOPPED),
		ON(CALL_FAILED, UNDO, UNDOING),
	},
	[PROCESS_STOPPED] = {
		ON(DELETE, DELETE, DELETING),
		/* Whoever started it said so after it had ended. */
		ON(STARTED, NONE, STOPPED),
	},
	[PROCESS_DELETING] = {
		ON(CALL_OK, TELL_DELETED, DELETED),
		ON(CALL_FAILED, TELL_DELETE_FAILED, STOPPED),
	},
	[PROCESS_DISCARDING] = {
		ON(CALL_OK, TELL_DELETED, DELETED),
		ON(CALL_FAILED, TELL_DELETE_FAILED, CREATED),
		ON(EXITED, NONE, DISCARDED),
	},
	[PROCESS_DISCARDED] = {
		ON(CALL_OK, TELL_DELETED, DELETED),
		/* The process is gone all the same, and nobody was told. */
		ON(CALL_FAILED, TELL_DELETE_FAILED_EXITED, STOPPED),
	},
	[PROCESS_ABANDONING] = {
		ON(CALL_OK, UNDO, UNDOING),
		ON(CALL_FAILED, UNDO, UNDOING),
	},
	[PROCESS_UNDOING] = {
		ON(CALL_OK, TELL_FAILED, FAILED),
		ON(CALL_FAILED, TELL_FAILED, FAILED),
	},
};

static bool is_asked(enum process_event ev)
{
	return ev == PROCESS_EV_CREATE || ev == PROCESS_EV_START || ev == PROCESS_EV_DELETE;
}

struct process_cell process_cell(enum process_state state, enum process_event event)
{
	const struct row_cell *c = &matrix[state][event];

	if (c->is)
		return c->cell;
	return (struct process_cell){ is_asked(event) ? PROCESS_DO_REFUSE : PROCESS_DO_NONE,
				      state };
}

#define X(name, text) text,
const char *process_state_name(enum process_state s)
{
	static const char *const names[] = { PROCESS_STATES(X) };

	return names[s];
}

const char *process_event_name(enum process_event ev)
{
	static const char *const names[] = { PROCESS_EVENTS(X) };

	return names[ev];
}

const char *process_action_name(enum process_action a)
{
	static const char *const names[] = { PROCESS_ACTIONS(X) };

	return names[a];
}
#undef X
