/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/task/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

/* Go through events from the beginning; returns where that ends, and the actions on the way. */
static enum task_state walk(const enum task_event *events, size_t n, enum task_action *actions)
{
	enum task_state s = TASK_NEW;

	for (size_t i = 0; i < n; i++) {
		struct task_cell c = task_cell(s, events[i]);

		actions[i] = c.action;
		s = c.next;
	}
	return s;
}

#define WALK(want_state, events, want_actions)                                                     \
	do {                                                                                       \
		enum task_action got[ARRAY_LEN(events)];                                           \
		assert_int_equal(ARRAY_LEN(events), ARRAY_LEN(want_actions));                      \
		assert_int_equal(walk(events, ARRAY_LEN(events), got), want_state);                \
		for (size_t i_ = 0; i_ < ARRAY_LEN(events); i_++)                                  \
			assert_string_equal(task_action_name(got[i_]),                             \
					    task_action_name((want_actions)[i_]));                 \
	} while (0)

static void a_container_is_created_started_recorded_and_deleted(void **state UNUSED)
{
	const enum task_event ev[] = { TASK_EV_BEGIN,       TASK_EV_CALL_OK, TASK_EV_CALL_OK,
				       TASK_EV_INIT_EXITED, TASK_EV_CALL_OK, TASK_EV_OUTPUT_ENDED };
	const enum task_action want[] = { TASK_DO_CREATE,         TASK_DO_START,
					  TASK_DO_REPORT_STARTED, TASK_DO_RECORD_EXIT,
					  TASK_DO_DRAIN,          TASK_DO_FINISH };

	WALK(TASK_ENDED, ev, want);
}

static void
one_that_ends_before_start_returns_is_reported_and_recorded_after_it(void **state UNUSED)
{
	const enum task_event ev[] = { TASK_EV_BEGIN, TASK_EV_CALL_OK, TASK_EV_INIT_EXITED,
				       TASK_EV_CALL_OK, TASK_EV_CALL_OK };
	const enum task_action want[] = { TASK_DO_CREATE, TASK_DO_START, TASK_DO_KEEP_STATUS,
					  TASK_DO_RECORD_EXIT, TASK_DO_DRAIN };

	WALK(TASK_DRAINING, ev, want);
}

static void a_failed_create_is_undone_and_reported(void **state UNUSED)
{
	const enum task_event ev[] = { TASK_EV_BEGIN, TASK_EV_CALL_FAILED, TASK_EV_CALL_FAILED };
	const enum task_action want[] = { TASK_DO_CREATE, TASK_DO_UNDO, TASK_DO_REPORT_FAILED };

	WALK(TASK_ENDED, ev, want);
}

static void a_failed_start_is_undone_also_when_the_container_ended(void **state UNUSED)
{
	const enum task_event ev[] = { TASK_EV_BEGIN, TASK_EV_CALL_OK, TASK_EV_INIT_EXITED,
				       TASK_EV_CALL_FAILED, TASK_EV_CALL_OK };
	const enum task_action want[] = { TASK_DO_CREATE, TASK_DO_START, TASK_DO_KEEP_STATUS,
					  TASK_DO_UNDO, TASK_DO_REPORT_FAILED };

	WALK(TASK_ENDED, ev, want);
}

static void a_caller_that_goes_before_it_was_told_ends_the_start(void **state UNUSED)
{
	const enum task_event ev[] = { TASK_EV_BEGIN, TASK_EV_CALLER_GONE, TASK_EV_CALL_OK,
				       TASK_EV_INIT_EXITED, TASK_EV_CALL_OK };
	const enum task_action want[] = { TASK_DO_CREATE, TASK_DO_KILL_CALL, TASK_DO_UNDO,
					  TASK_DO_NONE, TASK_DO_REPORT_FAILED };

	WALK(TASK_ENDED, ev, want);
}

static void a_caller_that_goes_afterwards_changes_nothing(void **state UNUSED)
{
	const enum task_state late[] = { TASK_RUNNING, TASK_DELETING, TASK_DRAINING, TASK_UNDOING };

	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		struct task_cell c = task_cell(late[i], TASK_EV_CALLER_GONE);

		assert_int_equal(c.action, TASK_DO_NONE);
		assert_int_equal(c.next, late[i]);
	}
}

static void a_container_may_close_its_output_and_go_on(void **state UNUSED)
{
	struct task_cell c = task_cell(TASK_RUNNING, TASK_EV_OUTPUT_ENDED);

	assert_int_equal(c.action, TASK_DO_NONE);
	assert_int_equal(c.next, TASK_RUNNING);
}

static void after_a_failed_delete_the_output_is_read_to_its_end(void **state UNUSED)
{
	struct task_cell c = task_cell(TASK_DELETING, TASK_EV_CALL_FAILED);

	assert_int_equal(c.action, TASK_DO_NOTE_LEFTOVER);
	assert_int_equal(c.next, TASK_DRAINING);
}

static void nothing_happens_after_the_end(void **state UNUSED)
{
	for (int ev = 0; ev < TASK_EVENT_COUNT; ev++) {
		struct task_cell c = task_cell(TASK_ENDED, (enum task_event)ev);

		assert_int_equal(c.action, TASK_DO_NONE);
		assert_int_equal(c.next, TASK_ENDED);
	}
}

/* A state that could neither be left nor is the end would be a supervisor for ever. */
static void every_state_leads_to_the_end(void **state UNUSED)
{
	bool ends[TASK_STATE_COUNT] = { [TASK_ENDED] = true };

	for (int round = 0; round < TASK_STATE_COUNT; round++)
		for (int s = 0; s < TASK_STATE_COUNT; s++)
			for (int ev = 0; ev < TASK_EVENT_COUNT; ev++)
				ends[s] |= ends[task_cell((enum task_state)s, (enum task_event)ev)
							.next];
	for (int s = 0; s < TASK_STATE_COUNT; s++)
		assert_true(ends[s]);
}

static void states_events_and_actions_have_names(void **state UNUSED)
{
	for (int s = 0; s < TASK_STATE_COUNT; s++)
		assert_true(strlen(task_state_name((enum task_state)s)) > 0);
	for (int ev = 0; ev < TASK_EVENT_COUNT; ev++)
		assert_true(strlen(task_event_name((enum task_event)ev)) > 0);
	assert_string_equal(task_action_name(TASK_DO_FINISH), "finish");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_is_created_started_recorded_and_deleted),
		cmocka_unit_test(
			one_that_ends_before_start_returns_is_reported_and_recorded_after_it),
		cmocka_unit_test(a_failed_create_is_undone_and_reported),
		cmocka_unit_test(a_failed_start_is_undone_also_when_the_container_ended),
		cmocka_unit_test(a_caller_that_goes_before_it_was_told_ends_the_start),
		cmocka_unit_test(a_caller_that_goes_afterwards_changes_nothing),
		cmocka_unit_test(a_container_may_close_its_output_and_go_on),
		cmocka_unit_test(after_a_failed_delete_the_output_is_read_to_its_end),
		cmocka_unit_test(nothing_happens_after_the_end),
		cmocka_unit_test(every_state_leads_to_the_end),
		cmocka_unit_test(states_events_and_actions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
