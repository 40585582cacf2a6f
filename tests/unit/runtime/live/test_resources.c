/* SPDX-License-Identifier: Apache-2.0 */
/* Two documents of linux.resources, old and change, to what is kept and what is done. */
#include "runtime/live/resources.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct spec_resources *decode(struct arena *a, const char *json)
{
	struct spec_resources *r = NULL;
	struct err e = { 0 };
	int res = spec_resources_decode("test", json, strlen(json), a, &r, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(res, 0);
	return r;
}

static void is_document(const struct spec_resources *r, const char *want)
{
	auto_(strbuf) struct strbuf text = { 0 };

	oci_encode(&spec_resources_type, r, 0, &text);
	assert_string_equal(strbuf_str(&text), want);
}

/* `old` may be NULL; `apply` NULL: the same as the change. */
static void gives(const char *old, const char *change, const char *merged, const char *apply)
{
	auto_(arena) struct arena a = { 0 };
	struct resources_update u;

	resources_merge(old ? decode(&a, old) : NULL, decode(&a, change), &a, &u);
	is_document(u.merged, merged);
	is_document(u.apply, apply ? apply : change);
}

static void what_is_not_named_stays(void **state UNUSED)
{
	gives("{\"memory\":{\"limit\":100},\"pids\":{\"limit\":7}}", "{\"cpu\":{\"shares\":512}}",
	      "{\"memory\":{\"limit\":100},\"cpu\":{\"shares\":512},\"pids\":{\"limit\":7}}", NULL);
	gives("{\"pids\":{\"limit\":7}}", "{}", "{\"pids\":{\"limit\":7}}", NULL);
	gives(NULL, "{\"pids\":{\"limit\":7}}", "{\"pids\":{\"limit\":7}}", NULL);
	gives("{\"memory\":{\"limit\":100,\"reservation\":50}}", "{\"memory\":{}}",
	      "{\"memory\":{\"limit\":100,\"reservation\":50}}", NULL);
}

static void zeros_that_mean_nothing_change_nothing(void **state UNUSED)
{
	gives("{\"memory\":{\"limit\":100},\"cpu\":{\"quota\":5},\"blockIO\":{\"weight\":10}}",
	      "{\"memory\":{\"limit\":0},\"cpu\":{\"quota\":0},\"blockIO\":{\"weight\":0}}",
	      "{\"memory\":{\"limit\":100},\"cpu\":{\"quota\":5},\"blockIO\":{\"weight\":10}}",
	      NULL);
}

static void zeros_that_mean_something_are_taken(void **state UNUSED)
{
	gives("{\"memory\":{\"swappiness\":60},\"cpu\":{\"burst\":9,\"idle\":0},\"pids\":{\"limit\":7}}",
	      "{\"memory\":{\"swappiness\":0},\"cpu\":{\"burst\":0,\"idle\":1},\"pids\":{\"limit\":0}}",
	      "{\"memory\":{\"swappiness\":0},\"cpu\":{\"burst\":0,\"idle\":1},\"pids\":{\"limit\":0}}",
	      NULL);
}

static void quota_and_period_go_together(void **state UNUSED)
{
	gives("{\"cpu\":{\"quota\":5000,\"period\":10000}}", "{\"cpu\":{\"period\":20000}}",
	      "{\"cpu\":{\"quota\":5000,\"period\":20000}}",
	      "{\"cpu\":{\"quota\":5000,\"period\":20000}}");
	gives("{\"cpu\":{\"quota\":5000,\"period\":10000}}", "{\"cpu\":{\"shares\":20}}",
	      "{\"cpu\":{\"shares\":20,\"quota\":5000,\"period\":10000}}", NULL);
}

static void memory_and_swap_go_together(void **state UNUSED)
{
	gives("{\"memory\":{\"limit\":100,\"swap\":200}}", "{\"memory\":{\"limit\":150}}",
	      "{\"memory\":{\"limit\":150,\"swap\":200}}",
	      "{\"memory\":{\"limit\":150,\"swap\":200}}");
	gives("{\"memory\":{\"limit\":100,\"swap\":200}}", "{\"memory\":{\"swap\":-1}}",
	      "{\"memory\":{\"limit\":100,\"swap\":-1}}",
	      "{\"memory\":{\"limit\":100,\"swap\":-1}}");
}

static void no_limit_of_memory_is_none_of_swap(void **state UNUSED)
{
	gives("{\"memory\":{\"limit\":100,\"swap\":200}}", "{\"memory\":{\"limit\":-1}}",
	      "{\"memory\":{\"limit\":-1,\"swap\":-1}}", "{\"memory\":{\"limit\":-1,\"swap\":-1}}");
}

static void the_usage_is_checked_if_it_ever_was_asked_for(void **state UNUSED)
{
	gives("{\"memory\":{\"checkBeforeUpdate\":true}}", "{\"memory\":{\"limit\":5}}",
	      "{\"memory\":{\"limit\":5,\"checkBeforeUpdate\":true}}",
	      "{\"memory\":{\"limit\":5,\"checkBeforeUpdate\":true}}");
}

static void the_weight_that_idle_hid_comes_back(void **state UNUSED)
{
	gives("{\"cpu\":{\"shares\":512,\"idle\":1}}", "{\"cpu\":{\"idle\":0}}",
	      "{\"cpu\":{\"shares\":512,\"idle\":0}}", "{\"cpu\":{\"shares\":512,\"idle\":0}}");
	gives("{\"cpu\":{\"shares\":512,\"idle\":1}}", "{\"cpu\":{\"shares\":100}}",
	      "{\"cpu\":{\"shares\":100,\"idle\":1}}", "{\"cpu\":{\"shares\":100,\"idle\":1}}");
}

static void entries_of_lists_are_replaced_by_their_names(void **state UNUSED)
{
	gives("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"1GB\",\"limit\":2}]}",
	      "{\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":3}]}",
	      "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"1GB\",\"limit\":3}]}",
	      NULL);
	gives("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1}]}}",
	      "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":2}]}}",
	      "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
	      "{\"major\":8,\"minor\":1,\"rate\":2}]}}",
	      NULL);
	gives("{\"unified\":{\"memory.high\":\"1\"}}",
	      "{\"unified\":{\"memory.high\":\"2\",\"pids.max\":\"3\"}}",
	      "{\"unified\":{\"memory.high\":\"2\",\"pids.max\":\"3\"}}", NULL);
}

static void device_rules_are_a_whole(void **state UNUSED)
{
	static const char one[] = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}",
			  two[] = "{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":1}]}";

	gives(one, two, two, NULL);
	gives(one, "{}", one, NULL);
	gives(one, "{\"devices\":[]}", "{\"devices\":[]}", NULL);
	/* The same again: nothing to do. */
	gives(one, one, one, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_named_stays),
		cmocka_unit_test(zeros_that_mean_nothing_change_nothing),
		cmocka_unit_test(zeros_that_mean_something_are_taken),
		cmocka_unit_test(quota_and_period_go_together),
		cmocka_unit_test(memory_and_swap_go_together),
		cmocka_unit_test(no_limit_of_memory_is_none_of_swap),
		cmocka_unit_test(the_usage_is_checked_if_it_ever_was_asked_for),
		cmocka_unit_test(the_weight_that_idle_hid_comes_back),
		cmocka_unit_test(entries_of_lists_are_replaced_by_their_names),
		cmocka_unit_test(device_rules_are_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
