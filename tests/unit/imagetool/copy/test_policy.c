/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ACCEPT "[{\"type\":\"insecureAcceptAnything\"}]"
#define REJECT "[{\"type\":\"reject\"}]"

static int parse(const char *text, const char *name, struct policy *ret, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	assert_int_equal(reference_parse(name, &ref, NULL), 0);
	return policy_parse("policy", text, strlen(text), &ref, ret, e);
}

static void the_longest_scope_counts(void **state UNUSED)
{
	static const char text[] = "{\"default\":" REJECT ",\"transports\":{\"docker\":{"
				   "\"a.test\":" ACCEPT ",\"a.test/no\":" REJECT
				   ",\"a.test/no/yes\":" ACCEPT ",\"a.test/no/yes:bad\":" REJECT
				   ",\"*.wild.test\":" ACCEPT ",\"b.test:5000/x\":" ACCEPT "}}}";
	static const struct {
		const char *name;
		bool accept;
	} rows[] = {
		{ "a.test/x:1", true },           { "a.test/no/x", false },
		{ "a.test/no/yes", true },        { "a.test/no/yes:bad", false },
		{ "a.test/nothing", true },       { "aa.test/x", false },
		{ "x.wild.test/y", true },        { "x.y.wild.test:99/z", true },
		{ "wild.test/y", false },         { "b.test:5000/x/y", true },
		{ "b.test:5000/y", false },       { "b.test/x", false },
		{ "docker.io/library/x", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(policy) struct policy p = { 0 };

		assert_int_equal(parse(text, rows[i].name, &p, NULL), 0);
		assert_int_equal(p.n, 1);
		if ((p.rules[0].kind == POLICY_ACCEPT) != rows[i].accept)
			fail_msg("%s", rows[i].name);
	}
}

static void what_is_not_known_is_not_passed_over(void **state UNUSED)
{
	static const struct {
		const char *rules, *reason;
	} rows[] = {
		{ "[]", "no list" },
		{ "{}", "no list" },
		{ "[{}]", "no type" },
		{ "[{\"type\":\"x\"}]", "unknown requirement 'x'" },
		{ "[{\"type\":\"insecureAcceptAnything\"},{\"type\":\"x\"}]", "unknown" },
		{ "[{\"type\":\"signedBy\"}]", "GnuPG" },
		{ "[{\"type\":\"sigstoreSigned\"}]", "needs keyPath" },
		{ "[{\"type\":\"sigstoreSigned\",\"keyData\":\"x\"}]",
		  "'keyData' is not supported" },
		{ "[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/no/such\"}]", "open '/no/such'" },
		{ "[{\"type\":\"sigstoreSigned\",\"keyPaths\":[]}]", "no list of files" },
		{ "[{\"type\":\"sigstoreSigned\",\"keyPaths\":[1]}]", "no list of files" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *text = xasprintf("{\"default\":%s}", rows[i].rules);
		auto_(policy) struct policy p = { 0 };
		struct err e = { 0 };

		assert_true(parse(text, "x", &p, &e) < 0);
		if (!strstr(e.msg, rows[i].reason))
			fail_msg("%s: %s", rows[i].rules, e.msg);
	}
	for (size_t i = 0; i < 2; i++) {
		auto_(policy) struct policy p = { 0 };

		/* No default, no policy. */
		assert_true(parse(i ? "{}" : "[]", "x", &p, NULL) < 0);
	}
}

static void a_signed_name_stands_for_an_image_or_does_not(void **state UNUSED)
{
	static const struct {
		const char *image, *name;
		bool exact, repository;
	} rows[] = {
		{ "r.test/a:1", "r.test/a:1", true, true },
		{ "r.test/a:1", "r.test/a:2", false, true },
		{ "r.test/a:1", "r.test/a", false, true },
		{ "r.test/a:latest", "r.test/a", false, true },
		{ "r.test/a:1", "r.test/b:1", false, false },
		{ "r.test:5000/a:1", "r.test/a:1", false, false },
		{ "r.test:5000/a:1", "r.test:5000/a", false, true },
		{ "x:1", "docker.io/library/x:1", true, true },
		{ "r.test/a@sha256:"
		  "1111111111111111111111111111111111111111111111111111111111111111",
		  "r.test/a:7", true, true },
		{ "r.test/a:1", "", false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_rule exact = { .identity = POLICY_EXACT_OR_DIGEST };
		struct policy_rule repository = { .identity = POLICY_REPOSITORY };
		auto_(image_reference) struct image_reference ref = { 0 };

		assert_int_equal(reference_parse(rows[i].image, &ref, NULL), 0);
		assert_int_equal(policy_matches(&exact, &ref, rows[i].name), rows[i].exact);
		assert_int_equal(policy_matches(&repository, &ref, rows[i].name),
				 rows[i].repository);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_scope_counts),
		cmocka_unit_test(what_is_not_known_is_not_passed_over),
		cmocka_unit_test(a_signed_name_stands_for_an_image_or_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
