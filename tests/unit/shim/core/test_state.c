/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

struct step {
	enum process_event event;
	enum process_action want;
};

static void walk(const struct step *steps, size_t n, enum process_state want)
{
	enum process_state s = PROCESS_NEW;

	for (size_t i = 0; i < n; i++) {
		struct process_cell c = process_cell(s, steps[i].event);

		assert_string_equal(process_action_name(c.action),
				    process_action_name(steps[i].want));
		s = c.next;
	}
	assert_string_equal(process_state_name(s), process_state_name(want));
}

#define STEP(event, action)                                                                        \
	{                                                                                          \
		PROCESS_EV_##event, PROCESS_DO_##action                                            \
	}
#define WALK(want, ...)                                                                            \
	do {                                                                                       \
		const struct step steps_[] = { __VA_ARGS__ };                                      \
		walk(steps_, ARRAY_LEN(steps_), PROCESS_##want);                                   \
	} while (0)
#define UP_TO_CREATED STEP(CREATE, CREATE), STEP(CALL_OK, ADOPT)
#define UP_TO_RUNNING UP_TO_CREATED, STEP(START, START), STEP(CALL_OK, TELL_STARTED)

static void a_container_is_created_started_and_deleted(void **state UNUSED)
{
	WALK(DELETED, UP_TO_RUNNING, STEP(EXITED, TELL_EXITED), STEP(DELETE, DELETE),
	     STEP(CALL_OK, TELL_DELETED));
}

static void an_exec_is_launched_at_its_start(void **state UNUSED)
{
	WALK(STOPPED, STEP(START, LAUNCH), STEP(CALL_OK, ADOPT_STARTED), STEP(EXITED, TELL_EXITED));
	WALK(FAILED, STEP(START, LAUNCH), STEP(CALL_FAILED, UNDO), STEP(CALL_FAILED, TELL_FAILED));
}

static void started_is_told_before_an_exit_during_start(void **state UNUSED)
{
	WALK(STOPPED, UP_TO_CREATED, STEP(START, START), STEP(EXITED, NONE),
	     STEP(CALL_OK, TELL_STARTED_EXITED));
	WALK(STOPPED, UP_TO_CREATED, STEP(START, START), STEP(EXITED, NONE),
	     STEP(CALL_FAILED, TELL_FAILED_EXITED));
}

static void a_failed_create_is_undone(void **state UNUSED)
{
	WALK(FAILED, STEP(CREATE, CREATE), STEP(CALL_FAILED, UNDO), STEP(CALL_OK, TELL_FAILED));
	/* The pid file could not be read. */
	WALK(FAILED, UP_TO_CREATED, STEP(CALL_FAILED, UNDO), STEP(EXITED, NONE),
	     STEP(CALL_OK, TELL_FAILED));
}

static void a_failed_start_leaves_what_can_be_deleted(void **state UNUSED)
{
	WALK(DELETED, UP_TO_CREATED, STEP(START, START), STEP(CALL_FAILED, TELL_START_FAILED),
	     STEP(DELETE, DELETE_FORCE), STEP(EXITED, NONE), STEP(CALL_OK, TELL_DELETED));
}

static void whoever_is_created_can_be_killed_or_deleted(void **state UNUSED)
{
	WALK(STOPPED, UP_TO_CREATED, STEP(EXITED, TELL_EXITED));
	WALK(DELETED, UP_TO_CREATED, STEP(DELETE, DELETE_FORCE), STEP(CALL_OK, TELL_DELETED));
}

static void another_may_have_called_start(void **state UNUSED)
{
	WALK(RUNNING, UP_TO_CREATED, STEP(STARTED, TELL_STARTED));
	WALK(STOPPED, UP_TO_CREATED, STEP(EXITED, TELL_EXITED), STEP(STARTED, NONE));
}

static void a_delete_that_failed_can_be_tried_again(void **state UNUSED)
{
	WALK(DELETED, UP_TO_RUNNING, STEP(EXITED, TELL_EXITED), STEP(DELETE, DELETE),
	     STEP(CALL_FAILED, TELL_DELETE_FAILED), STEP(DELETE, DELETE),
	     STEP(CALL_OK, TELL_DELETED));
}

static void a_created_one_whose_delete_failed_is_what_it_was(void **state UNUSED)
{
	WALK(RUNNING, UP_TO_CREATED, STEP(DELETE, DELETE_FORCE),
	     STEP(CALL_FAILED, TELL_DELETE_FAILED), STEP(START, START),
	     STEP(CALL_OK, TELL_STARTED));
	/* Its process was killed, and what else is to be deleted could not be. */
	WALK(DELETING, UP_TO_CREATED, STEP(DELETE, DELETE_FORCE), STEP(EXITED, NONE),
	     STEP(CALL_FAILED, TELL_DELETE_FAILED_EXITED), STEP(DELETE, DELETE));
}

static void abandoning_kills_the_runtime_and_undoes(void **state UNUSED)
{
	WALK(FAILED, STEP(CREATE, CREATE), STEP(ABANDON, KILL_CALL), STEP(CALL_FAILED, UNDO),
	     STEP(CALL_OK, TELL_FAILED));
	WALK(UNDOING, UP_TO_CREATED, STEP(START, START), STEP(ABANDON, KILL_CALL),
	     STEP(EXITED, NONE), STEP(CALL_OK, UNDO));
	WALK(UNDOING, UP_TO_CREATED, STEP(START, START), STEP(EXITED, NONE),
	     STEP(ABANDON, KILL_CALL), STEP(CALL_OK, UNDO));
	/* Too late. */
	WALK(RUNNING, UP_TO_RUNNING, STEP(ABANDON, NONE));
}

static void what_a_state_does_not_allow_is_refused(void **state UNUSED)
{
	static const enum process_event asked[] = { PROCESS_EV_CREATE, PROCESS_EV_START,
						    PROCESS_EV_DELETE };

	WALK(RUNNING, UP_TO_RUNNING, STEP(START, REFUSE), STEP(DELETE, REFUSE),
	     STEP(CREATE, REFUSE));
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct process_cell c = process_cell(PROCESS_DELETED, asked[i]);

		assert_int_equal(c.action, PROCESS_DO_REFUSE);
		assert_int_equal(c.next, PROCESS_DELETED);
	}
}

