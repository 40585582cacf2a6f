/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of mounts and of devices, as documents of their own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "oci-spec/runtime_spec.h"

typedef int decode_fn(const char *name, const char *text, size_t len, struct arena *a,
		      struct oci_array *ret, struct err *e);

static void refuses(decode_fn *fn, const char *json, const char *message)
{
	auto_(arena) struct arena a = { 0 };
	struct oci_array list = { .n = 77 };
	struct err e = { 0 };

	assert_int_equal(fn("doc", json, strlen(json), &a, &list, &e), -EINVAL);
	assert_string_equal(e.msg, message);
	assert_int_equal(list.n, 77);
}

static void mounts_are_read_as_in_the_configuration(void **state UNUSED)
{
	static const char json[] = "[{\"destination\":\"/a\",\"options\":[\"ro\"]},"
				   "{\"destination\":\"/b\",\"type\":\"tmpfs\"}]";
	auto_(arena) struct arena a = { 0 };
	struct oci_array list = { 0 };
	const struct spec_mount *m;

	assert_int_equal(spec_mounts_decode("doc", json, strlen(json), &a, &list, NULL), 0);
	assert_int_equal(list.n, 2);
	m = list.items;
	assert_string_equal(m[0].options.items[0], "ro");
	assert_string_equal(m[1].type, "tmpfs");
}

static void rules_of_mounts_hold(void **state UNUSED)
{
	refuses(spec_mounts_decode, "[{\"type\":\"tmpfs\"}]", "doc: [0].destination: is required");
	refuses(spec_mounts_decode,
		"[{\"destination\":\"/a\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}]",
		"doc: mounts[0].gidMappings: must be given too when there are uidMappings");
}

static void devices_have_an_access_too(void **state UNUSED)
{
	static const char json[] = "[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":2,"
				   "\"access\":\"rw\"}]";
	auto_(arena) struct arena a = { 0 };
	struct oci_array list = { 0 };
	const struct spec_live_device *d;

	assert_int_equal(spec_live_devices_decode("doc", json, strlen(json), &a, &list, NULL), 0);
	d = list.items;
	assert_string_equal(d->node.path, "/dev/x");
	assert_int_equal(d->node.minor.v, 2);
	assert_string_equal(d->access, "rw");
}

static void rules_of_devices_hold(void **state UNUSED)
{
	refuses(spec_live_devices_decode,
		"[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":2,\"access\":\"x\"}]",
		"doc: [0].access: 'x' is not made of r, w and m");
	refuses(spec_live_devices_decode, "[{\"path\":\"dev/x\",\"type\":\"p\"}]",
		"doc: linux.devices[0].path: must be an absolute path, not 'dev/x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_read_as_in_the_configuration),
		cmocka_unit_test(rules_of_mounts_hold),
		cmocka_unit_test(devices_have_an_access_too),
		cmocka_unit_test(rules_of_devices_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
