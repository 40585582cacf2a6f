/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a child, whose rights may be spent. */
static int held_after_dropping(cap_value_t dropped, unsigned asked)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		cap_t caps = cap_get_proc();

		if (!caps || cap_set_flag(caps, CAP_EFFECTIVE, 1, &dropped, CAP_CLEAR) < 0 ||
		    cap_set_proc(caps) < 0)
			_exit(2);
		_exit(caps_hold(asked) ? 1 : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static bool held(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	assert_int_equal(cap_get_flag(caps, cap, CAP_EFFECTIVE, &value), 0);
	assert_int_equal(cap_free(caps), 0);
	return value == CAP_SET;
}

static void it_says_what_libcap_says(void **state UNUSED)
{
	for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; cap++)
		assert_int_equal(caps_hold((unsigned)cap), held(cap));
}

static void what_was_dropped_is_not_held(void **state UNUSED)
{
	assert_int_equal(held_after_dropping(CAP_SETUID, CAP_SETUID), 0);
	/* In the second word. */
	assert_int_equal(held_after_dropping(CAP_BPF, CAP_BPF), 0);
}

static void an_unknown_capability_is_not_held(void **state UNUSED)
{
	assert_false(caps_hold(63));
	assert_false(caps_hold(64));
	assert_false(caps_hold(UINT32_MAX));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_libcap_says),
		cmocka_unit_test(what_was_dropped_is_not_held),
		cmocka_unit_test(an_unknown_capability_is_not_held),
	};

	return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
