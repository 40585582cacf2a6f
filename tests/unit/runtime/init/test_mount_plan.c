/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount_plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/sys.h"

#define OPTIONS(...)                                                                               \
	{                                                                                          \
		.items = (const char *[]){ __VA_ARGS__, NULL },                                    \
		.n = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *)                \
	}

static struct mount_plan plan(struct spec_mount m)
{
	struct runtime_spec spec = { .mounts = { .items = &m, .n = 1 } };
	struct mount_plan p = { 0 };

	assert_int_equal(mount_plan_make(&spec, "/bundle", &p, NULL), 0);
	assert_int_equal(p.n, 1);
	p.ops[0].spec = NULL; /* was on this stack */
	return p;
}

static void refused(struct spec_mount m, const char *words)
{
	struct runtime_spec spec = { .mounts = { .items = &m, .n = 1 } };
	struct mount_plan p = { 0 };
	struct err e = { 0 };

	assert_true(mount_plan_make(&spec, "/bundle", &p, &e) < 0);
	assert_string_equal(e.msg, words);
	assert_null(p.ops);
}

static void destinations_become_absolute_and_clean(void **state UNUSED)
{
	struct mount_plan p =
		plan((struct spec_mount){ .destination = "a//b/../c/", .type = "tmpfs" });

	assert_string_equal(p.ops[0].dest, "/a/c");
	mount_plan_done(&p);
}

static void a_destination_cannot_leave_the_root(void **state UNUSED)
{
	struct mount_plan p =
		plan((struct spec_mount){ .destination = "/../../etc", .type = "tmpfs" });

	assert_string_equal(p.ops[0].dest, "/etc");
	mount_plan_done(&p);
}

static void options_say_bind_whatever_the_type(void **state UNUSED)
{
	struct mount_plan p = plan((struct spec_mount){ .destination = "/x",
							.type = "none",
							.source = "/src",
							.options = OPTIONS("rbind", "ro") });

	assert_int_equal(p.ops[0].kind, MOUNT_OP_BIND);
	assert_true(p.ops[0].opts.rbind);
	assert_string_equal(p.ops[0].source, "/src");
	mount_plan_done(&p);
}

static void a_relative_source_is_below_the_bundle(void **state UNUSED)
{
	struct mount_plan p = plan((struct spec_mount){
		.destination = "/x", .source = "data", .options = OPTIONS("bind") });

	assert_string_equal(p.ops[0].source, "/bundle/data");
	mount_plan_done(&p);
}

static void a_bind_mount_takes_no_words_of_a_file_system(void **state UNUSED)
{
	refused((struct spec_mount){ .destination = "/x",
				     .source = "/s",
				     .options = OPTIONS("bind", "foo") },
		"mounts[0].options: unknown option 'foo' for a bind mount");
}

static void a_bind_mount_needs_a_source(void **state UNUSED)
{
	refused((struct spec_mount){ .destination = "/x", .options = OPTIONS("bind") },
		"mounts[0].source: a bind mount needs one");
}

static void a_file_system_needs_a_type(void **state UNUSED)
{
	refused((struct spec_mount){ .destination = "/x", .source = "/dev/sda1" },
		"mounts[0].type: missing; only a bind mount may leave it out");
}

static void only_a_proc_goes_on_proc(void **state UNUSED)
{
	struct mount_plan p;

	refused((struct spec_mount){ .destination = "/proc", .type = "tmpfs" },
		"mounts[0].type: 'tmpfs' on /proc, where only a proc may be");
	refused((struct spec_mount){ .destination = "/x/../proc/", .type = "tmpfs" },
		"mounts[0].type: 'tmpfs' on /proc, where only a proc may be");
	p = plan((struct spec_mount){ .destination = "/proc", .type = "proc" });
	assert_true(p.ops[0].no_symlinks);
	mount_plan_done(&p);
	p = plan((struct spec_mount){
		.destination = "/proc", .source = "/proc", .options = OPTIONS("rbind") });
	assert_true(p.ops[0].procfs_only);
	mount_plan_done(&p);
}

