/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/options.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/strbuf.h"

static int decode(const char *type, const struct pb_message *m, const void *object, struct arena *a,
		  struct v2_options *o, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct msg_any any = { .type_url = type };

	pb_encode(m, object, &text);
	any.value = (struct pb_bytes){ (const uint8_t *)text.data, text.len };
	return v2_options_decode(&any, a, o, e);
}

static int decode_config(const char *body, struct arena *a, struct v2_options *o, struct err *e)
{
	struct msg_runtime_options m = {
		.config_body = { (const uint8_t *)body, strlen(body) },
	};

	return decode(MSG_RUNTIME_OPTIONS, &msg_runtime_options_message, &m, a, o, e);
}

static void check_refused(const char *body, const char *why)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_options o = { 0 };
	struct err e = { 0 };

	assert_true(decode_config(body, &a, &o, &e) < 0);
	assert_string_equal(e.msg, why);
	assert_null(o.binary);
}

static void no_options_are_the_defaults(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_options o = { 0 };

	assert_int_equal(v2_options_decode(NULL, &a, &o, NULL), 0);
	assert_string_equal(o.binary, "creel");
	assert_string_equal(o.root, "/run/containerd/runc");
	assert_string_equal(v2_options_root(&o, "k8s.io", &a), "/run/containerd/runc/k8s.io");
	assert_false(o.systemd_cgroup);
}

static void other_types_are_not_believed(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct msg_any any = { .type_url = "x.y.Options",
			       .value = { (const uint8_t *)"\xff\xff", 2 } };
	struct v2_options o = { 0 };

	assert_int_equal(v2_options_decode(&any, &a, &o, NULL), 0);
	assert_string_equal(o.binary, "creel");
}

static void runcs_options_are_read(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct msg_runc_options m = {
		.binary_name = "/usr/bin/crun",
		.root = "/run/r",
		.shim_cgroup = "/shims",
		.systemd_cgroup = pb_set(1),
		.no_pivot_root = pb_set(1),
		.io_uid = pb_set(7),
	};
	struct v2_options o = { 0 };

	assert_int_equal(decode("type.googleapis.com/" MSG_RUNC_OPTIONS, &msg_runc_options_message,
				&m, &a, &o, NULL),
			 0);
	assert_string_equal(o.binary, "/usr/bin/crun");
	assert_string_equal(o.root, "/run/r");
	assert_string_equal(o.shim_cgroup, "/shims");
	assert_true(o.systemd_cgroup && o.no_pivot_root && !o.no_new_keyring);
	assert_int_equal(o.io_uid, 7);
	assert_int_equal(o.io_gid, 0);
}

static void the_first_shims_options_are_read(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct msg_linux_options m = { .shim_cgroup = "/s", .io_gid = pb_set(9) };
	struct v2_options o = { 0 };

	assert_int_equal(decode(MSG_LINUX_OPTIONS, &msg_linux_options_message, &m, &a, &o, NULL),
			 0);
	assert_string_equal(o.shim_cgroup, "/s");
	assert_int_equal(o.io_gid, 9);
	assert_string_equal(o.binary, "creel");
}

static void a_configuration_is_read(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_options o = { 0 };
	struct err e = { 0 };

	assert_int_equal(decode_config("TypeUrl = \"runtimeoptions.v1.Options\"\n"
				       "BinaryName = '/bin/rt'\nSystemdCgroup = true\nIoUid = 5\n",
				       &a, &o, &e),
			 0);
	assert_string_equal(o.binary, "/bin/rt");
	assert_true(o.systemd_cgroup);
	assert_int_equal(o.io_uid, 5);
	assert_int_equal(decode_config("{\"Root\": \"/r\", \"NoNewKeyring\": true}", &a, &o, &e),
			 0);
	assert_string_equal(o.root, "/r");
	assert_true(o.no_new_keyring);
	assert_string_equal(o.binary, "creel");
}

static void a_configuration_file_is_read(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	char path[] = "/tmp/test-options-XXXXXX";
	autofd int fd = mkstemp(path);
	struct msg_runtime_options m = { .config_path = path };
	struct v2_options o = { 0 };
	struct err e = { 0 };

	assert_int_equal(write(fd, "Root='/x'\n", 10), 10);
	assert_int_equal(decode(MSG_RUNTIME_OPTIONS, &msg_runtime_options_message, &m, &a, &o, &e),
			 0);
	assert_string_equal(o.root, "/x");
	(void)unlink(path);
	assert_int_equal(decode(MSG_RUNTIME_OPTIONS, &msg_runtime_options_message, &m, &a, &o, &e),
			 -ENOENT);
}

static void what_is_wrong_is_said(void **state UNUSED)
{
	check_refused("SystemdCgruop = true", "runtime options: options: line 1: unknown option "
					      "'SystemdCgruop', did you mean 'SystemdCgroup'?");
	check_refused("SystemdCgroup = \"true\"",
		      "runtime options: options: line 1: option 'SystemdCgroup' is true or false");
	check_refused("Root='/a'\nRoot='/b'",
		      "runtime options: options: line 2: 'Root' stands on line 1 already");
	check_refused("IoUid = 4294967295", "runtime options: options: line 1: option 'IoUid' is a "
					    "whole number from 0 to 4294967294");
	check_refused("{\"Root\": [1]}",
		      "runtime options: options: option 'Root' is no plain value");
}

static void a_runtime_is_looked_up(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_options o = { .binary = "sh" };
	struct err e = { 0 };

	assert_non_null(strstr(v2_options_path(&o, &a, &e), "/bin/sh"));
	o.binary = "/no/such/runtime"; /* its own words say so when it is called */
	assert_string_equal(v2_options_path(&o, &a, &e), "/no/such/runtime");
	o.binary = "no-such-runtime";
	assert_null(v2_options_path(&o, &a, &e));
	assert_string_equal(e.msg,
			    "runtime 'no-such-runtime' is not in PATH: set BinaryName to its path");
}

static void what_was_kept_comes_back(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	char dir[] = "/tmp/test-options-XXXXXX";
	struct v2_options o = {
		.binary = "crun", .root = "/r \"x\"", .systemd_cgroup = true, .io_gid = 12
	};
	struct v2_options got = { 0 };
	const char *path = NULL;
	autofd int fd = -1;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(v2_options_save(fd, &o, "/opt/crun", NULL), 0);
	assert_int_equal(v2_options_load(fd, &a, &got, &path, NULL), 0);
	assert_string_equal(path, "/opt/crun");
	assert_string_equal(got.root, "/r \"x\"");
	assert_true(got.systemd_cgroup);
	assert_false(got.no_pivot_root);
	assert_int_equal(got.io_gid, 12);
	assert_int_equal(unlinkat(fd, "options.json", 0), 0);
	assert_int_equal(unlinkat(fd, "runtime", 0), 0);
	(void)setenv("PATH", "/no/where", 1);
	assert_int_equal(v2_options_load(fd, &a, &got, &path, NULL), -ENOENT);
	(void)dir_remove_all_at(AT_FDCWD, dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_options_are_the_defaults),
		cmocka_unit_test(other_types_are_not_believed),
		cmocka_unit_test(runcs_options_are_read),
		cmocka_unit_test(the_first_shims_options_are_read),
		cmocka_unit_test(a_configuration_is_read),
		cmocka_unit_test(a_configuration_file_is_read),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_runtime_is_looked_up),
		cmocka_unit_test(what_was_kept_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
