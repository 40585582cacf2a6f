/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/options.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "oci-spec/runtime_spec.h"

static void decided(const struct criu_flags *flags, struct arena *a, struct criu_options *ret)
{
	*ret = (struct criu_options){ .a = a };
	assert_int_equal(criu_options_flags(ret, flags, NULL), 0);
}

static void without_options_only_what_always_holds_is_asked_for(void **state UNUSED)
{
	const struct criu_flags none = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct criu_options o;

	decided(&none, &a, &o);
	assert_int_equal(o.opts.log_level.v, 4);
	assert_true(o.opts.notify_scripts.v && o.opts.orphan_pts_master.v);
	assert_int_equal(o.opts.manage_cgroups_mode.v, CRIU_CG_SOFT);
	assert_int_equal(o.opts.empty_ns.v, CLONE_NEWNET);
	assert_false(o.opts.leave_running.set || o.opts.tcp_established.set ||
		     o.opts.network_lock.set || o.opts.track_mem.set);
	assert_null(o.opts.ps);
	assert_null(o.opts.parent_img);
}

static void words_are_the_numbers_of_the_protocol(void **state UNUSED)
{
	static const int modes[] = { CRIU_CG_SOFT,  CRIU_CG_IGNORE, CRIU_CG_NONE,
				     CRIU_CG_PROPS, CRIU_CG_FULL,   CRIU_CG_STRICT };

	for (int i = 0; criu_cgroups_modes[i]; i++) {
		const struct criu_flags flags = { .cgroups_mode = i };
		auto_(arena) struct arena a = { 0 };
		struct criu_options o;

		decided(&flags, &a, &o);
		assert_int_equal(o.opts.manage_cgroups_mode.v, modes[i]);
	}
	assert_string_equal(criu_network_locks[CRIU_LOCK_IPTABLES], "iptables");
	assert_string_equal(criu_network_locks[CRIU_LOCK_NFTABLES], "nftables");
	assert_string_equal(criu_network_locks[CRIU_LOCK_SKIP], "skip");
}

static void a_parent_image_needs_changes_tracked(void **state UNUSED)
{
	const struct criu_flags flags = { .parent_path = "../pre" };
	auto_(arena) struct arena a = { 0 };
	struct criu_options o;

	decided(&flags, &a, &o);
	assert_string_equal(o.opts.parent_img, "../pre");
	assert_true(o.opts.track_mem.v);
}

static void page_servers_are_address_and_port(void **state UNUSED)
{
	static const struct {
		const char *text, *address;
		int port;
	} rows[] = {
		{ "10.0.0.1:27", "10.0.0.1", 27 },
		{ "host:65535", "host", 65535 },
		{ "[::1]:9", "::1", 9 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct criu_flags flags = { .page_server = rows[i].text };
		auto_(arena) struct arena a = { 0 };
		struct criu_options o;

		decided(&flags, &a, &o);
		assert_string_equal(o.opts.ps->address, rows[i].address);
		assert_int_equal(o.opts.ps->port.v, rows[i].port);
	}
}

static void what_can_never_work_is_refused(void **state UNUSED)
{
	char *ipc[] = { (char *)(uintptr_t) "ipc", NULL };
	const struct criu_flags bad[] = {
		{ .page_server = "host" },
		{ .page_server = ":1" },
		{ .page_server = "host:0" },
		{ .page_server = "host:70000" },
		{ .page_server = "host:1x" },
		{ .page_server = "[]:1" },
		{ .parent_path = "/pre" },
		{ .parent_path = "" },
		{ .lsm_profile = "profile" },
		{ .lsm_profile = "apparmor:" },
		{ .empty_ns = { .v = ipc, .n = 1 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(arena) struct arena a = { 0 };
		struct criu_options o = { .a = &a };

		assert_int_equal(criu_options_flags(&o, &bad[i], NULL), -EINVAL);
	}
}

static void mounts_have_a_key_and_a_value(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct criu_options o = { .a = &a };
	const char **items;

	assert_int_equal(criu_options_mount(&o, "/a", "/b", NULL), 0);
	assert_int_equal(criu_options_mount(&o, "/c:d", "/e", NULL), 0);
	assert_int_equal(criu_options_mount(&o, "/x]", "/e", NULL), -EINVAL);
	items = o.opts.external.items;
	assert_int_equal(o.opts.external.n, 2);
	assert_string_equal(items[0], "mnt[/a]:/b");
	assert_string_equal(items[1], "mnt[/c:d]:/e");
}

static void a_namespace_criu_cannot_join_is_named(void **state UNUSED)
{
	struct spec_namespace ns[] = { { OCI_NS_NETWORK, "/n" },
				       { OCI_NS_IPC, "/i" },
				       { OCI_NS_MOUNT, NULL },
				       { OCI_NS_CGROUP, "/c" } };
	struct spec_linux l = { .namespaces = { ns, 3 } };
	const struct runtime_spec spec = { .linux_ = &l };
	struct err e = { 0 };

	assert_int_equal(criu_check_namespaces(&spec, &e), 0);
	l.namespaces.n = 4;
	assert_int_equal(criu_check_namespaces(&spec, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "config.json: linux.namespaces[3].path: criu cannot restore "
				   "into an existing cgroup namespace");
}

static void landlock_is_not_lost_silently(void **state UNUSED)
{
	struct oci_pair a = { "org.creel.landlock", "" };
	const struct runtime_spec spec = { .annotations = { &a, 1 } };
	struct err e = { 0 };

	assert_int_equal(criu_check_landlock(&spec, &e), 0);
	a.value = "{}";
	assert_int_equal(criu_check_landlock(&spec, &e), -EOPNOTSUPP);
	assert_non_null(strstr(e.msg, "annotations.org.creel.landlock: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_only_what_always_holds_is_asked_for),
		cmocka_unit_test(words_are_the_numbers_of_the_protocol),
		cmocka_unit_test(a_parent_image_needs_changes_tracked),
		cmocka_unit_test(page_servers_are_address_and_port),
		cmocka_unit_test(what_can_never_work_is_refused),
		cmocka_unit_test(mounts_have_a_key_and_a_value),
		cmocka_unit_test(a_namespace_criu_cannot_join_is_named),
		cmocka_unit_test(landlock_is_not_lost_silently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
