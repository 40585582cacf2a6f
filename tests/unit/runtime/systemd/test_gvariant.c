/* SPDX-License-Identifier: Apache-2.0 */
/* Values of unit properties as text; what is read is written out as "type value". */
#include "runtime/systemd/gvariant.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void write_value(const struct gvariant *v, struct strbuf *out)
{
	switch (v->kind) {
	case GVARIANT_BOOL:
		strbuf_adds(out, v->b ? "true" : "false");
		return;
	case GVARIANT_INT:
		if (gvariant_is_signed(*v->type))
			strbuf_addf(out, "%" PRId64, v->i);
		else
			strbuf_addf(out, "%" PRIu64, v->u);
		return;
	case GVARIANT_REAL:
		strbuf_addf(out, "%g", v->real);
		return;
	case GVARIANT_STRING:
		gvariant_quote(out, v->text);
		return;
	case GVARIANT_ARRAY:
	case GVARIANT_TUPLE:
		break;
	}
	strbuf_addc(out, '{');
	for (size_t i = 0; i < v->n; i++) {
		strbuf_adds(out, i ? " " : "");
		write_value(&v->items[i], out);
	}
	strbuf_addc(out, '}');
}

static void reads(const char *text, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct gvariant *v = NULL;
	struct arena a = { 0 };
	struct err e = { 0 };
	int r = gvariant_parse(text, &a, &v, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
	strbuf_addf(&out, "%s ", v->type);
	write_value(v, &out);
	assert_string_equal(strbuf_str(&out), want);
	arena_done(&a);
}

static void refuses(const char *text, const char *message)
{
	struct gvariant *v = NULL;
	struct arena a = { 0 };
	struct err e = { 0 };

	assert_int_equal(gvariant_parse(text, &a, &v, &e), -EINVAL);
	assert_string_equal(e.msg, message);
	assert_null(v);
	arena_done(&a);
}

static void words_numbers_and_texts_have_their_usual_types(void **state UNUSED)
{
	reads("true", "b true");
	reads(" false ", "b false");
	reads("42", "i 42");
	reads("-0x10", "i -16");
	reads("1.5", "d 1.5");
	reads("-2e3", "d -2000");
	reads("'text'", "s 'text'");
	reads("\"it's\"", "s 'it\\'s'");
	reads("'\\u00e9\\U0001F600'", "s 'é😀'");
	reads("''", "s ''");
}

static void a_type_in_front_decides(void **state UNUSED)
{
	reads("uint64 18446744073709551615", "t 18446744073709551615");
	reads("int64 -9223372036854775808", "x -9223372036854775808");
	reads("byte 255", "y 255");
	reads("double 3", "d 3");
	reads("objectpath '/org/x'", "o '/org/x'");
	reads("@t 5", "t 5");
	reads("@as []", "as {}");
	reads("@a(st) [('/dev/sda', 5)]", "a(st) {{'/dev/sda' 5}}");
	reads("uint32 uint32 1", "u 1");
}

static void items_of_an_array_share_the_type_one_of_them_has(void **state UNUSED)
{
	reads("[1, uint64 2, 3]", "at {1 2 3}");
	reads("[1, 2.5]", "ad {1 2.5}");
	reads("['a', 'b']", "as {'a' 'b'}");
	reads("[('/dev/null', 'rw'), ('char-pts', 'rwm')]",
	      "a(ss) {{'/dev/null' 'rw'} {'char-pts' 'rwm'}}");
	reads("[('a', 1), ('b', uint16 2)]", "a(sq) {{'a' 1} {'b' 2}}");
	reads("(true, ['x'], 7)", "(basi) {true {'x'} 7}");
	reads("(5,)", "(i) {5}");
}

static void values_of_another_type_are_refused(void **state UNUSED)
{
	refuses("uint32 'x'", "column 11: a value is not of its type");
	refuses("[1, 'x']", "column 9: the items of an array are of different types");
	refuses("[uint32 1, uint64 1]", "column 21: the items of an array are of different types");
	refuses("@as [1]", "column 8: a value is not of its type");
	refuses("@(ss) ('a',)", "column 13: a value is not of its type");
	refuses("@(s) ('a', 'b')", "column 16: a value is not of its type");
	refuses("@t uint32 1", "column 12: a value is not of its type");
	refuses("boolean 1", "column 10: a value is not of its type");
	refuses("objectpath 'x'", "column 15: a value is not of its type");
	refuses("uint32 1.5", "column 11: a value is not of its type");
	refuses("[]", "column 3: an empty array needs its type in front, as in '@as []'");
}

static void numbers_keep_to_the_range_of_their_type(void **state UNUSED)
{
	static const char message[] = "a number is out of the range of its type";
	static const char *const bad[] = {
		"byte 256",
		"int16 32768",
		"int16 -32769",
		"uint16 65536",
		"2147483648",
		"-2147483649",
		"uint32 -1",
		"uint32 4294967296",
		"uint64 -1",
		"int64 9223372036854775808",
		"uint64 18446744073709551616",
		"double 1e999",
	};

	reads("int16 -32768", "n -32768");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct gvariant *v = NULL;
		struct arena a = { 0 };
		struct err e = { 0 };

		assert_int_equal(gvariant_parse(bad[i], &a, &v, &e), -EINVAL);
		assert_non_null(strstr(e.msg, message));
		arena_done(&a);
	}
}

static void a_text_cannot_smuggle_lines(void **state UNUSED)
{
	refuses("'a\nb'", "column 6: control characters are not allowed");
	refuses("'a\\nb'", "column 4: unknown escape");
	refuses("'\\u000a'", "column 9: control characters are not allowed");
	refuses("'\\u0000'", "column 9: control characters are not allowed");
	refuses("'\\ud800'", "column 9: not UTF-8");
	refuses("'\xff'", "column 4: not UTF-8");
	refuses("'open", "column 6: the string does not end");
}

static void what_is_not_a_value_is_refused_where_it_stands(void **state UNUSED)
{
	refuses("", "column 1: not a value");
	refuses("010", "column 1: octal numbers are not understood");
	refuses("1 2", "column 3: more text after the value");
	refuses("[1 2]", "column 4: ',' or the closing bracket is missing");
	refuses("[1,]", "column 4: an item is missing");
	refuses("(1)", "column 4: not a tuple");
	refuses("()", "column 3: not a tuple");
	refuses("{'a': 1}", "column 1: not a value");
	refuses("<1>", "column 1: not a value");
	refuses("just 1", "column 1: not a value");
	refuses("@a{sv} []", "column 2: '@' wants a type that systemd's properties can have");
	refuses("0x", "column 3: a value is not of its type");
	refuses("1e", "column 3: a value is not of its type");
	refuses("--1", "column 4: a value is not of its type");
	refuses("[[[[[[[[[1]]]]]]]]]", "column 9: nested too deeply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_numbers_and_texts_have_their_usual_types),
		cmocka_unit_test(a_type_in_front_decides),
		cmocka_unit_test(items_of_an_array_share_the_type_one_of_them_has),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(numbers_keep_to_the_range_of_their_type),
		cmocka_unit_test(a_text_cannot_smuggle_lines),
		cmocka_unit_test(what_is_not_a_value_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
