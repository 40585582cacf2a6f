/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void shows(struct observation seen, enum oci_status want)
{
	assert_string_equal(status_name(status_decide(&seen)), status_name(want));
}

static void a_live_process_behind_a_gate_is_created(void **state UNUSED)
{
	shows((struct observation){ .phase = RECORD_MADE, .alive = true, .gate = true },
	      OCI_STATUS_CREATED);
}

static void a_live_process_without_a_gate_is_running(void **state UNUSED)
{
	shows((struct observation){ .phase = RECORD_MADE, .alive = true }, OCI_STATUS_RUNNING);
}

static void a_frozen_live_process_is_paused_whatever_the_gate(void **state UNUSED)
{
	shows((struct observation){ .phase = RECORD_MADE, .alive = true, .frozen = true },
	      OCI_STATUS_PAUSED);
	shows(
		(struct observation){
			.phase = RECORD_MADE, .alive = true, .frozen = true, .gate = true },
		OCI_STATUS_PAUSED);
}

static void a_dead_process_is_stopped_also_behind_a_gate_or_in_a_frozen_group(void **state UNUSED)
{
	shows((struct observation){ .phase = RECORD_MADE }, OCI_STATUS_STOPPED);
	shows((struct observation){ .phase = RECORD_MADE, .gate = true }, OCI_STATUS_STOPPED);
	shows((struct observation){ .phase = RECORD_MADE, .frozen = true }, OCI_STATUS_STOPPED);
}

static void a_container_being_made_is_creating_while_its_creator_lives(void **state UNUSED)
{
	shows((struct observation){ .phase = RECORD_CREATING, .creator_alive = true, .gate = true },
	      OCI_STATUS_CREATING);
	shows((struct observation){ .phase = RECORD_CREATING, .gate = true }, OCI_STATUS_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_live_process_behind_a_gate_is_created),
		cmocka_unit_test(a_live_process_without_a_gate_is_running),
		cmocka_unit_test(a_frozen_live_process_is_paused_whatever_the_gate),
		cmocka_unit_test(a_dead_process_is_stopped_also_behind_a_gate_or_in_a_frozen_group),
		cmocka_unit_test(a_container_being_made_is_creating_while_its_creator_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
