/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/challenge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/strbuf.h"

/* What a list looks like as text: "Scheme(name=value;name=value)". */
static void describe(const struct challenges *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct challenge *c = &list->items[i];

		strbuf_addf(out, "%s(", c->scheme);
		for (size_t p = 0; p < c->n_params; p++)
			strbuf_addf(out, "%s%s=%s", p ? ";" : "", c->params[p].name,
				    c->params[p].value);
		strbuf_addc(out, ')');
	}
}

static void what_registries_send_is_understood(void **state UNUSED)
{
	static const struct {
		const char *header, *want;
	} rows[] = {
		{ "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
		  "scope=\"repository:library/alpine:pull\"",
		  "Bearer(realm=https://auth.docker.io/token;service=registry.docker.io;scope="
		  "repository:library/alpine:pull)" },
		{ "Basic realm=\"Registry Realm\"", "Basic(realm=Registry Realm)" },
		{ "bearer realm = \"https://x\" , service = y",
		  "bearer(realm=https://x;service=y)" },
		{ "Basic realm=a, Bearer realm=b,scope=c",
		  "Basic(realm=a)Bearer(realm=b;scope=c)" },
		{ "Negotiate, Basic realm=\"x\"", "Negotiate()Basic(realm=x)" },
		{ "Negotiate YII=, Bearer realm=x", "Negotiate()Bearer(realm=x)" },
		{ "Bearer scope=\"a,b c\\\"d\\\\\"", "Bearer(scope=a,b c\"d\\)" },
		{ "Bearer realm=\"\",service=", "Bearer(realm=;service=)" },
		{ ",, Bearer realm=x,,service=y,", "Bearer(realm=x;service=y)" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		auto_(strbuf) struct strbuf got = { 0 };
		struct challenges list = { .n = 0 };

		assert_int_equal(challenge_parse(rows[i].header, &a, &list, NULL), 0);
		describe(&list, &got);
		assert_string_equal(strbuf_str(&got), rows[i].want);
	}
}

static void nonsense_is_refused_and_changes_nothing(void **state UNUSED)
{
	static const char *const bad[] = {
		"realm=\"x\"",           "Bearer realm=\"x",   "Bearer realm=\"x\\", "=x",
		"Bearer realm=x; other", "\"Bearer\" realm=x", "Bearer realm=x, =y", "\x80",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(arena) struct arena a = { 0 };
		struct challenges list = { .n = 0 };
		struct err e = { 0 };

		assert_int_equal(challenge_parse("Basic realm=kept", &a, &list, &e), 0);
		assert_int_equal(challenge_parse(bad[i], &a, &list, &e), -EINVAL);
		assert_int_equal(list.n, 1);
		assert_int_equal(list.items[0].n_params, 1);
		assert_non_null(strstr(e.msg, "challenge: "));
	}
}

static void counts_and_lengths_are_bounded(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf params = { 0 }, schemes = { 0 }, text = { 0 };
	struct challenges list = { .n = 0 };

	strbuf_adds(&params, "Bearer ");
	for (int i = 0; i <= CHALLENGE_PARAMS; i++)
		strbuf_addf(&params, "p%d=x,", i);
	for (int i = 0; i <= CHALLENGES_MAX; i++)
		strbuf_addf(&schemes, "S%d p=x,", i);
	while (text.len <= CHALLENGE_TEXT_MAX)
		strbuf_adds(&text, ",,,,,,,,,,,,,,,,");
	assert_int_equal(challenge_parse(strbuf_str(&params), &a, &list, NULL), -E2BIG);
	assert_int_equal(challenge_parse(strbuf_str(&schemes), &a, &list, NULL), -E2BIG);
	assert_int_equal(challenge_parse(strbuf_str(&text), &a, &list, NULL), -E2BIG);
	assert_int_equal(list.n, 0);
}

static void schemes_and_names_are_found_without_case(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct challenges list = { .n = 0 };
	const struct challenge *c;

	assert_int_equal(challenge_parse("Basic realm=a", &a, &list, NULL), 0);
	assert_int_equal(challenge_parse("BEARER Realm=b,realm=c", &a, &list, NULL), 0);
	c = challenge_find(&list, "Bearer");
	assert_non_null(c);
	assert_string_equal(challenge_get(c, "realm"), "b");
	assert_null(challenge_get(c, "service"));
	assert_null(challenge_find(&list, "Digest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_registries_send_is_understood),
		cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
		cmocka_unit_test(counts_and_lengths_are_bounded),
		cmocka_unit_test(schemes_and_names_are_found_without_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
