/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/auth_key.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The value that a repository finds in a map, or "". */
static const char *find(const char *map, const char *host, const char *repository, struct arena *a)
{
	const struct json *found;
	const char *key = NULL;
	struct json *doc;

	assert_int_equal(json_parse("map", map, strlen(map), a, &doc, NULL), 0);
	found = auth_key_find(doc, host, repository, &key);
	if (!found)
		return "";
	assert_non_null(key);
	return found->string;
}

static void the_longest_namespace_wins(void **state UNUSED)
{
	static const char map[] =
		"{\"h\":\"0\",\"h/a\":\"1\",\"h/a/b\":\"2\",\"h/a/bc\":\"3\",\"h:1/a\":\"4\"}";
	auto_(arena) struct arena a = { 0 };

	assert_string_equal(find(map, "h", "a/b/c", &a), "2");
	assert_string_equal(find(map, "h", "a/b", &a), "2");
	assert_string_equal(find(map, "h", "a/bcd", &a), "1");
	assert_string_equal(find(map, "h", "b", &a), "0");
	assert_string_equal(find(map, "h", "", &a), "0");
	assert_string_equal(find(map, "h:1", "a/x", &a), "4");
	assert_string_equal(find(map, "h:1", "b", &a), "");
	assert_string_equal(find(map, "hh", "a", &a), "");
}

static void docker_hub_has_many_names(void **state UNUSED)
{
	static const char *const keys[] = { "docker.io", "https://index.docker.io/v1/",
					    "index.docker.io", "registry-1.docker.io",
					    "https://docker.io" };
	auto_(arena) struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		autofree char *map = xasprintf("{\"%s\":\"x\"}", keys[i]);

		assert_string_equal(find(map, "docker.io", "library/x", &a), "x");
		assert_string_equal(find(map, "index.docker.io", "", &a), "x");
		assert_string_equal(find(map, "quay.io", "library/x", &a), "");
	}
	assert_string_equal(auth_key_server("docker.io"), AUTH_HUB_KEY);
	assert_string_equal(auth_key_server("quay.io"), "quay.io");
}

static void a_namespace_is_for_no_other_repository(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };

	assert_string_equal(find("{\"h/a\":\"x\"}", "h", "b", &a), "");
	assert_string_equal(find("{\"h/a\":\"x\"}", "h", "", &a), "");
	assert_string_equal(find("{\"https://h/a\":\"x\"}", "h", "b", &a), "x");
	assert_string_equal(find("[]", "h", "b", &a), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_namespace_wins),
		cmocka_unit_test(docker_hub_has_many_names),
		cmocka_unit_test(a_namespace_is_for_no_other_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
