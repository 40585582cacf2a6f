/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/task/state.h"

#include <stdbool.h>

/* `is` marks the cells that are written down; all others keep the state and do nothing. */
struct row_cell {
	bool is;
	struct task_cell cell;
};

#define ON(event, action, next) [TASK_EV_##event] = { true, { TASK_DO_##action, TASK_##next } }

/*
 * OUTPUT_ENDED while the container runs is a daemon that closed its output: of
 * interest only once nothing but the output is waited for.  CALLER_GONE counts
 * only while the caller still has to be told; afterwards it may come and go.
 */
static const struct row_cell matrix[TASK_STATE_COUNT][TASK_EVENT_COUNT] = {
	[TASK_NEW] = {
		ON(BEGIN, CREATE, CREATING),
	},
	[TASK_CREATING] = {
		ON(CALL_OK, START, STARTING),
		ON(CALL_FAILED, UNDO, UNDOING),
		ON(CALLER_GONE, KILL_CALL, ABANDONING),
	},
	[TASK_STARTING] = {
		ON(CALL_OK, REPORT_STARTED, RUNNING),
		ON(CALL_FAILED, UNDO, UNDOING),
		ON(INIT_EXITED, KEEP_STATUS, OUTRUN),
		ON(CALLER_GONE, KILL_CALL, ABANDONING),
	},
	[TASK_OUTRUN] = {
		ON(CALL_OK, RECORD_EXIT, DELETING),
		ON(CALL_FAILED, UNDO, UNDOING),
		ON(CALLER_GONE, KILL_CALL, ABANDONING),
	},
	[TASK_RUNNING] = {
		ON(INIT_EXITED, RECORD_EXIT, DELETING),
	},
	[TASK_DELETING] = {
		ON(CALL_OK, DRAIN, DRAINING),
		ON(CALL_FAILED, NOTE_LEFTOVER, DRAINING),
	},
	[TASK_DRAINING] = {
		ON(OUTPUT_ENDED, FINISH, ENDED),
	},
	[TASK_ABANDONING] = {
		ON(CALL_OK, UNDO, UNDOING),
		ON(CALL_FAILED, UNDO, UNDOING),
	},
	[TASK_UNDOING] = {
		ON(CALL_OK, REPORT_FAILED, ENDED),
		ON(CALL_FAILED, REPORT_FAILED, ENDED),
	},
};

struct task_cell task_cell(enum task_state state, enum task_event event)
{
	const struct row_cell *c = &matrix[state][event];

	return c->is ? c->cell : (struct task_cell){ TASK_DO_NONE, state };
}

#define X(name, text) text,
const char *task_state_name(enum task_state s)
{
	static const char *const names[] = { TASK_STATES(X) };

	return names[s];
}

const char *task_event_name(enum task_event ev)
{
	static const char *const names[] = { TASK_EVENTS(X) };

	return names[ev];
}

const char *task_action_name(enum task_action a)
{
	static const char *const names[] = { TASK_ACTIONS(X) };

	return names[a];
}
#undef X
