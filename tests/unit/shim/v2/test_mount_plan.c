/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/mount_plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "shim/v2/rootfs.h"

static int make(const char *type, const char **options, struct mount_plan *p, struct err *e)
{
	struct msg_mount m = { .type = type, .source = "/s", .options = { .items = options } };

	while (options[m.options.n])
		m.options.n++;
	return mount_plan_make(&m, p, e);
}

#define OPTIONS(...) ((const char *[]){ __VA_ARGS__, NULL })

static void words_are_flags_or_the_file_systems(void **state UNUSED)
{
	auto_(mount_plan) struct mount_plan p = { 0 };
	autofree char *data = NULL;

	assert_int_equal(make("tmpfs", OPTIONS("ro", "nosuid", "size=4k", "mode=755"), &p, NULL),
			 0);
	assert_int_equal(p.flags, MS_RDONLY | MS_NOSUID);
	data = mount_plan_data(&p);
	assert_string_equal(data, "size=4k,mode=755");
	assert_string_equal(mount_plan_value(&p, "size"), "4k");
	assert_null(mount_plan_value(&p, "si"));
}

static void the_last_word_wins(void **state UNUSED)
{
	auto_(mount_plan) struct mount_plan p = { 0 };

	assert_int_equal(make("x", OPTIONS("ro", "noatime", "rw", "relatime"), &p, NULL), 0);
	assert_int_equal(p.flags, MS_RELATIME);
}

static void each_word_is_found(void **state UNUSED)
{
	/* bsearch(3) over the table finds the first and the last. */
	auto_(mount_plan) struct mount_plan p = { 0 };

	assert_int_equal(
		make("x",
		     OPTIONS("async", "atime", "bind", "defaults", "dev", "diratime", "dirsync",
			     "exec", "mand", "noatime", "nodev", "nodiratime", "noexec", "nomand",
			     "norelatime", "nostrictatime", "nosuid", "rbind", "relatime",
			     "remount", "ro", "rw", "strictatime", "suid", "sync"),
		     &p, NULL),
		0);
	assert_int_equal(p.words.n, 0);
}

static void a_bind_mount_is_one_by_type_or_by_word(void **state UNUSED)
{
	auto_(mount_plan) struct mount_plan p = { 0 }, q = { 0 };

	assert_int_equal(make("bind", OPTIONS("rbind", "ro"), &p, NULL), 0);
	assert_int_equal(p.flags, MS_BIND | MS_REC | MS_RDONLY);
	assert_int_equal(make("bind", OPTIONS("rw"), &q, NULL), 0);
	assert_int_equal(q.flags, MS_BIND);
}

static void loop_and_maps_are_ours(void **state UNUSED)
{
	auto_(mount_plan) struct mount_plan p = { 0 };

	assert_int_equal(make("erofs",
			      OPTIONS("loop", "uidmap=0:1000:5,5:2000:1", "gidmap=0:1000:6"), &p,
			      NULL),
			 0);
	assert_true(p.loop);
	assert_int_equal(p.uids.n, 2);
	assert_int_equal(p.uids.items[1].outside, 2000);
	assert_int_equal(p.gids.items[0].count, 6);
	assert_int_equal(p.words.n, 0);
}

static void bad_maps_are_refused(void **state UNUSED)
{
	static const char *const bad[] = { "uidmap=",      "uidmap=0:1",    "uidmap=0:1:0",
					   "uidmap=a:1:1", "uidmap=0:1:1,", "uidmap=0:1:1:1" };
	struct mount_plan p = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(make("bind", OPTIONS(bad[i], "gidmap=0:1:1"), &p, NULL), -EINVAL);
	assert_int_equal(make("bind", OPTIONS("uidmap=0:1:1"), &p, &e), -EINVAL);
	assert_string_equal(e.msg, "mount '/s': options uidmap= and gidmap= go together");
}

static void fuse_has_its_helper(void **state UNUSED)
{
	auto_(mount_plan) struct mount_plan p = { 0 }, q = { 0 }, r = { 0 };

	assert_int_equal(make("fuse3.fuse-overlayfs", OPTIONS("ro"), &p, NULL), 0);
	assert_string_equal(p.helper, "mount.fuse3");
	assert_int_equal(make("fuse.x", OPTIONS("ro"), &q, NULL), 0);
	assert_string_equal(q.helper, "mount.fuse");
	assert_int_equal(make("fusectl", OPTIONS("ro"), &r, NULL), 0);
	assert_null(r.helper);
}

static void layers_part_at_colons_that_are_not_escaped(void **state UNUSED)
{
	auto_(strv) struct strv layers = { 0 };
	autofree char *got = NULL;

	mount_layers_split("/a\\:b:/c:/d\\\\", &layers);
	got = strv_join(&layers, " ");
	assert_string_equal(got, "/a\\:b /c /d\\\\");
}

static void check_common(const char *lowerdir, const char *want)
{
	auto_(strv) struct strv layers = { 0 };
	autofree char *got = NULL;

	mount_layers_split(lowerdir, &layers);
	got = mount_layers_common(&layers);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void layers_share_a_directory(void **state UNUSED)
{
	check_common("/v/s/12/fs:/v/s/1/fs:/v/s/2/fs", "/v/s");
	check_common("/v/s/1/fs", "/v/s/1");
	check_common("/v/s:/v", NULL);
	check_common("/a/1:/b/1", NULL);
	check_common("a/1:a/2", NULL);
	check_common("/a\\:/1:/a\\:/2", NULL);
}

static void layers_become_relative(void **state UNUSED)
{
	auto_(mount_plan) struct mount_plan p = { 0 };
	auto_(strv) struct strv layers = { 0 };
	autofree char *data = NULL;

	assert_int_equal(
		make("overlay", OPTIONS("index=off", "lowerdir=/v/1/fs:/v/2/fs"), &p, NULL), 0);
	mount_layers_split(mount_plan_value(&p, "lowerdir"), &layers);
	mount_plan_set_layers(&p, &layers, "/v");
	data = mount_plan_data(&p);
	assert_string_equal(data, "index=off,lowerdir=1/fs:2/fs");
}

static void mount_points_below_a_directory_are_found(void **state UNUSED)
{
	static const char text[] = "1 0 8:1 / / rw - ext4 d rw\n"
				   "2 1 0:1 / /run/b/rootfs rw - overlay o rw\n"
				   "3 2 0:2 / /run/b/rootfs/a\\040b rw shared:1 - tmpfs t rw\n"
				   "4 1 0:3 / /run/b/rootfs2 rw - tmpfs t rw\n"
				   "broken\n";
	auto_(strv) struct strv found = { 0 };
	autofree char *got = NULL;

	rootfs_find(text, "/run/b/rootfs", &found);
	got = strv_join(&found, "|");
	assert_string_equal(got, "/run/b/rootfs|/run/b/rootfs/a b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_flags_or_the_file_systems),
		cmocka_unit_test(the_last_word_wins),
		cmocka_unit_test(each_word_is_found),
		cmocka_unit_test(a_bind_mount_is_one_by_type_or_by_word),
		cmocka_unit_test(loop_and_maps_are_ours),
		cmocka_unit_test(bad_maps_are_refused),
		cmocka_unit_test(fuse_has_its_helper),
		cmocka_unit_test(layers_part_at_colons_that_are_not_escaped),
		cmocka_unit_test(layers_share_a_directory),
		cmocka_unit_test(layers_become_relative),
		cmocka_unit_test(mount_points_below_a_directory_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
