/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/info.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static struct snapshot_info sample(void)
{
	struct snapshot_info i = { .form = xstrdup("dir"),
				   .diff_id = xstrdup("sha256:0"),
				   .boot = xstrdup("b"),
				   .size = 1,
				   .entries = 2,
				   .root_stated = true,
				   .root_mode = 01777,
				   .root_uid = 5,
				   .root_gid = 4294967294,
				   .root_mtime = { -1, 999999999 },
				   .root_opaque = true };

	strv_add(&i.whiteout_dirs, "");
	strv_add(&i.whiteout_dirs, "a/b c%\xff\n/..d");
	return i;
}

static void all_that_is_written_is_read(void **state UNUSED)
{
	auto_(snapshot_info) struct snapshot_info in = sample(), out = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct err e = { 0 };

	snapshot_info_encode(&in, &text);
	assert_int_equal(snapshot_info_decode(text.data, text.len, &out, &e), 0);
	assert_string_equal(out.form, "dir");
	assert_string_equal(out.diff_id, "sha256:0");
	assert_string_equal(out.boot, "b");
	assert_int_equal(out.size, 1);
	assert_int_equal(out.entries, 2);
	assert_true(out.root_stated && out.root_opaque);
	assert_int_equal(out.root_mode, 01777);
	assert_int_equal(out.root_uid, 5);
	assert_int_equal(out.root_gid, 4294967294);
	assert_int_equal(out.root_mtime.tv_sec, -1);
	assert_int_equal(out.root_mtime.tv_nsec, 999999999);
	assert_int_equal(out.whiteout_dirs.n, 2);
	assert_string_equal(out.whiteout_dirs.v[0], "");
	assert_string_equal(out.whiteout_dirs.v[1], in.whiteout_dirs.v[1]);
}

static void assert_refused(const char *members, const char *why)
{
	autofree char *text =
		xasprintf("{\"form\":\"dir\",\"diffId\":\"x\",\"boot\":\"\"%s}", members);
	struct snapshot_info out = { .size = 7 };
	struct err e = { 0 };

	assert_int_equal(snapshot_info_decode(text, strlen(text), &out, &e), -EBADMSG);
	assert_non_null(strstr(e.msg, why));
	assert_int_equal(out.size, 7);
}

static void a_path_that_leads_elsewhere_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "/etc",   "a/../b", "..",  "a//b", "a/",
					   "%2E%2E", "a%00b",  "%zz", "%2",   "./a" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autofree char *member = xasprintf(",\"whiteoutDirs\":[\"%s\"]", bad[i]);

		assert_refused(member, "holds what is no path");
	}
	assert_refused(",\"whiteoutDirs\":[1]", "holds what is no path");
	assert_refused(",\"whiteoutDirs\":{}", "'whiteoutDirs' is no list");
}

static void numbers_out_of_range_are_refused(void **state UNUSED)
{
	assert_refused(",\"size\":-1", "'size' is out of range");
	assert_refused(",\"entries\":\"1\"", "'entries' is out of range");
	assert_refused(",\"root\":{\"mode\":4096}", "'mode' is out of range");
	assert_refused(",\"root\":{\"uid\":4294967295}", "'uid' is out of range");
	assert_refused(",\"root\":{\"mtimeNsec\":1000000000}", "'mtimeNsec' is out of range");
}

static void without_a_form_it_is_nothing(void **state UNUSED)
{
	struct snapshot_info out = { 0 };
	struct err e = { 0 };

	assert_int_equal(snapshot_info_decode("{}", 2, &out, &e), -EBADMSG);
	assert_string_equal(e.msg, "info: 'form' is no text");
	assert_true(snapshot_info_decode("[", 1, &out, &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_written_is_read),
		cmocka_unit_test(a_path_that_leads_elsewhere_is_refused),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(without_a_form_it_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
