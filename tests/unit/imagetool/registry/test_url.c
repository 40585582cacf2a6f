/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_host_of_a_url_is_lower_case_and_bare(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum url_scheme scheme;
		const char *host;
	} rows[] = {
		{ "https://Auth.Docker.IO/token?x=y", URL_HTTPS, "auth.docker.io" },
		{ "HTTP://localhost:5000", URL_HTTP, "localhost" },
		{ "https://[::1]:443/v2/", URL_HTTPS, "::1" },
		{ "http://h?next=http://other/", URL_HTTP, "h" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct url url;

		assert_int_equal(url_parse(rows[i].text, &url, NULL), 0);
		assert_int_equal(url.scheme, rows[i].scheme);
		assert_string_equal(url.host, rows[i].host);
	}
}

static void what_could_mislead_is_no_url(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"file:///etc/passwd",
		"ftp://h/",
		"//h/",
		"https:///path",
		"https://user@h/",
		"https://h:80:90/",
		"https://h:x/",
		"https://h/ path",
		"https://h/\r\nHost: x",
		"https://h\\@other/",
		"https://[::1/",
		"https://[::1]x/",
		"https://h/\x7f",
		"javascript:https://h/",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct url url = { .host = "kept" };
		struct err e = { 0 };

		assert_int_equal(url_parse(bad[i], &url, &e), -EINVAL);
		assert_string_equal(url.host, "kept");
		assert_non_null(strstr(e.msg, "URL '"));
	}
}

static void loopback_is_this_machine_and_nothing_else(void **state UNUSED)
{
	static const char *const yes[] = { "localhost", "a.localhost", "127.0.0.1",
					   "127.9.9.9", "::1",         "0:0:0:0:0:0:0:1" };
	static const char *const no[] = { "localhost.example.com",
					  "notlocalhost",
					  "128.0.0.1",
					  "127.0.0.1.example.com",
					  "0.0.0.0",
					  "::2",
					  "10.0.0.1",
					  "127.1x" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(host_is_loopback(yes[i]));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(host_is_loopback(no[i]));
}

static void query_values_are_encoded(void **state UNUSED)
{
	auto_(strbuf) struct strbuf url = { 0 };

	strbuf_adds(&url, "https://h/token");
	url_add_query(&url, "service", "a b&c=d");
	url_add_query(&url, "scope", "repository:x/y:pull,push#%");
	assert_string_equal(
		strbuf_str(&url),
		"https://h/token?service=a%20b%26c%3Dd&scope=repository:x/y:pull%2Cpush%23%25");
}

static void the_host_of_a_registry_may_have_a_port(void **state UNUSED)
{
	char host[URL_HOST_SIZE];

	assert_int_equal(url_split_host("Registry.example:5000", host, NULL), 0);
	assert_string_equal(host, "registry.example");
	assert_int_equal(url_split_host("[::1]:5000", host, NULL), 0);
	assert_string_equal(host, "::1");
	assert_int_equal(url_split_host(":5000", host, NULL), -EINVAL);
	assert_int_equal(url_split_host("h:", host, NULL), 0);
	assert_int_equal(url_split_host("h:50x", host, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_of_a_url_is_lower_case_and_bare),
		cmocka_unit_test(what_could_mislead_is_no_url),
		cmocka_unit_test(loopback_is_this_machine_and_nothing_else),
		cmocka_unit_test(query_values_are_encoded),
		cmocka_unit_test(the_host_of_a_registry_may_have_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
