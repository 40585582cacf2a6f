/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/state.h"

#include <stdbool.h>

/* `is` marks the cells that are written down; all others keep the state and do nothing. */
struct row_cell {
	bool is;
	struct life_cell cell;
};

#define ON(event, action, next) [LIFE_EV_##event] = { true, { LIFE_DO_##action, LIFE_##next } }

/* After a failure the exit command runs, too: that is how podman learns that it has to clear up. */
static const struct row_cell matrix[LIFE_STATE_COUNT][LIFE_EVENT_COUNT] = {
	[LIFE_NEW] = {
		ON(BEGIN, WAIT, WAITING),
		ON(FAILED, FAIL, DELAYING),
	},
	[LIFE_WAITING] = {
		ON(GO, LAUNCH, LAUNCHING),
		ON(FAILED, FAIL, DELAYING),
	},
	[LIFE_LAUNCHING] = {
		ON(MADE, ADOPT, RUNNING),
		ON(FAILED, FAIL, DELAYING),
	},
	[LIFE_RUNNING] = {
		ON(FAILED, FAIL, DELAYING),
		ON(EXITED, RECORD, DELAYING),
		ON(TIMED_OUT, KILL_RECORD, DELAYING),
	},
	[LIFE_DELAYING] = {
		ON(DELAY_OVER, RUN_HOOK, HOOKED),
		ON(HOOK_ENDED, LINGER, LINGERING),
	},
	[LIFE_HOOKED] = {
		ON(HOOK_ENDED, LINGER, LINGERING),
	},
	[LIFE_LINGERING] = {
		ON(CAUGHT_UP, STOP, ENDED),
	},
};

struct life_cell life_cell(enum life_state state, enum life_event event)
{
	const struct row_cell *c = &matrix[state][event];

	return c->is ? c->cell : (struct life_cell){ LIFE_DO_NONE, state };
}

#define X(name, text) text,
const char *life_state_name(enum life_state s)
{
	static const char *const names[] = { LIFE_STATES(X) };

	return names[s];
}

const char *life_event_name(enum life_event ev)
{
	static const char *const names[] = { LIFE_EVENTS(X) };

	return names[ev];
}

const char *life_action_name(enum life_action a)
{
	static const char *const names[] = { LIFE_ACTIONS(X) };

	return names[a];
}
#undef X
