/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_fault_found_by_the_code_has_code_and_words(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(err_set(&e, EINVAL, "id '%s' is empty", "x"), -EINVAL);
	assert_int_equal(e.code, EINVAL);
	assert_string_equal(e.msg, "id 'x' is empty");
}

static void a_failed_system_call_ends_in_its_reason(void **state UNUSED)
{
	struct err e = { 0 };

	errno = ENOENT;
	assert_int_equal(err_sys(&e, "open '%s'", "no-such"), -ENOENT);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(e.msg, "open 'no-such': No such file or directory");
}

static void a_call_that_fails_without_a_reason_still_fails(void **state UNUSED)
{
	struct err e = { 0 };

	errno = 0;
	assert_int_equal(err_sys(&e, "strange"), -EIO);
	assert_string_equal(e.msg, "strange: Input/output error");
}

static void callers_put_their_words_in_front(void **state UNUSED)
{
	struct err e = { 0 };
	int r = err_set(&e, EPERM, "mount '/proc'");

	assert_int_equal(err_wrap(&e, r, "rootfs"), -EPERM);
	assert_int_equal(err_wrap(&e, r, "create '%s'", "web"), -EPERM);
	assert_int_equal(e.code, EPERM);
	assert_string_equal(e.msg, "create 'web': rootfs: mount '/proc'");
}

static void words_before_a_silent_failure_get_its_errno(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(err_wrap(&e, -ENOSPC, "state"), -ENOSPC);
	assert_int_equal(e.code, ENOSPC);
	assert_string_equal(e.msg, "state: No space left on device");
}

static void the_old_message_may_be_an_argument_of_the_new_one(void **state UNUSED)
{
	struct err e = { 0 };

	(void)err_set(&e, EPERM, "inner");
	(void)err_set(&e, EACCES, "outer (%s)", e.msg);
	assert_string_equal(e.msg, "outer (inner)");
}

static void a_long_message_is_cut_and_says_so(void **state UNUSED)
{
	struct err e = { 0 };
	char text[2000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(err_set(&e, EINVAL, "%s", text), -EINVAL);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_string_equal(e.msg + sizeof(e.msg) - 5, "x...");
	assert_int_equal(err_wrap(&e, -EINVAL, "front"), -EINVAL);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_true(starts_with(e.msg, "front: xxx"));
	assert_string_equal(e.msg + sizeof(e.msg) - 5, "x...");
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "%s", text), -ENOENT);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

static void nobody_has_to_listen(void **state UNUSED)
{
	errno = EBUSY;
	assert_int_equal(err_sys(NULL, "x"), -EBUSY);
	assert_int_equal(err_set(NULL, EINVAL, "x"), -EINVAL);
	assert_int_equal(err_wrap(NULL, -EINVAL, "x"), -EINVAL);
	err_clear(NULL);
}

static void a_handled_failure_can_be_forgotten(void **state UNUSED)
{
	struct err e = { 0 };

	(void)err_set(&e, EINVAL, "x");
	err_clear(&e);
	assert_int_equal(e.code, 0);
	assert_string_equal(e.msg, "");
}

static void names(const struct err *e, const char *want)
{
	char object[64] = "";

	assert_int_equal(err_object(e, object, sizeof(object)), want != NULL);
	if (want)
		assert_string_equal(object, want);
}

static void the_object_is_what_the_innermost_function_quoted(void **state UNUSED)
{
	struct err e = { 0 };

	(void)err_set(&e, EINVAL, "open '/x' in '/y'");
	(void)err_wrap(&e, -EINVAL, "create '%s'", "web");
	names(&e, "/x");
}

static void without_an_object_of_its_own_the_words_in_front_have_it(void **state UNUSED)
{
	struct err e = { 0 };

	(void)err_set(&e, ENOENT, "open the source");
	(void)err_wrap(&e, -ENOENT, "bind '%s' on '%s'", "/a", "/b");
	(void)err_wrap(&e, -ENOENT, "create '%s'", "web");
	names(&e, "/a");
	(void)err_set(&e, ENOENT, "nothing");
	(void)err_wrap(&e, -ENOENT, "at all");
	names(&e, NULL);
	(void)err_set(&e, ENOENT, "it's half a quote");
	names(&e, NULL);
}

static void an_object_that_does_not_fit_is_none(void **state UNUSED)
{
	struct err e = { 0 };
	char small[3];

	(void)err_set(&e, EINVAL, "open 'ab'");
	assert_true(err_object(&e, small, sizeof(small)));
	(void)err_set(&e, EINVAL, "open 'abc'");
	assert_false(err_object(&e, small, sizeof(small)));
}

static void the_deepest_step_stays_and_a_new_failure_forgets_it(void **state UNUSED)
{
	struct err e = { 0 }, other = { 0 };

	(void)err_set(&e, EINVAL, "first");
	err_stage(&e, "mounts");
	err_stage(&e, "outer");
	(void)err_wrap(&e, -EINVAL, "more");
	assert_string_equal(e.stage, "mounts");
	assert_int_equal(err_take(&other, &e), -EINVAL);
	assert_string_equal(other.stage, "mounts");
	assert_string_equal(other.msg, "more: first");
	(void)err_set(&e, EPERM, "second");
	assert_string_equal(e.stage, "");
	err_stage(&e, "a name of a step that is far too long");
	assert_string_equal(e.stage, "a name of a step that i");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_found_by_the_code_has_code_and_words),
		cmocka_unit_test(a_failed_system_call_ends_in_its_reason),
		cmocka_unit_test(a_call_that_fails_without_a_reason_still_fails),
		cmocka_unit_test(callers_put_their_words_in_front),
		cmocka_unit_test(words_before_a_silent_failure_get_its_errno),
		cmocka_unit_test(the_old_message_may_be_an_argument_of_the_new_one),
		cmocka_unit_test(a_long_message_is_cut_and_says_so),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_handled_failure_can_be_forgotten),
		cmocka_unit_test(the_object_is_what_the_innermost_function_quoted),
		cmocka_unit_test(without_an_object_of_its_own_the_words_in_front_have_it),
		cmocka_unit_test(an_object_that_does_not_fit_is_none),
		cmocka_unit_test(the_deepest_step_stays_and_a_new_failure_forgets_it),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
