/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol between creel and creel-systemd. */
#include "runtime/systemd/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char good[] = "creel-systemd 1\n"
			   "start user 30000\n"
			   "unit creel-web.scope\n"
			   "property PIDs @au [4711]\n"
			   "optional OOMPolicy 'kill'\n"
			   "end\n";

static void what_is_written_is_read_again(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct arena a = { 0 };
	struct request req = { 0 };
	struct err e = { 0 };

	assert_int_equal(request_decode(good, &a, &req, &e), 0);
	assert_int_equal(req.verb, REQUEST_START);
	assert_int_equal(req.bus, REQUEST_USER);
	assert_int_equal(req.timeout_ms, 30000);
	assert_string_equal(req.unit, "creel-web.scope");
	assert_int_equal(req.n, 2);
	assert_string_equal(req.v[0].name, "PIDs");
	assert_string_equal(req.v[0].text, "@au [4711]");
	assert_false(req.v[0].optional);
	assert_true(req.v[1].optional);
	request_encode(&req, &out);
	assert_string_equal(strbuf_str(&out), good);
	arena_done(&a);
}

static void refuses(const char *text, const char *message)
{
	struct arena a = { 0 };
	struct request req = { 0 };
	struct err e = { 0 };

	assert_int_equal(request_decode(text, &a, &req, &e), -EPROTO);
	assert_string_equal(e.msg, message);
	assert_null(req.unit);
	arena_done(&a);
}

static void a_request_that_was_cut_short_is_refused(void **state UNUSED)
{
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		struct arena a = { 0 };
		struct request req = { 0 };
		autofree char *text = xstrndup(good, len);

		assert_int_equal(request_decode(text, &a, &req, NULL), -EPROTO);
		arena_done(&a);
	}
}

#define HEAD "creel-systemd 1\nstart system 1\nunit a.scope\n"

static void lines_that_mean_nothing_are_refused(void **state UNUSED)
{
	refuses("creel-systemd 2\n", "request, line 1: not 'creel-systemd 1': creel and its helper "
				     "are of different versions");
	refuses("creel-systemd 1\nreload system 1\n",
		"request, line 2: not a verb, a bus and a time limit");
	refuses("creel-systemd 1\nstart system 0\n",
		"request, line 2: not a verb, a bus and a time limit");
	refuses("creel-systemd 1\nstart system 600001\n",
		"request, line 2: not a verb, a bus and a time limit");
	refuses("creel-systemd 1\nstart other 1\n",
		"request, line 2: not a verb, a bus and a time limit");
	refuses("creel-systemd 1\nstop system 1\nunit ssh.service\n",
		"request, line 3: not the name of a scope");
	refuses("creel-systemd 1\nstop system 1\nunit a/b.scope\n",
		"request, line 3: not the name of a scope");
	refuses(HEAD "property Exec-Start 'x'\nend\n",
		"request, line 4: not the name of a property");
	refuses(HEAD "property CPUWeight \nend\n", "request, line 4: not the name of a property");
	refuses(HEAD "property CPUWeight\nend\n",
		"request, line 4: a property has a name and a value");
	refuses(HEAD "something\nend\n", "request, line 4: not a property");
	refuses(HEAD "end\nend\n", "request, line 4: more text after the end");
}

/* CRI-O's lesson: letters make the name of a property, and nothing else. */
static void names_of_properties_are_letters(void **state UNUSED)
{
	assert_true(property_name_ok("CPUWeight"));
	assert_false(property_name_ok(""));
	assert_false(property_name_ok("CP"));
	assert_false(property_name_ok("CPU Weight"));
	assert_false(property_name_ok("CPUWeight\n"));
	assert_false(property_name_ok("IPv4"));
	assert_false(property_name_ok("a.b"));
}

static void an_answer_brings_the_error_back(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 }, ok = { 0 };
	struct err none = { 0 }, e = { 0 };

	assert_int_equal(err_set(&e, EEXIST, "unit 'x' exists"), -EEXIST);
	answer_encode(&e, &out);
	assert_string_equal(strbuf_str(&out), "error 17 unit 'x' exists\n");
	e = none;
	assert_int_equal(answer_decode(strbuf_str(&out), &e), -EEXIST);
	assert_string_equal(e.msg, "unit 'x' exists");
	answer_encode(&none, &ok);
	assert_int_equal(answer_decode(strbuf_str(&ok), NULL), 0);
}

static void an_answer_that_is_none_is_an_error(void **state UNUSED)
{
	static const char *const bad[] = { "",
					   "ok",
					   "okay\n",
					   "error\n",
					   "error 0 x\n",
					   "error x y\n",
					   "error -1 x\n",
					   "error 99999 x\n" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(answer_decode(bad[i], NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_request_that_was_cut_short_is_refused),
		cmocka_unit_test(lines_that_mean_nothing_are_refused),
		cmocka_unit_test(names_of_properties_are_letters),
		cmocka_unit_test(an_answer_brings_the_error_back),
		cmocka_unit_test(an_answer_that_is_none_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