static void below_proc_only_what_lxcfs_serves_is_covered(void **state UNUSED)
{
	struct mount_plan p = plan((struct spec_mount){ .destination = "/proc/meminfo",
							.source = "/lxcfs/meminfo",
							.options = OPTIONS("bind") });

	mount_plan_done(&p);
	refused((struct spec_mount){ .destination = "/proc/self/attr",
				     .source = "/evil",
				     .options = OPTIONS("bind") },
		"mounts[0].destination: '/proc/self/attr' is inside /proc, where only the files "
		"lxcfs serves may be covered");
}

static void what_must_be_written_to_becomes_read_only_late(void **state UNUSED)
{
	struct mount_plan p = plan((struct spec_mount){
		.destination = "/d", .type = "tmpfs", .options = OPTIONS("ro") });

	assert_true(p.ops[0].late_ro);
	mount_plan_done(&p);
	p = plan((struct spec_mount){
		.destination = "/sys", .type = "sysfs", .options = OPTIONS("ro") });
	assert_false(p.ops[0].late_ro);
	mount_plan_done(&p);
}

static void mappings_come_in_pairs(void **state UNUSED)
{
	struct spec_id_mapping m = { .size = { true, 1 } };

	refused((struct spec_mount){ .destination = "/x",
				     .source = "/s",
				     .options = OPTIONS("bind", "idmap"),
				     .uid_mappings = { .items = &m, .n = 1 } },
		"mounts[0].uidMappings: needs gidMappings too");
}

static void an_idmapped_mount_needs_mappings_from_somewhere(void **state UNUSED)
{
	refused((struct spec_mount){ .destination = "/x",
				     .source = "/s",
				     .options = OPTIONS("bind", "ridmap") },
		"mounts[0].options: 'ridmap' needs mappings of the mount or a user namespace of "
		"the container");
}

static void a_bound_dev_is_nobody_s_to_fill(void **state UNUSED)
{
	struct mount_plan p = plan((struct spec_mount){
		.destination = "/dev/", .source = "/dev", .options = OPTIONS("rbind") });

	assert_true(p.dev_is_bind);
	mount_plan_done(&p);
	p = plan((struct spec_mount){ .destination = "/dev", .type = "devtmpfs" });
	assert_true(p.dev_is_bind);
	mount_plan_done(&p);
	p = plan((struct spec_mount){ .destination = "/dev", .type = "tmpfs" });
	assert_false(p.dev_is_bind);
	mount_plan_done(&p);
}

static void the_order_of_the_document_is_kept(void **state UNUSED)
{
	struct spec_mount m[] = { { .destination = "/b", .type = "tmpfs" },
				  { .destination = "/a", .type = "tmpfs" } };
	struct runtime_spec spec = { .mounts = { .items = m, .n = 2 } };
	struct mount_plan p = { 0 };

	assert_int_equal(mount_plan_make(&spec, "/bundle", &p, NULL), 0);
	assert_string_equal(p.ops[0].dest, "/b");
	assert_string_equal(p.ops[1].dest, "/a");
	assert_int_equal(p.ops[1].index, 1);
	mount_plan_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destinations_become_absolute_and_clean),
		cmocka_unit_test(a_destination_cannot_leave_the_root),
		cmocka_unit_test(options_say_bind_whatever_the_type),
		cmocka_unit_test(a_relative_source_is_below_the_bundle),
		cmocka_unit_test(a_bind_mount_takes_no_words_of_a_file_system),
		cmocka_unit_test(a_bind_mount_needs_a_source),
		cmocka_unit_test(a_file_system_needs_a_type),
		cmocka_unit_test(only_a_proc_goes_on_proc),
		cmocka_unit_test(below_proc_only_what_lxcfs_serves_is_covered),
		cmocka_unit_test(what_must_be_written_to_becomes_read_only_late),
		cmocka_unit_test(mappings_come_in_pairs),
		cmocka_unit_test(an_idmapped_mount_needs_mappings_from_somewhere),
		cmocka_unit_test(a_bound_dev_is_nobody_s_to_fill),
		cmocka_unit_test(the_order_of_the_document_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
