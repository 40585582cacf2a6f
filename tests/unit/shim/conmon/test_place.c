/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static size_t link_length(size_t cuuid)
{
	char name[128];
	autofree char *link = NULL;

	memset(name, 'u', cuuid);
	name[cuuid] = '\0';
	link = place_link("/run/x", name);
	return strlen(link);
}

static void a_link_that_just_fills_an_address_is_one_byte_shorter(void **state UNUSED)
{
	autofree char *link = place_link("/run/x", "id");

	assert_string_equal(link, "/run/x/id");
	assert_int_equal(link_length(99), 106);
	assert_int_equal(link_length(100), 106);
	assert_int_equal(link_length(101), 108);
}

static void the_link_leads_to_the_bundle_until_it_is_removed(void **state UNUSED)
{
	char dir[] = "/tmp/place-XXXXXX", to[16] = "";
	struct conmon_opts o = { .bundle = "/old", .cuuid = "id" };
	autofree char *link = NULL;
	struct err e = { 0 };

	assert_non_null(mkdtemp(dir));
	o.socket_dir = dir;
	link = place_link(dir, "id");
	assert_int_equal(place_make(&o, &e), 0);
	o.bundle = "/bundle";
	assert_int_equal(place_make(&o, &e), 0);
	assert_int_equal(readlink(link, to, sizeof(to)), 7);
	assert_memory_equal(to, "/bundle", 7);
	place_remove(&o);
	assert_int_equal(readlink(link, to, sizeof(to)), -1);
	o.full_attach = true;
	assert_int_equal(place_make(&o, &e), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_just_fills_an_address_is_one_byte_shorter),
		cmocka_unit_test(the_link_leads_to_the_bundle_until_it_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
