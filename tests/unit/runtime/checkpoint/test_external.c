/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/external.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *bind_option[] = { "bind" };
static struct spec_mount mounts[] = {
	{ .destination = "/proc", .type = "proc", .source = "proc" },
	{ .destination = "/data//x/", .source = "vol", .options = { bind_option, 1 } },
	{ .destination = "/tmp", .type = "tmpfs", .source = "tmpfs" },
	{ .destination = "/abs", .source = "/host", .options = { bind_option, 1 } },
};

static void find(const struct runtime_spec *spec, const char *notify, struct arena *a,
		 struct external_mounts *ret)
{
	*ret = (struct external_mounts){ 0 };
	assert_int_equal(external_mounts_find(spec, "/bundle", NULL, notify, a, ret, NULL), 0);
}

static void bind_mounts_are_of_the_outside(void **state UNUSED)
{
	const struct runtime_spec spec = { .mounts = { mounts, ARRAY_LEN(mounts) } };
	auto_(arena) struct arena a = { 0 };
	struct external_mounts m;

	find(&spec, NULL, &a, &m);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.items[0].dest, "/data/x");
	assert_string_equal(m.items[0].source, "/bundle/vol");
	assert_string_equal(m.items[1].dest, "/abs");
	assert_string_equal(m.items[1].source, "/host");
}

static void so_is_the_notify_directory(void **state UNUSED)
{
	const struct runtime_spec spec = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct external_mounts m;

	find(&spec, "/run/creel/x/notify", &a, &m);
	assert_int_equal(m.n, 1);
	assert_string_equal(m.items[0].dest, "/run/notify");
	assert_string_equal(m.items[0].source, "/run/creel/x/notify");
}

static void in_a_user_namespace_so_are_devices(void **state UNUSED)
{
	struct spec_namespace ns[] = { { OCI_NS_USER, NULL } };
	struct spec_device fuse[] = { { .path = "/dev/fuse" } };
	const char *masked[] = { "/proc/kcore" };
	struct spec_linux l = { .namespaces = { ns, 1 },
				.devices = { fuse, 1 },
				.masked_paths = { masked, 1 } };
	const struct runtime_spec spec = { .linux_ = &l };
	auto_(arena) struct arena a = { 0 };
	struct external_mounts m;

	find(&spec, NULL, &a, &m);
	assert_int_equal(m.n, 8);
	assert_string_equal(m.items[0].dest, "/dev/null");
	assert_string_equal(m.items[6].source, "/dev/fuse");
	assert_string_equal(m.items[7].dest, "/proc/kcore");
	assert_string_equal(m.items[7].cookie, "/dev/null");
}

static void a_restore_knows_both_names_and_the_null_device(void **state UNUSED)
{
	const struct runtime_spec spec = { .mounts = { &mounts[3], 1 } };
	auto_(arena) struct arena a = { 0 };
	struct criu_options o = { .a = &a };
	struct external_mounts m;
	const char **items;

	find(&spec, NULL, &a, &m);
	assert_int_equal(external_restore_mounts(&m, -1, &o, NULL), 0);
	items = o.opts.external.items;
	assert_int_equal(o.opts.external.n, 2);
	assert_string_equal(items[0], "mnt[/abs]:/host");
	assert_string_equal(items[1], "mnt[/dev/null]:/dev/null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_mounts_are_of_the_outside),
		cmocka_unit_test(so_is_the_notify_directory),
		cmocka_unit_test(in_a_user_namespace_so_are_devices),
		cmocka_unit_test(a_restore_knows_both_names_and_the_null_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
