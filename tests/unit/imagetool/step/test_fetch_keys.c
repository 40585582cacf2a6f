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

typedef int header_fn(const struct fetch_keys *k, const char *url, char **ret, struct err *e);

static void a_host_has_its_own_secret(void **state)
{
	static const struct {
		header_fn *fn;
		const char *url, *want;
	} rows[] = {
		{ fetch_keys_git, "https://one.example/x.git", "Basic one" },
		{ fetch_keys_git, "https://u@one.example/x.git", "Basic one" },
		/* x-access-token:two, x-access-token:t */
		{ fetch_keys_git, "http://two.example:8080/x.git",
		  "basic eC1hY2Nlc3MtdG9rZW46dHdv" },
		{ fetch_keys_git, "https://two.example/x.git", "basic eC1hY2Nlc3MtdG9rZW46dA==" },
		{ fetch_keys_git, "https://one.example.evil/x.git",
		  "basic eC1hY2Nlc3MtdG9rZW46dA==" },
		{ fetch_keys_git, "git@one.example:x.git", NULL },
		{ fetch_keys_git, "ssh://one.example/x.git", NULL },
		{ fetch_keys_http, "https://one.example/f", "Bearer one" },
		{ fetch_keys_http, "http://one.example:81/f", "Bearer one" },
		{ fetch_keys_http, "https://two.example?x@one.example/", "Digest x" },
		{ fetch_keys_http, "http://[::1]:80/f", "six" },
		{ fetch_keys_http, "https://three.example/one.example", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = NULL;
		struct err e = { 0 };

		if (rows[i].fn(&keys, rows[i].url, &got, &e) < 0)
			fail_msg("%s: %s", rows[i].url, e.msg);
		if (!rows[i].want != !got || (got && !streq(got, rows[i].want)))
			fail_msg("%s: %s", rows[i].url, got ? got : "none");
	}
}

static void a_secret_brings_no_header_of_its_own(void **state)
{
	autofree char *got = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(fetch_keys_http(&keys, "https://bad.example/", &got, &e), -EINVAL);
	assert_null(got);
	assert_string_equal(e.msg, "secret 'HTTP_AUTH_TOKEN_bad.example' has control characters: "
				   "no header can hold them");
}

static void git_is_told_by_its_environment(void **state)
{
	static const char *const files[] = { "/k e'y", "/other" };
	const struct run_ssh ssh[] = { { .id = "other", .socket = "/no" },
				       { .id = "default", .keys = files, .n_keys = 2 } };
	const struct run_ssh agent = { .id = "default", .socket = "/agent" };
	const struct fetch_keys with_keys = { secrets, 1, ssh, 2 };
	const struct fetch_keys with_agent = { NULL, 0, &agent, 1 };
	static const char *const want[] = {
		"GIT_SSH_COMMAND=ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes "
		"-i '/k e'\\''y' -i '/other'",
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=http.https://github.com/.extraheader",
		"GIT_CONFIG_VALUE_0=Authorization: basic eC1hY2Nlc3MtdG9rZW46dA==",
		"GIT_SSH_COMMAND=ssh -F /dev/null -o BatchMode=yes",
		"SSH_AUTH_SOCK=/agent",
		"GIT_SSH_COMMAND=ssh -F /dev/null -o BatchMode=yes",
	};
	auto_(strv) struct strv env = { 0 };

	(void)state;
	assert_int_equal(
		fetch_keys_environment(&with_keys, "https://github.com/a/b.git", &env, NULL), 0);
	assert_int_equal(fetch_keys_environment(&with_agent, "git@h:x", &env, NULL), 0);
	assert_int_equal(fetch_keys_environment(NULL, "https://h/x.git", &env, NULL), 0);
	assert_int_equal(env.n, ARRAY_LEN(want));
	for (size_t i = 0; i < env.n; i++)
		assert_string_equal(env.v[i], want[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_has_its_own_secret),
		cmocka_unit_test(a_secret_brings_no_header_of_its_own),
		cmocka_unit_test(git_is_told_by_its_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
