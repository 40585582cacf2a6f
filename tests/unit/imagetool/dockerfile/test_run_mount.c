/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/run_mount.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int expand(void *ctx UNUSED, const char *value, const char **ret, struct err *e UNUSED)
{
	*ret = streq(value, "$X") ? "/x" : value;
	return 0;
}

static void each_kind_has_its_fields(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct run_mount m;

	assert_int_equal(run_mount_parse("target=/a", NULL, NULL, &a, &m, NULL), 0);
	assert_int_equal(m.type, RUN_MOUNT_BIND);
	assert_true(m.read_only);
	assert_string_equal(m.target, "/a");
	assert_string_equal(m.from, "");

	assert_int_equal(
		run_mount_parse("type=bind,from=s,src=/b,dst=$X,rw", expand, NULL, &a, &m, NULL),
		0);
	assert_false(m.read_only);
	assert_string_equal(m.source, "/b");
	assert_string_equal(m.target, "/x");

	assert_int_equal(run_mount_parse("type=cache,id=c,\"target=/a,b\",sharing=locked,mode=0755,"
					 "uid=1,gid=2",
					 NULL, NULL, &a, &m, NULL),
			 0);
	assert_int_equal(m.type, RUN_MOUNT_CACHE);
	assert_int_equal(m.sharing, SHARING_LOCKED);
	assert_string_equal(m.id, "c");
	assert_false(m.read_only);
	assert_int_equal(m.mode, 0755);
	assert_int_equal(m.uid, 1);
	assert_int_equal(m.gid, 2);

	assert_int_equal(run_mount_parse("type=cache,target=/a,ro", NULL, NULL, &a, &m, NULL), 0);
	assert_true(m.read_only);
	assert_int_equal(run_mount_parse("type=tmpfs,target=/a,size=64m", NULL, NULL, &a, &m, NULL),
			 0);
	assert_int_equal(m.size, 64 << 20);
	assert_int_equal(
		run_mount_parse("type=secret,id=k,env=K,required", NULL, NULL, &a, &m, NULL), 0);
	assert_true(m.required);
	assert_string_equal(m.env, "K");
	assert_int_equal(run_mount_parse("type=ssh", NULL, NULL, &a, &m, NULL), 0);
}

static void what_a_kind_does_not_know_is_refused(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "mount type 'bind' needs a target" },
		{ "type=zap", "unsupported mount type \"zap\"" },
		{ "target", "invalid field 'target' must be a key=value pair" },
		{ "targte=/a", "unexpected key 'targte' in mount (did you mean target?)" },
		{ "type=tmpfs,target=/a,id=x", "unexpected key 'id' for mount type 'tmpfs'" },
		{ "target=/a,size=1", "unexpected key 'size' for mount type 'bind'" },
		{ "type=cache,target=/a,sharing=x", "invalid value for 'sharing': \"x\"" },
		{ "type=cache,target=/a,mode=9", "invalid value for 'mode': \"9\"" },
		{ "type=cache,target=/a,mode=77777", "invalid value for 'mode': \"77777\"" },
		{ "type=cache,target=/a,uid=-1", "invalid value for 'uid': \"-1\"" },
		{ "type=tmpfs,target=/a,size=-1", "invalid value for 'size': \"-1\"" },
		{ "type=secret", "invalid secret mount: one of id, env or target is needed" },
		{ "target=/a,ro=maybe", "invalid value for 'readonly': \"maybe\"" },
		{ "target=\"/a", "failed to parse mount: a quote is in the wrong place" },
		{ "\"target=/a\"x", "failed to parse mount: a quote is in the wrong place" },
		{ "target=/a,from=$X",
		  "'from' doesn't support variable expansion, define alias stage instead" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct run_mount m;
		struct err e = { 0 };

		if (run_mount_parse(rows[i].text, expand, NULL, &a, &m, &e) != -EINVAL)
			fail_msg("'%s' is taken", rows[i].text);
		assert_string_equal(e.msg, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_fields),
		cmocka_unit_test(what_a_kind_does_not_know_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
