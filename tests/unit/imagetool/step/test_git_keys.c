/* SPDX-License-Identifier: Apache-2.0 */
/* What the program git is told of names and passwords. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imagetool/step/git_keys.h"
#include "libutil/alloc.h"

#define SSH                                                                                        \
	"GIT_SSH_COMMAND=ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=60 "                  \
	"-o ServerAliveInterval=20 -o ServerAliveCountMax=3"
#define HELPER                                                                                     \
	"GIT_CONFIG_VALUE_0=!f() { printf 'username=%s\\npassword=%s\\n' \"$CREEL_GIT_USER\" "     \
	"\"$CREEL_GIT_PASSWORD\"; }; f"

static const struct run_secret token = { "GIT_AUTH_TOKEN", "t", 1 };
static const struct run_secret header = { "GIT_AUTH_HEADER", "Bearer b", 8 };

static void an_argument_has_no_password(void **state UNUSED)
{
	static const struct {
		const char *url, *want;
	} rows[] = {
		{ "https://u:p@h/r.git", "https://h/r.git" },
		{ "https://token@h:80/r.git", "https://h:80/r.git" },
		{ "https://u:p@q@h/a@b", "https://h/a@b" },
		{ "https://h/a@b", "https://h/a@b" },
		{ "ssh://git@h/r", "ssh://git@h/r" },
		{ "ssh://git:p@h/r", "ssh://git@h/r" },
		{ "git://u:p@h/r", "git://u@h/r" },
		{ "ssh://:p@h/r", "ssh://h/r" },
		{ "git@h:r", "git@h:r" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = git_keys_plain_url(rows[i].url);

		assert_string_equal(got, rows[i].want);
	}
}

static void check(const struct fetch_keys *k, const char *url, const char *const *want)
{
	auto_(strv) struct strv env = { 0 };
	struct err e = { 0 };

	if (git_keys_environment(k, url, &env, &e) < 0)
		fail_msg("%s: %s", url, e.msg);
	for (size_t i = 0; i < env.n; i++)
		assert_string_equal(env.v[i], want[i] ? want[i] : "(nothing more)");
	assert_null(want[env.n]);
}
#define CHECK(k, url, ...) check((k), (url), (const char *const[]){ __VA_ARGS__, NULL })

static void a_login_is_for_its_server_alone(void **state UNUSED)
{
	const struct fetch_keys keys = { &token, 1, NULL, 0 };

	CHECK(NULL, "https://u:p%40%2fq@h:80/r.git", SSH, "GIT_CONFIG_COUNT=1",
	      "GIT_CONFIG_KEY_0=credential.https://h:80/.helper", HELPER, "CREEL_GIT_USER=u",
	      "CREEL_GIT_PASSWORD=p@/q");
	CHECK(NULL, "https://token@h/r.git", SSH, "GIT_CONFIG_COUNT=1",
	      "GIT_CONFIG_KEY_0=credential.https://h/.helper", HELPER, "CREEL_GIT_USER=token",
	      "CREEL_GIT_PASSWORD=");
	CHECK(&keys, "https://u:p@h/r.git", SSH, "GIT_CONFIG_COUNT=1",
	      "GIT_CONFIG_KEY_0=credential.https://h/r.git.helper", HELPER,
	      "CREEL_GIT_USER=x-access-token", "CREEL_GIT_PASSWORD=t");
	CHECK(&keys, "https://github.com/a/b.git", SSH, "GIT_CONFIG_COUNT=1",
	      "GIT_CONFIG_KEY_0=credential.https://github.com/.helper", HELPER,
	      "CREEL_GIT_USER=x-access-token", "CREEL_GIT_PASSWORD=t");
}

static void a_header_is_led_nowhere_else(void **state UNUSED)
{
	const struct fetch_keys keys = { &header, 1, NULL, 0 };

	CHECK(&keys, "https://u@h/r.git", SSH, "GIT_CONFIG_COUNT=2",
	      "GIT_CONFIG_KEY_0=http.https://h/r.git.extraheader",
	      "GIT_CONFIG_VALUE_0=Authorization: Bearer b", "GIT_CONFIG_KEY_1=http.followRedirects",
	      "GIT_CONFIG_VALUE_1=false");
}

static void a_password_is_one_line(void **state UNUSED)
{
	auto_(strv) struct strv env = { 0 };
	struct err e = { 0 };

	assert_int_equal(git_keys_environment(NULL, "https://u:p%0ahost=x@h/r.git", &env, &e),
			 -EINVAL);
	assert_string_equal(e.msg, "name or password in the URL has control characters");
}

static void ssh_gets_an_agent_or_keys(void **state UNUSED)
{
	static const char *const files[] = { "/k e'y", "/other" };
	const struct run_ssh ssh[] = { { .id = "other", .socket = "/no" },
				       { .id = "default", .keys = files, .n_keys = 2 } };
	const struct run_ssh agent = { .id = "default", .socket = "/agent" };
	const struct fetch_keys with_keys = { NULL, 0, ssh, 2 };
	const struct fetch_keys with_agent = { NULL, 0, &agent, 1 };

	CHECK(&with_keys, "git@h:x", SSH " -o IdentitiesOnly=yes -i '/k e'\\''y' -i '/other'");
	CHECK(&with_agent, "git@h:x", SSH, "SSH_AUTH_SOCK=/agent");
	CHECK(NULL, "https://h/x.git", SSH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_argument_has_no_password),
		cmocka_unit_test(a_login_is_for_its_server_alone),
		cmocka_unit_test(a_header_is_led_nowhere_else),
		cmocka_unit_test(a_password_is_one_line),
		cmocka_unit_test(ssh_gets_an_agent_or_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
