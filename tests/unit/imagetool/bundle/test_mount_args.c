/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/mount_args.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_options(const struct mount_arg *a, const char *want)
{
	autofree char *text = strv_join(&a->options, ",");

	assert_string_equal(text, want);
}

static void a_slash_or_a_dot_makes_a_path_anything_else_a_name(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum mount_kind kind;
		const char *source, *destination, *options;
	} rows[] = {
		{ "/a:/b", MOUNT_BIND, "/a", "/b", "rbind,rprivate" },
		{ "./a:/b/", MOUNT_BIND, "./a", "/b", "rbind,rprivate" },
		{ "..:/b", MOUNT_BIND, "..", "/b", "rbind,rprivate" },
		{ "a/b:/b", MOUNT_BIND, "a/b", "/b", "rbind,rprivate" },
		{ "/a:/b:ro", MOUNT_BIND, "/a", "/b", "ro,rbind,rprivate" },
		{ "/a:/b:rslave,bind,noexec", MOUNT_BIND, "/a", "/b", "rslave,bind,noexec" },
		{ "data:/b", MOUNT_VOLUME, "data", "/b", "rbind,rprivate" },
		{ "data:/b:ro", MOUNT_VOLUME, "data", "/b", "ro,rbind,rprivate" },
		{ "/b/../c", MOUNT_VOLUME, NULL, "/c", "rbind,rprivate" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(mount_args) struct mount_args m = { 0 };

		assert_int_equal(mount_args_add_volume(&m, rows[i].text, NULL), 0);
		assert_int_equal(m.n, 1);
		assert_int_equal(m.items[0].kind, rows[i].kind);
		if (rows[i].source)
			assert_string_equal(m.items[0].source, rows[i].source);
		else
			assert_null(m.items[0].source);
		assert_string_equal(m.items[0].destination, rows[i].destination);
		assert_options(&m.items[0], rows[i].options);
	}
}

static void what_is_no_volume_is_refused_with_its_text(void **state UNUSED)
{
	static const char *const rows[] = {
		"",       "a",         "a:b",       ":/b",        "/a:/",   "/a:/b/..",
		"/a:/b:", "/a:/b:ro,", "/a:/b:zap", "/a:/b:ro:x", "a b:/c", "-x y:/c",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(mount_args) struct mount_args m = { 0 };
		struct err e = { 0 };
		int r = mount_args_add_volume(&m, rows[i], &e);

		/* Empty options are none. */
		if (streq(rows[i], "/a:/b:") || streq(rows[i], "/a:/b:ro,")) {
			assert_int_equal(r, 0);
			continue;
		}
		assert_int_equal(r, -EINVAL);
		assert_true(starts_with(e.msg, "volume '"));
	}
}

static void a_tmpfs_has_careful_defaults_and_known_options(void **state UNUSED)
{
	auto_(mount_args) struct mount_args m = { 0 };

	assert_int_equal(mount_args_add_tmpfs(&m, "/run", NULL), 0);
	assert_options(&m.items[0], "nosuid,nodev,noexec");
	assert_int_equal(mount_args_add_tmpfs(&m, "/tmp:exec,size=1m,mode=1777", NULL), 0);
	assert_options(&m.items[1], "nosuid,nodev,noexec,exec,size=1m,mode=1777");
	assert_int_equal(mount_args_add_tmpfs(&m, "/tmp:size", NULL), -EINVAL);
	assert_int_equal(mount_args_add_tmpfs(&m, "tmp", NULL), -EINVAL);
}

static void an_images_volume_gives_way_to_a_persons_mount(void **state UNUSED)
{
	auto_(mount_args) struct mount_args m = { 0 };

	assert_int_equal(mount_args_add_tmpfs(&m, "/data", NULL), 0);
	assert_int_equal(mount_args_add_image_volume(&m, "/data/", NULL), 0);
	assert_int_equal(m.n, 1);
	assert_int_equal(mount_args_add_image_volume(&m, "/other", NULL), 0);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.items[1].kind, MOUNT_VOLUME);
	assert_int_equal(mount_args_add_image_volume(&m, "relative", NULL), -EINVAL);
	assert_int_equal(mount_args_add_image_volume(&m, "/", NULL), -EINVAL);
}

static void parents_come_before_what_is_in_them(void **state UNUSED)
{
	auto_(mount_args) struct mount_args m = { 0 };

	assert_int_equal(mount_args_add_tmpfs(&m, "/a/b/c", NULL), 0);
	assert_int_equal(mount_args_add_tmpfs(&m, "/a", NULL), 0);
	assert_int_equal(mount_args_add_tmpfs(&m, "/a/b", NULL), 0);
	mount_args_sort(&m);
	assert_string_equal(m.items[0].destination, "/a");
	assert_string_equal(m.items[1].destination, "/a/b");
	assert_string_equal(m.items[2].destination, "/a/b/c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slash_or_a_dot_makes_a_path_anything_else_a_name),
		cmocka_unit_test(what_is_no_volume_is_refused_with_its_text),
		cmocka_unit_test(a_tmpfs_has_careful_defaults_and_known_options),
		cmocka_unit_test(an_images_volume_gives_way_to_a_persons_mount),
		cmocka_unit_test(parents_come_before_what_is_in_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
