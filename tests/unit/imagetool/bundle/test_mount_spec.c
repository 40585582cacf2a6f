/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/mount_args.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void words_become_a_mount(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum mount_kind kind;
		const char *source, *destination, *options;
	} rows[] = {
		{ "type=bind,source=/a,target=/b", MOUNT_BIND, "/a", "/b", "rbind,rprivate" },
		{ "dst=/b,src=./a,readonly,type=bind", MOUNT_BIND, "./a", "/b",
		  "ro,rbind,rprivate" },
		{ "type=bind,src=/a,destination=/b,ro=false,bind-propagation=rslave", MOUNT_BIND,
		  "/a", "/b", "rslave,rbind" },
		{ "type=bind,src=/a,dst=/b,bind-nonrecursive", MOUNT_BIND, "/a", "/b",
		  "bind,rprivate" },
		{ "type=bind,src=/a,dst=/b,bind-recursive=disabled", MOUNT_BIND, "/a", "/b",
		  "bind,rprivate" },
		{ "type=bind,src=/a,dst=/b,ro,bind-recursive=readonly", MOUNT_BIND, "/a", "/b",
		  "ro,rro,rbind,rprivate" },
		{ "source=data,target=/b", MOUNT_VOLUME, "data", "/b", "rbind,rprivate" },
		{ "target=/b,type=volume,volume-nocopy", MOUNT_VOLUME, NULL, "/b",
		  "rbind,rprivate" },
		{ "type=tmpfs,dst=/b", MOUNT_TMPFS, NULL, "/b", "nosuid,nodev,noexec" },
		{ "type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=1770", MOUNT_TMPFS, NULL, "/b",
		  "nosuid,nodev,noexec,size=1048576,mode=1770" },
		{ "type=bind,\"src=/a,b\",dst=/b", MOUNT_BIND, "/a,b", "/b", "rbind,rprivate" },
		{ "type=bind,\"src=/a\"\"b\",dst=/b,", MOUNT_BIND, "/a\"b", "/b",
		  "rbind,rprivate" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(mount_args) struct mount_args m = { 0 };
		autofree char *options = NULL;
		struct err e = { 0 };

		if (mount_args_add_spec(&m, rows[i].text, &e) < 0)
			fail_msg("%s", e.msg);
		assert_int_equal(m.items[0].kind, rows[i].kind);
		assert_string_equal(m.items[0].destination, rows[i].destination);
		options = strv_join(&m.items[0].options, ",");
		assert_string_equal(options, rows[i].options);
		if (rows[i].source)
			assert_string_equal(m.items[0].source, rows[i].source);
		else
			assert_null(m.items[0].source);
	}
}

static void what_makes_no_mount_is_refused_with_its_reason(void **state UNUSED)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{ "", "it is empty" },
		{ "type=bind", "there is no target=" },
		{ "type=bind,dst=/b", "there is no source=" },
		{ "type=bind,src=/a,dst=b", "dst: 'b' is not" },
		{ "type=bind,src=/a,dst=/", "the root itself" },
		{ "type=nfs,dst=/b", "type 'nfs'" },
		{ "type=tmpfs,src=/a,dst=/b", "a tmpfs has no source" },
		{ "type=tmpfs,dst=/b,tmpfs-size=x", "'x' is no size" },
		{ "type=tmpfs,dst=/b,tmpfs-mode=9", "'9' is no mode" },
		{ "type=tmpfs,dst=/b,bind-nonrecursive", "is for type=bind" },
		{ "type=bind,src=/a,dst=/b,ro=maybe", "neither true nor false" },
		{ "type=bind,src=/a,dst=/b,bind-propagation=x", "unknown propagation" },
		{ "type=bind,src=/a,dst=/b,bind-recursive=readonly", "needs readonly" },
		{ "type=bind,src=/a,dst=/b,dst", "'dst': a value is missing" },
		{ "type=bind,src=/a,dst=/b,other=1", "unknown word 'other'" },
		{ "type=bind,\"src=/a,dst=/b", "quotes don't match" },
		{ "type=bind,\"src=/a\"x,dst=/b", "quotes don't match" },
		{ "src=/a,dst=/b", "type=bind mounts those" },
		{ "src=a b,dst=/b", "volume name" },
		{ "src=a,dst=/b,volume-driver=nfs", "by type=bind" },
		{ "src=a,dst=/b,volume-subpath=c", "hold on to a directory" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(mount_args) struct mount_args m = { 0 };
		struct err e = { 0 };

		assert_true(mount_args_add_spec(&m, rows[i].text, &e) < 0);
		assert_true(starts_with(e.msg, "mount '"));
		if (!strstr(e.msg, rows[i].reason))
			fail_msg("%s: %s", rows[i].text, e.msg);
	}
}

static void consistency_is_counted_and_left_out(void **state UNUSED)
{
	auto_(mount_args) struct mount_args m = { 0 };

	assert_int_equal(mount_args_add_spec(&m, "src=a,dst=/b,consistency=cached", NULL), 0);
	assert_int_equal(mount_args_add_volume(&m, "/a:/c:ro,delegated,z", NULL), 0);
	assert_int_equal(m.consistency, 2);
	assert_true(m.items[1].relabel);
	assert_int_equal(mount_args_check(&m, NULL), 0);
	assert_int_equal(mount_args_add_tmpfs(&m, "/b", NULL), 0);
	assert_int_equal(mount_args_check(&m, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_mount),
		cmocka_unit_test(what_makes_no_mount_is_refused_with_its_reason),
		cmocka_unit_test(consistency_is_counted_and_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
