/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/idmap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct spec_id_mapping mapping(uint64_t container, uint64_t host, uint64_t size)
{
	return (struct spec_id_mapping){ .container_id = { true, container },
					 .host_id = { true, host },
					 .size = { true, size } };
}

static void a_map_has_a_line_for_each_mapping(void **state UNUSED)
{
	struct spec_id_mapping m[] = { mapping(0, 100000, 1000), mapping(1000, 5, 1) };
	struct oci_array a = { .items = m, .n = 2 };
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(idmap_format(&a, "linux.uidMappings", &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "0 100000 1000\n1000 5 1\n");
}

static void ids_end_before_the_one_that_means_nobody(void **state UNUSED)
{
	struct spec_id_mapping m[] = { mapping(0, 4294967295, 1) };
	struct oci_array a = { .items = m, .n = 1 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(idmap_format(&a, "linux.uidMappings", &out, &e), -ERANGE);
	assert_string_equal(e.msg, "linux.uidMappings[0]: ids end beyond 4294967295");
	m[0] = mapping(0, 1, UINT64_MAX);
	assert_int_equal(idmap_format(&a, "linux.uidMappings", &out, &e), -ERANGE);
	m[0] = mapping(0, 0, 4294967295);
	assert_int_equal(idmap_format(&a, "linux.uidMappings", &out, &e), 0);
}

static void a_mapping_of_nothing_is_refused(void **state UNUSED)
{
	struct spec_id_mapping m[] = { mapping(0, 0, 1), mapping(1, 1, 0) };
	struct oci_array a = { .items = m, .n = 2 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(idmap_format(&a, "linux.gidMappings", &out, &e), -EINVAL);
	assert_string_equal(e.msg, "linux.gidMappings[1].size: must not be 0");
}

static void an_id_has_a_place_when_a_mapping_holds_it(void **state UNUSED)
{
	struct spec_id_mapping m[] = { mapping(10, 0, 5) };
	struct oci_array a = { .items = m, .n = 1 };

	assert_false(idmap_has(&a, 9));
	assert_true(idmap_has(&a, 10));
	assert_true(idmap_has(&a, 14));
	assert_false(idmap_has(&a, 15));
}

static void the_same_maps_are_the_same_in_any_order(void **state UNUSED)
{
	struct spec_id_mapping m[] = { mapping(0, 1000, 1), mapping(1, 100000, 65536) };
	struct oci_array a = { .items = m, .n = 2 };

	assert_true(idmap_same(&a, "         0       1000          1\n"
				   "         1     100000      65536\n"));
	assert_true(idmap_same(&a, "1 100000 65536\n0 1000 1\n"));
	assert_false(idmap_same(&a, "0 1000 1\n"));
	assert_false(idmap_same(&a, "0 1000 1\n1 100000 65535\n"));
	assert_false(idmap_same(&a, "0 1000 1\n1 100000 65536\n65537 5 1\n"));
	assert_false(idmap_same(&a, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_has_a_line_for_each_mapping),
		cmocka_unit_test(ids_end_before_the_one_that_means_nobody),
		cmocka_unit_test(a_mapping_of_nothing_is_refused),
		cmocka_unit_test(an_id_has_a_place_when_a_mapping_holds_it),
		cmocka_unit_test(the_same_maps_are_the_same_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
