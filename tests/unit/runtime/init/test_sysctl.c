/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/sysctl.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/cleanup.h"

static const bool all[OCI_NS_COUNT] = {
	[OCI_NS_NETWORK] = true,
	[OCI_NS_IPC] = true,
	[OCI_NS_UTS] = true,
	[OCI_NS_USER] = true,
};
static const bool none[OCI_NS_COUNT] = { false };

static void path_is(const char *key, const char *want)
{
	autofree char *path = sysctl_path(key);

	assert_string_equal(path, want);
}

static void refused(const char *key, const char *value, const bool has[OCI_NS_COUNT],
		    const char *words)
{
	struct err e = { 0 };

	assert_int_equal(sysctl_check(key, value, has, &e), -EINVAL);
	assert_string_equal(e.msg, words);
}

static void dots_become_slashes(void **state UNUSED)
{
	path_is("net.ipv4.ip_forward", "sys/net/ipv4/ip_forward");
}

static void the_first_separator_decides_as_in_sysctl8(void **state UNUSED)
{
	path_is("net/ipv4/conf/eth0.100/forwarding", "sys/net/ipv4/conf/eth0.100/forwarding");
	path_is("net.ipv4.conf.eth0/100.forwarding", "sys/net/ipv4/conf/eth0.100/forwarding");
}

static void keys_of_the_container_s_namespaces_are_accepted(void **state UNUSED)
{
	static const char *const keys[] = {
		"net.ipv4.ping_group_range", "kernel.shmmax",     "kernel.msgmnb",
		"fs.mqueue.msg_max",         "kernel.domainname", "user.max_user_namespaces"
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_int_equal(sysctl_check(keys[i], "0 2147483647", all, NULL), 0);
}

static void without_the_namespace_a_key_would_change_the_host(void **state UNUSED)
{
	refused("net.ipv4.ip_forward", "1", none,
		"linux.sysctl: 'net.ipv4.ip_forward' would change the host: the container has no "
		"network namespace of its own");
}

static void keys_of_the_host_are_refused(void **state UNUSED)
{
	refused("kernel.core_pattern", "|/evil", all,
		"linux.sysctl: 'kernel.core_pattern' belongs to the host, not to a namespace");
	refused("fs.mqueue", "1", all,
		"linux.sysctl: 'fs.mqueue' belongs to the host, not to a namespace");
}

static void a_key_cannot_climb_out_of_its_directory(void **state UNUSED)
{
	refused("net/../kernel/core_pattern", "x", all,
		"linux.sysctl: 'net/../kernel/core_pattern' is not the name of a sysctl");
	refused("net..ipv4", "x", all, "linux.sysctl: 'net..ipv4' is not the name of a sysctl");
	refused("net.", "x", all, "linux.sysctl: 'net.' is not the name of a sysctl");
}

static void a_value_is_one_line(void **state UNUSED)
{
	refused("net.ipv4.ip_forward", "1\n0", all,
		"linux.sysctl: 'net.ipv4.ip_forward': control character in the value");
	assert_int_equal(sysctl_check("kernel.sem", "250\t32000", all, NULL), 0);
}

static void the_host_name_has_a_member_of_its_own(void **state UNUSED)
{
	refused("kernel.hostname", "x", all,
		"linux.sysctl: 'kernel.hostname': use hostname instead");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dots_become_slashes),
		cmocka_unit_test(the_first_separator_decides_as_in_sysctl8),
		cmocka_unit_test(keys_of_the_container_s_namespaces_are_accepted),
		cmocka_unit_test(without_the_namespace_a_key_would_change_the_host),
		cmocka_unit_test(keys_of_the_host_are_refused),
		cmocka_unit_test(a_key_cannot_climb_out_of_its_directory),
		cmocka_unit_test(a_value_is_one_line),
		cmocka_unit_test(the_host_name_has_a_member_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
