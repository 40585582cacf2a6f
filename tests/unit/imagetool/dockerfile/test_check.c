/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* "RULE:first-last ..." of a file. */
static void findings_of(const char *text, const char *directive, struct strbuf *out)
{
	auto_(arena) struct arena a = { 0 };
	struct checks c = { .arena = &a };
	struct dockerfile f;
	struct err e = { 0 };

	if (dockerfile_parse(text, strlen(text), &a, &f, &e) < 0 ||
	    check_configure(&c, directive ? directive : f.check, &e) < 0)
		fail_msg("'%s': %s", text, e.msg);
	dockerfile_check(&c, &f);
	for (size_t i = 0; i < c.n; i++)
		strbuf_addf(out, "%s%s:%u-%u", i ? " " : "", check_name(c.items[i].rule),
			    c.items[i].first_line, c.items[i].last_line);
}

static void each_rule_finds_its_mistake_and_leaves_its_cure_alone(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "FROM a AS Build", "StageNameCasing:1-1" },
		{ "FROM a AS build-1", "" },
		{ "FROM a as b", "FromAsCasing:1-1" },
		{ "from a as b", "" },
		{ "FROM a\nRUN b \\\n\n c", "NoEmptyContinuation:2-4" },
		{ "FROM a\nRun b\nRUN c", "ConsistentInstructionCasing:2-2" },
		{ "from a\nrun b\nRUN c", "ConsistentInstructionCasing:3-3" },
		{ "FROM a AS b\nFROM c AS B", "StageNameCasing:2-2 DuplicateStageName:2-2" },
		{ "FROM a AS scratch", "ReservedStageName:1-1" },
		{ "FROM a AS context", "ReservedStageName:1-1" },
		{ "FROM a\nMAINTAINER b", "MaintainerDeprecated:2-2" },
		{ "FROM --platform=$TARGETPLATFORM a", "RedundantTargetPlatform:1-1" },
		{ "FROM --platform=linux/amd64 a", "FromPlatformFlagConstDisallowed:1-1" },
		{ "FROM --platform=$BUILDPLATFORM a", "" },
		{ "FROM --platform=${TARGETPLATFORM:-x} a", "RedundantTargetPlatform:1-1" },
		{ "FROM --platform=${TARGETPLATFORM:+x} a", "" },
		{ "FROM --platform=linux/x86_64 a AS amd64", "" },
		{ "FROM --platform=arm64 a AS for-linux", "" },
		{ "FROM --platform=linux/arm64 a AS amd64", "FromPlatformFlagConstDisallowed:1-1" },
		{ "arg a\nFROM b\nRUN c", "" },
		{ "FROM a AS Scratch", "StageNameCasing:1-1 ReservedStageName:1-1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(strbuf) struct strbuf out = { 0 };

		findings_of(rows[i].text, NULL, &out);
		if (!streq(strbuf_str(&out), rows[i].want))
			fail_msg("'%s': '%s' instead of '%s'", rows[i].text, strbuf_str(&out),
				 rows[i].want);
	}
}

static void the_directive_skips_rules_and_asks_for_experimental_ones(void **state UNUSED)
{
	static const char text[] = "# b does it\nARG b\nFROM a AS B\nMAINTAINER c";
	static const char odd[] = "# what\nARG b\nFROM a";
	static const struct {
		const char *text, *directive, *want;
	} rows[] = {
		{ text, "skip=all", "" },
		{ text, "skip=stagenamecasing", "MaintainerDeprecated:4-4" },
		{ text, " skip = StageNameCasing , MaintainerDeprecated ; error = true ", "" },
		{ text, "experimental=all", "StageNameCasing:3-3 MaintainerDeprecated:4-4" },
		{ text, "skip=OfTheFuture,StageNameCasing", "MaintainerDeprecated:4-4" },
		{ odd, "", "" },
		{ odd, "experimental=InvalidDefinitionDescription",
		  "InvalidDefinitionDescription:2-2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(strbuf) struct strbuf out = { 0 };

		findings_of(rows[i].text, rows[i].directive, &out);
		assert_string_equal(strbuf_str(&out), rows[i].want);
	}
}

static void a_directive_that_is_none_is_an_error(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "zap",
		  "check: 'zap' is no order for checks: there are skip=RULES|all, error=true|false and "
		  "experimental=RULES|all" },
		{ "error=maybe",
		  "check: 'error=maybe' is no order for checks: there are skip=RULES|all, "
		  "error=true|false and experimental=RULES|all" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct checks c = { 0 };
		struct err e = { 0 };

		assert_int_equal(check_configure(&c, rows[i].text, &e), -EINVAL);
		assert_string_equal(e.msg, rows[i].want);
	}
}

static void a_place_is_shown_with_the_lines_around_it(void **state UNUSED)
{
	static const char text[] = "one\ntwo\nthree\nfour\x1b[2J\nfive\nsix\nseven\n";
	auto_(strbuf) struct strbuf out = { 0 };

	source_excerpt(&out, "Dockerfile", text, strlen(text), 4, 5);
	assert_string_equal(strbuf_str(&out), "Dockerfile:4\n"
					      "--------------------\n"
					      "   2 |     two\n"
					      "   3 |     three\n"
					      "   4 | >>> four\\x1b[2J\n"
					      "   5 | >>> five\n"
					      "   6 |     six\n"
					      "   7 |     seven\n"
					      "--------------------\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_finds_its_mistake_and_leaves_its_cure_alone),
		cmocka_unit_test(the_directive_skips_rules_and_asks_for_experimental_ones),
		cmocka_unit_test(a_directive_that_is_none_is_an_error),
		cmocka_unit_test(a_place_is_shown_with_the_lines_around_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