static void an_exit_is_told_in_every_state_that_knows_the_process(void **state UNUSED)
{
	static const enum process_state told[] = { PROCESS_CREATED, PROCESS_RUNNING };

	for (int s = 0; s < PROCESS_STATE_COUNT; s++) {
		bool tells = process_cell((enum process_state)s, PROCESS_EV_EXITED).action ==
			     PROCESS_DO_TELL_EXITED;

		assert_int_equal(tells, s == (int)told[0] || s == (int)told[1]);
	}
}

static void everything_has_a_name(void **state UNUSED)
{
	for (int s = 0; s < PROCESS_STATE_COUNT; s++)
		assert_true(strlen(process_state_name((enum process_state)s)) > 0);
	for (int ev = 0; ev < PROCESS_EVENT_COUNT; ev++)
		assert_true(strlen(process_event_name((enum process_event)ev)) > 0);
	for (int a = 0; a < PROCESS_ACTION_COUNT; a++)
		assert_true(strlen(process_action_name((enum process_action)a)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_is_created_started_and_deleted),
		cmocka_unit_test(an_exec_is_launched_at_its_start),
		cmocka_unit_test(started_is_told_before_an_exit_during_start),
		cmocka_unit_test(a_failed_create_is_undone),
		cmocka_unit_test(a_failed_start_leaves_what_can_be_deleted),
		cmocka_unit_test(whoever_is_created_can_be_killed_or_deleted),
		cmocka_unit_test(another_may_have_called_start),
		cmocka_unit_test(a_delete_that_failed_can_be_tried_again),
		cmocka_unit_test(a_created_one_whose_delete_failed_is_what_it_was),
		cmocka_unit_test(abandoning_kills_the_runtime_and_undoes),
		cmocka_unit_test(what_a_state_does_not_allow_is_refused),
		cmocka_unit_test(an_exit_is_told_in_every_state_that_knows_the_process),
		cmocka_unit_test(everything_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
