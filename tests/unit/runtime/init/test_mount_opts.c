/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount_opts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/sys.h"

#define WORDS(...)                                                                                 \
	(struct oci_strings)                                                                       \
	{                                                                                          \
		.items = (const char *[]){ __VA_ARGS__, NULL },                                    \
		.n = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *)                \
	}

static struct mount_opts parse(struct oci_strings words)
{
	struct mount_opts o = { 0 };

	assert_int_equal(mount_opts_parse(&words, "mounts[0].options", &o, NULL), 0);
	return o;
}

static void the_table_is_sorted_so_that_it_can_be_searched(void **state UNUSED)
{
	const char *const *name = mount_opts_names();

	assert_non_null(name[0]);
	for (size_t i = 1; name[i]; i++)
		assert_true(strcmp(name[i - 1], name[i]) < 0);
}

static void every_word_of_the_specification_is_known(void **state UNUSED)
{
	/* config.md, "Linux mount options", those that MUST and SHOULD be supported. */
	static const char *const spec[] = {
		"async",
		"atime",
		"bind",
		"defaults",
		"dev",
		"diratime",
		"dirsync",
		"exec",
		"iversion",
		"lazytime",
		"loud",
		"mand",
		"noatime",
		"nodev",
		"nodiratime",
		"noexec",
		"noiversion",
		"nolazytime",
		"nomand",
		"norelatime",
		"nostrictatime",
		"nosuid",
		"nosymfollow",
		"private",
		"ratime",
		"rbind",
		"rdev",
		"rdiratime",
		"relatime",
		"remount",
		"rexec",
		"rnoatime",
		"rnodev",
		"rnodiratime",
		"rnoexec",
		"rnorelatime",
		"rnostrictatime",
		"rnosuid",
		"rnosymfollow",
		"ro",
		"rprivate",
		"rrelatime",
		"rro",
		"rrw",
		"rshared",
		"rslave",
		"rstrictatime",
		"rsuid",
		"rsymfollow",
		"runbindable",
		"rw",
		"shared",
		"silent",
		"slave",
		"strictatime",
		"suid",
		"symfollow",
		"sync",
		"tmpcopyup",
		"unbindable",
		"idmap",
		"ridmap",
	};

	for (size_t i = 0; i < ARRAY_LEN(spec); i++) {
		struct mount_opts o = parse(WORDS(spec[i]));

		if (o.n_data != 0)
			fail_msg("'%s' is passed to the file system", spec[i]);
		mount_opts_done(&o);
	}
}

static void unknown_words_are_for_the_file_system(void **state UNUSED)
{
	struct mount_opts o = parse(WORDS("nosuid", "mode=755", "newinstance"));

	assert_int_equal(o.n_data, 2);
	assert_string_equal(o.data[0], "mode=755");
	assert_string_equal(o.data[1], "newinstance");
	assert_int_equal(o.attr.set, MOUNT_ATTR_NOSUID);
	mount_opts_done(&o);
}

static void the_last_word_wins(void **state UNUSED)
{
	struct mount_opts o = parse(WORDS("ro", "rw", "suid", "nosuid"));

	assert_int_equal(o.attr.set, MOUNT_ATTR_NOSUID);
	assert_int_equal(o.attr.clear, MOUNT_ATTR_RDONLY);
	assert_int_equal(o.super_set, 0);
	assert_int_equal(o.super_clear, 1u << MOUNT_SUPER_RO);
	mount_opts_done(&o);
}

static void a_change_of_atime_mode_clears_the_whole_mask(void **state UNUSED)
{
	/* mount_setattr(2): EINVAL otherwise. */
	struct mount_opts o = parse(WORDS("noatime", "strictatime", "nodiratime"));

	assert_int_equal(o.attr.set, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODIRATIME);
	assert_int_equal(o.attr.clear, MOUNT_ATTR__ATIME);
	mount_opts_done(&o);
}

static void recursive_words_change_the_tree_and_not_the_mount_alone(void **state UNUSED)
{
	struct mount_opts o = parse(WORDS("rbind", "rro", "rsuid", "rnoatime"));

	assert_true(o.bind && o.rbind);
	assert_int_equal(o.attr.set | o.attr.clear, 0);
	assert_int_equal(o.rec.set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
	assert_int_equal(o.rec.clear, MOUNT_ATTR_NOSUID | MOUNT_ATTR__ATIME);
	mount_opts_done(&o);
}

static void kinds_of_propagation_keep_their_order(void **state UNUSED)
{
	struct mount_opts o = parse(WORDS("rslave", "rshared"));

	assert_int_equal(o.n_propagation, 2);
	assert_int_equal(o.propagation[0], MS_SLAVE | MS_REC);
	assert_int_equal(o.propagation[1], MS_SHARED | MS_REC);
	mount_opts_done(&o);
}

static void too_many_kinds_of_propagation_are_refused(void **state UNUSED)
{
	struct oci_strings words = WORDS("slave", "shared", "slave", "shared", "slave");
	struct mount_opts o = { 0 };
	struct err e = { 0 };

	assert_int_equal(mount_opts_parse(&words, "mounts[0].options", &o, &e), -EINVAL);
	assert_string_equal(e.msg, "mounts[0].options: more than 4 kinds of propagation");
	assert_null(o.data);
}

static void flags_have_a_form_for_mount2(void **state UNUSED)
{
	assert_int_equal(mount_attr_ms(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME),
			 MS_RDONLY | MS_NODEV | MS_NOATIME);
	assert_int_equal(mount_attr_ms(MOUNT_ATTR_STRICTATIME), MS_STRICTATIME);
	assert_int_equal(mount_super_ms(1u << MOUNT_SUPER_SYNC | 1u << MOUNT_SUPER_DIRSYNC),
			 MS_SYNCHRONOUS | MS_DIRSYNC);
}

static void only_words_of_propagation_name_one(void **state UNUSED)
{
	assert_int_equal(mount_propagation("rshared"), MS_SHARED | MS_REC);
	assert_int_equal(mount_propagation("ro"), 0);
	assert_int_equal(mount_propagation("nonsense"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_so_that_it_can_be_searched),
		cmocka_unit_test(every_word_of_the_specification_is_known),
		cmocka_unit_test(unknown_words_are_for_the_file_system),
		cmocka_unit_test(the_last_word_wins),
		cmocka_unit_test(a_change_of_atime_mode_clears_the_whole_mask),
		cmocka_unit_test(recursive_words_change_the_tree_and_not_the_mount_alone),
		cmocka_unit_test(kinds_of_propagation_keep_their_order),
		cmocka_unit_test(too_many_kinds_of_propagation_are_refused),
		cmocka_unit_test(flags_have_a_form_for_mount2),
		cmocka_unit_test(only_words_of_propagation_name_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
