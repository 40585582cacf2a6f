/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/toml.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/strbuf.h"

static int note(void *ctx, const char *key, const struct toml_value *v, struct err *e UNUSED)
{
	struct strbuf *out = ctx;

	switch (v->kind) {
	case TOML_STRING:
		strbuf_addf(out, "%s=<%s>;", key, v->string);
		break;
	case TOML_INTEGER:
		strbuf_addf(out, "%s=%" PRId64 ";", key, v->integer);
		break;
	case TOML_BOOLEAN:
		strbuf_addf(out, "%s=%s;", key, v->boolean ? "yes" : "no");
		break;
	}
	return 0;
}

static void check(const char *text, const char *want)
{
	auto_(strbuf) struct strbuf got = { 0 };
	struct err e = { 0 };

	if (toml_read("o", text, strlen(text), note, &got, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(strbuf_str(&got), want);
}

static void check_refused(const char *text, const char *why)
{
	auto_(strbuf) struct strbuf got = { 0 };
	struct err e = { 0 };

	assert_int_equal(toml_read("o", text, strlen(text), note, &got, &e), -EINVAL);
	assert_string_equal(e.msg, why);
}

static void nothing_is_a_document(void **state UNUSED)
{
	check("", "");
	check("\n  # only words\r\n\n", "");
}

static void pairs_are_read(void **state UNUSED)
{
	check("A = \"x\"\nb-c='y # z' # w\n \"d e\"\t=true\r\nF=false",
	      "A=<x>;b-c=<y # z>;d e=yes;F=no;");
}

static void whole_numbers_are_read(void **state UNUSED)
{
	check("a=0\nb=-17\nc=+1_000\nd=9223372036854775807",
	      "a=0;b=-17;c=1000;d=9223372036854775807;");
}

static void escapes_are_those_of_the_language(void **state UNUSED)
{
	check("a=\"\\t\\\"\\\\\\u00e9\\U0001F600\"", "a=<\t\"\\\xc3\xa9\xf0\x9f\x98\x80>;");
	check("a='\\t'", "a=<\\t>;");
}

static void what_is_not_read_is_named(void **state UNUSED)
{
	check_refused("a=1\n[b]\n",
		      "o: line 2: tables are not read here: options stand at the top");
	check_refused("a=[1]",
		      "o: line 1: a value is a string, a whole number, true or false, not '[1]'");
	check_refused("a=1.5",
		      "o: line 1: a value is a string, a whole number, true or false, not '1.5'");
	check_refused("a=0x10",
		      "o: line 1: a value is a string, a whole number, true or false, not '0x10'");
	check_refused("a=\"\"\"x\"\"\"", "o: line 1: texts over several lines are not read here");
	check_refused("a.b=1", "o: line 1: '=' is expected after the key, not '.b=1'");
}

static void broken_lines_are_refused(void **state UNUSED)
{
	check_refused("a", "o: line 1: '=' is expected after the key, not ''");
	check_refused("=1", "o: line 1: a key is expected, not '=1'");
	check_refused("a=\"x", "o: line 1: the string has no end");
	check_refused("a=\"\\x\"",
		      "o: line 1: after '\\' stands one of b t n f r \" \\ u U, not 'x\"'");
	check_refused("a=\"\\u00g0\"", "o: line 1: a hexadecimal digit is expected, not 'g0\"'");
	check_refused("a=\"\\uD800\"", "o: line 1: U+D800 cannot stand in a string");
	check_refused("a=\"\\u0000\"", "o: line 1: U+0000 cannot stand in a string");
	check_refused("a=1 b=2", "o: line 1: the line ends here, not 'b=2'");
	check_refused("a=1__0",
		      "o: line 1: a value is a string, a whole number, true or false, not '1__0'");
	check_refused("a=01",
		      "o: line 1: a value is a string, a whole number, true or false, not '01'");
	check_refused("a=\xff", "o: is no text in UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_a_document),
		cmocka_unit_test(pairs_are_read),
		cmocka_unit_test(whole_numbers_are_read),
		cmocka_unit_test(escapes_are_those_of_the_language),
		cmocka_unit_test(what_is_not_read_is_named),
		cmocka_unit_test(broken_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
