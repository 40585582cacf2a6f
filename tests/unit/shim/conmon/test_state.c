/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

static enum life_state after(enum life_state s, enum life_event ev, enum life_action want)
{
	struct life_cell c = life_cell(s, ev);

	assert_int_equal(c.action, want);
	return c.next;
}

static void a_container_goes_from_launch_to_exit_command(void **state UNUSED)
{
	enum life_state s = after(LIFE_NEW, LIFE_EV_BEGIN, LIFE_DO_WAIT);

	s = after(s, LIFE_EV_GO, LIFE_DO_LAUNCH);
	s = after(s, LIFE_EV_MADE, LIFE_DO_ADOPT);
	s = after(s, LIFE_EV_EXITED, LIFE_DO_RECORD);
	s = after(s, LIFE_EV_DELAY_OVER, LIFE_DO_RUN_HOOK);
	s = after(s, LIFE_EV_HOOK_ENDED, LIFE_DO_LINGER);
	s = after(s, LIFE_EV_CAUGHT_UP, LIFE_DO_STOP);
	assert_int_equal(s, LIFE_ENDED);
}

static void the_exit_is_recorded_once(void **state UNUSED)
{
	enum life_state s = after(LIFE_RUNNING, LIFE_EV_TIMED_OUT, LIFE_DO_KILL_RECORD);

	assert_int_equal(after(s, LIFE_EV_EXITED, LIFE_DO_NONE), s);
	assert_int_equal(after(s, LIFE_EV_TIMED_OUT, LIFE_DO_NONE), s);
	assert_int_equal(after(s, LIFE_EV_FAILED, LIFE_DO_NONE), s);
}

static void a_failure_at_any_time_before_the_exit_is_told(void **state UNUSED)
{
	for (enum life_state s = LIFE_NEW; s <= LIFE_RUNNING; s++)
		assert_int_equal(after(s, LIFE_EV_FAILED, LIFE_DO_FAIL), LIFE_DELAYING);
}

static void a_slow_client_matters_only_in_the_end(void **state UNUSED)
{
	for (enum life_state s = LIFE_NEW; s < LIFE_LINGERING; s++)
		assert_int_equal(after(s, LIFE_EV_CAUGHT_UP, LIFE_DO_NONE), s);
}

static void everything_has_a_name(void **state UNUSED)
{
	for (int i = 0; i < LIFE_STATE_COUNT; i++)
		assert_non_null(life_state_name((enum life_state)i));
	for (int i = 0; i < LIFE_EVENT_COUNT; i++)
		assert_non_null(life_event_name((enum life_event)i));
	for (int i = 0; i < LIFE_ACTION_COUNT; i++)
		assert_non_null(life_action_name((enum life_action)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_goes_from_launch_to_exit_command),
		cmocka_unit_test(the_exit_is_recorded_once),
		cmocka_unit_test(a_failure_at_any_time_before_the_exit_is_told),
		cmocka_unit_test(a_slow_client_matters_only_in_the_end),
		cmocka_unit_test(everything_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
