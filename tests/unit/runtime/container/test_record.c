/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct oci_pair note[] = { { "org.example", "yes" } };

static const struct record made = {
	.id = "web",
	.phase = RECORD_MADE,
	.pid = { .set = true, .v = 42 },
	.start_time = { .set = true, .v = 18446744073709551615U },
	.created = "2026-01-02T03:04:05Z",
	.bundle = "/b/web",
	.rootfs = "/b/web/rootfs",
	.gateless = true,
	.own_pidns = true,
	.has_poststop = true,
	.annotations = { .items = note, .n = 1 },
};

static int decode(const char *text, struct arena *a, struct record **ret, struct err *e)
{
	return record_decode("state.json", text, strlen(text), a, ret, e);
}

static void what_is_written_is_read(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct record *got = NULL;

	record_encode(&made, NULL, &text);
	assert_int_equal(decode(strbuf_str(&text), &a, &got, NULL), 0);
	assert_string_equal(got->id, "web");
	assert_int_equal(got->phase, RECORD_MADE);
	assert_int_equal(got->pid.v, 42);
	assert_true(got->start_time.v == UINT64_MAX);
	assert_string_equal(got->created, "2026-01-02T03:04:05Z");
	assert_string_equal(got->bundle, "/b/web");
	assert_string_equal(got->rootfs, "/b/web/rootfs");
	assert_true(got->gateless);
	assert_true(got->own_pidns);
	assert_false(got->rootless);
	assert_false(got->has_poststart);
	assert_true(got->has_poststop);
	assert_int_equal(got->annotations.n, 1);
	assert_string_equal(got->annotations.items[0].value, "yes");
	assert_null(got->cgroup);
}

static void a_record_of_a_container_being_made_has_no_process(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct record making = made;
	struct record *got = NULL;

	making.phase = RECORD_CREATING;
	making.pid.set = making.start_time.set = false;
	record_encode(&making, NULL, &text);
	assert_int_equal(decode(strbuf_str(&text), &a, &got, NULL), 0);
	assert_int_equal(got->phase, RECORD_CREATING);
	assert_false(got->pid.set);
}

static void the_groups_are_kept_with_the_record(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct record *got = NULL;
	const char *text =
		"{\"container\":{\"id\":\"w\",\"phase\":\"creating\",\"created\":\"x\",\"bundle\":\"/b\","
		"\"rootfs\":\"/r\"},\"cgroup\":{\"driver\":\"cgroupfs\",\"layout\":\"v2\",\"trees\":[{\"controllers\":\"\",\"mount\":\"/m\",\"path\":\"/w\"}]}}";

	assert_int_equal(decode(text, &a, &got, NULL), 0);
	assert_int_equal(got->cgroup->driver, CGROUP_FS + 1);
	assert_string_equal(((struct cgroup_record_tree *)got->cgroup->trees.items)[0].path, "/w");
}

static void refused(const char *text, const char *want)
{
	auto_(arena) struct arena a = { 0 };
	struct record *got = NULL;
	struct err e = { 0 };

	assert_true(decode(text, &a, &got, &e) < 0);
	assert_null(got);
	assert_string_equal(e.msg, want);
}

static void a_damaged_record_is_refused_by_name(void **state UNUSED)
{
	refused("{}", "state.json: container: is required");
	refused("{\"container\":{\"id\":\"w\",\"phase\":\"made\",\"created\":\"x\",\"bundle\":\"/b\","
		"\"rootfs\":\"/r\"}}",
		"state.json: a made container has no pid or startTime");
	refused("{\"container\":{\"id\":\"w\",\"phase\":\"made\",\"pid\":0,\"created\":\"x\",\"bundle\":\"/b\","
		"\"rootfs\":\"/r\"}}",
		"state.json: container.pid: 0 is out of range 1 to 2147483647");
	refused("{\"container\":{\"id\":\"w\",\"phase\":\"cooked\",\"created\":\"x\",\"bundle\":\"/b\","
		"\"rootfs\":\"/r\"}}",
		"state.json: container.phase: unknown phase 'cooked'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_record_of_a_container_being_made_has_no_process),
		cmocka_unit_test(the_groups_are_kept_with_the_record),
		cmocka_unit_test(a_damaged_record_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
