/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/registries_conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void load(struct registries_conf *c, const char *text)
{
	struct err e = { 0 };

	if (registries_conf_add(c, "f", text, strlen(text), &e) < 0)
		fail_msg("%s", e.msg);
}

/* Where `name` is then: the location of what meets it, or "". */
static void check(const struct registries_conf *c, const char *name, const char *want)
{
	const struct conf_registry *reg = registries_conf_find(c, name);
	autofree char *place =
		reg ? registries_conf_rewrite(reg, reg->location, name) : xstrdup("");

	assert_string_equal(place, want);
}

static void check_refused(const char *text, const char *why)
{
	auto_(registries_conf) struct registries_conf c = { 0 };
	struct err e = { 0 };

	assert_true(registries_conf_add(&c, "f", text, strlen(text), &e) < 0);
	assert_string_equal(e.msg, why);
}

static void the_longest_prefix_is_meant_at_its_boundary(void **state UNUSED)
{
	auto_(registries_conf) struct registries_conf c = { 0 };

	load(&c, "[[registry]]\nprefix='e.com'\nlocation='a'\n"
		 "[[registry]]\nprefix='e.com/foo'\nlocation='b/x/'\n"
		 "[[registry]]\nlocation='e.com/foo/bar'\n");
	check(&c, "e.com/q", "a/q");
	check(&c, "e.com/foo/q", "b/x/q");
	check(&c, "e.com/foobar/q", "a/foobar/q");
	check(&c, "e.com/foo/bar/q", "e.com/foo/bar/q");
	check(&c, "e.com:5000/q", "a:5000/q");
	check(&c, "ee.com/q", "");
}

static void a_wildcard_is_for_subdomains(void **state UNUSED)
{
	auto_(registries_conf) struct registries_conf c = { 0 };

	load(&c, "[[registry]]\nprefix='*.e.com'\nlocation='m.io/sub'\n");
	check(&c, "a.e.com/q", "m.io/sub/q");
	check(&c, "a.b.e.com/q/r", "m.io/sub/q/r");
	check(&c, "e.com/q", "");
	check(&c, "x.io/a.e.com/q", "");
	check(&c, "a.e.com.evil/q", "");
}

static void later_files_replace_prefixes(void **state UNUSED)
{
	auto_(registries_conf) struct registries_conf c = { 0 };

	load(&c, "[[registry]]\nlocation='a'\nblocked=true\n[[registry]]\nlocation='b'\n");
	load(&c, "[[registry]]\nlocation='a'\n[[registry.mirror]]\nlocation='m'\ninsecure=true\n"
		 "[[registry.mirror]]\nlocation='n'\npull-from-mirror='tag-only'\n");
	assert_int_equal(c.n, 2);
	assert_false(c.registries[0].blocked);
	assert_int_equal(c.registries[0].n_mirrors, 2);
	assert_true(c.registries[0].mirrors[0].insecure);
	assert_int_equal(c.registries[0].mirrors[1].use, MIRROR_TAG_ONLY);
}

static void what_cannot_be_meant_is_refused(void **state UNUSED)
{
	check_refused("[[registry]]\ninsecure=true",
		      "f: line 1: a registry with neither 'prefix' nor 'location'");
	check_refused("[[registry]]\nprefix='a*b'",
		      "f: line 1: 'a*b': a '*' stands only in \"*.\" at the start");
	check_refused("[[registry]]\nprefix='*.a/b'",
		      "f: line 1: '*.a/b': a wildcard is for hosts, without a path");
	check_refused("[[registry]]\nlocation='https://a'",
		      "f: line 1: 'location' is a registry without a scheme, not 'https://a'");
	check_refused("[[registry]]\nlocation='a'\n[[registry.mirror]]\ninsecure=true",
		      "f: line 3: a mirror without 'location'");
	check_refused("[[registry]]\nlocation='a'\n[[registry]]\nlocation='a'",
		      "f: prefix 'a' is there twice");
	check_refused("[registry]\nlocation='a'",
		      "f: line 1: 'registry' is to be an array, not a table");
	check_refused("[aliases]\na=1", "f: line 2: 'a' is to be a string, not a whole number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_is_meant_at_its_boundary),
		cmocka_unit_test(a_wildcard_is_for_subdomains),
		cmocka_unit_test(later_files_replace_prefixes),
		cmocka_unit_test(what_cannot_be_meant_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
