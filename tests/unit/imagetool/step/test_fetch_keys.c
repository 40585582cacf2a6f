/* SPDX-License-Identifier: Apache-2.0 */
/* Which secret opens which server. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imagetool/step/fetch_keys.h"
#include "libutil/alloc.h"

#define SECRET(id, text)                                                                           \
	{                                                                                          \
		id, text, sizeof(text) - 1                                                         \
	}

static const struct run_secret secrets[] = {
	SECRET("GIT_AUTH_TOKEN", "t"),
	SECRET("GIT_AUTH_HEADER.one.example", "Basic one\n"),
	SECRET("GIT_AUTH_TOKEN.one.example", "unused"),
	SECRET("GIT_AUTH_TOKEN.two.example:8080", "two\n"),
	SECRET("HTTP_AUTH_TOKEN_one.example", "one"),
	SECRET("HTTP_AUTH_HEADER_one.example", "unused"),
	SECRET("HTTP_AUTH_HEADER_two.example", "Digest x"),
	SECRET("HTTP_AUTH_HEADER_::1", "six"),
	SECRET("HTTP_AUTH_TOKEN_bad.example", "a\nX-Other: b"),
};
static const struct fetch_keys keys = { secrets, ARRAY_LEN(secrets), NULL, 0 };

static void a_file_gets_its_hosts_header(void **state UNUSED)
{
	static const struct {
		const char *url, *want;
	} rows[] = {
		{ "https://one.example/f", "Bearer one" },
		{ "http://one.example:81/f", "Bearer one" },
		{ "https://two.example?x@one.example/", "Digest x" },
		{ "http://[::1]:80/f", "six" },
		{ "https://three.example/one.example", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = NULL;

		assert_int_equal(fetch_keys_http(&keys, rows[i].url, &got, NULL), 0);
		if (!rows[i].want != !got || (got && !streq(got, rows[i].want)))
			fail_msg("%s: %s", rows[i].url, got ? got : "none");
	}
}

static void a_repository_gets_its_hosts_secret(void **state UNUSED)
{
	static const struct {
		const char *url, *want;
		bool is_token;
	} rows[] = {
		{ "https://one.example/x.git", "Basic one", false },
		{ "https://u@one.example/x.git", "Basic one", false },
		{ "http://two.example:8080/x.git", "two", true },
		{ "https://two.example/x.git", "t", true },
		{ "https://one.example.evil/x.git", "t", true },
		{ "git@one.example:x.git", NULL, false },
		{ "ssh://one.example/x.git", NULL, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(fetch_git_key) struct fetch_git_key got = { 0 };

		assert_int_equal(fetch_keys_git(&keys, rows[i].url, &got, NULL), 0);
		if (!rows[i].want != !got.text || (got.text && !streq(got.text, rows[i].want)) ||
		    got.is_token != rows[i].is_token)
			fail_msg("%s: %s", rows[i].url, got.text ? got.text : "none");
	}
}

static void a_secret_brings_no_header_of_its_own(void **state UNUSED)
{
	autofree char *got = NULL;
	struct err e = { 0 };

	assert_int_equal(fetch_keys_http(&keys, "https://bad.example/", &got, &e), -EINVAL);
	assert_null(got);
	assert_string_equal(e.msg, "secret 'HTTP_AUTH_TOKEN_bad.example' has control characters: "
				   "no header can hold them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_its_hosts_header),
		cmocka_unit_test(a_repository_gets_its_hosts_secret),
		cmocka_unit_test(a_secret_brings_no_header_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
