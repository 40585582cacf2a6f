/* SPDX-License-Identifier: Apache-2.0 */
/* Examples marked so are those of the TOML 1.0 specification's sections. */
#include "libutil/toml.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/strbuf.h"

static void show(const struct toml *t, struct strbuf *out)
{
	switch (t->kind) {
	case TOML_STRING:
		strbuf_addf(out, "<%s>", t->string);
		break;
	case TOML_INTEGER:
		strbuf_addf(out, "%" PRId64, t->integer);
		break;
	case TOML_FLOAT:
		strbuf_addf(out, "%gf", t->real);
		break;
	case TOML_BOOLEAN:
		strbuf_adds(out, t->boolean ? "yes" : "no");
		break;
	case TOML_TIME:
		strbuf_addf(out, "@%s", t->string);
		break;
	case TOML_ARRAY:
	case TOML_TABLE:
		strbuf_addc(out, t->kind == TOML_ARRAY ? '[' : '{');
		for (const struct toml *v = t->first; v; v = v->next) {
			if (t->kind == TOML_TABLE)
				strbuf_addf(out, "%s=", v->key);
			show(v, out);
			strbuf_adds(out, v->next ? " " : "");
		}
		strbuf_addc(out, t->kind == TOML_ARRAY ? ']' : '}');
		break;
	}
}

static void check(const char *text, const char *want)
{
	auto_(strbuf) struct strbuf got = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;
	struct err e = { 0 };

	if (toml_parse("o", text, strlen(text), &a, &doc, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	show(doc, &got);
	assert_string_equal(strbuf_str(&got), want);
}

static void check_refused(const char *text, const char *why)
{
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;
	struct err e = { 0 };

	if (toml_parse("o", text, strlen(text), &a, &doc, &e) >= 0)
		fail_msg("'%s' is taken", text);
	assert_null(doc);
	assert_string_equal(e.msg, why);
}

/* Any reason will do. */
static void check_bad(const char *text)
{
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;
	struct err e = { 0 };

	if (toml_parse("o", text, strlen(text), &a, &doc, &e) >= 0)
		fail_msg("'%s' is taken", text);
	assert_int_not_equal(e.code, 0);
}

static void nothing_is_a_document(void **state UNUSED)
{
	check("", "{}");
	check("\n  # only words\r\n\n", "{}");
	check("\xef\xbb\xbf# a mark before it\n", "{}");
}

static void pairs_are_read(void **state UNUSED)
{
	check("A = \"x\"\nb-c='y # z' # w\n \"d e\"\t=true\r\nF=false",
	      "{A=<x> b-c=<y # z> d e=yes F=no}");
	/* Keys: "1234 = ...", quoted ones, and the empty one. */
	check("1234 = 'a'\n\"127.0.0.1\" = 'b'\n'quoted \"v\"' = 'c'\n\"\" = 'd'",
	      "{1234=<a> 127.0.0.1=<b> quoted \"v\"=<c> =<d>}");
}

static void dotted_keys_make_tables(void **state UNUSED)
{
	check("name = 'O'\nphysical.color = 'o'\nphysical.shape = 'r'\nsite.\"g.c\" = true",
	      "{name=<O> physical={color=<o> shape=<r>} site={g.c=yes}}");
	check("fruit . name = 'b'\nfruit.\tflavor = 'c'\n3.14159 = 'pi'",
	      "{fruit={name=<b> flavor=<c>} 3={14159=<pi>}}");
	check_bad("fruit.apple = 1\nfruit.apple.smooth = true");
	check_bad("name = 'Tom'\nname = 'Pradyun'");
	check_bad("spelling = 'a'\n\"spelling\" = 'b'");
}

static void whole_numbers_are_read(void **state UNUSED)
{
	check("a=0\nb=-17\nc=+1_000\nd=9223372036854775807\ne=-9223372036854775808\nf=+0\ng=-0",
	      "{a=0 b=-17 c=1000 d=9223372036854775807 e=-9223372036854775808 f=0 g=0}");
	check("a=0xDEADBEEF\nb=0xdead_beef\nc=0o01234567\nd=0b11010110",
	      "{a=3735928559 b=3735928559 c=342391 d=214}");
	check_bad("a=01");
	check_bad("a=1__0");
	check_bad("a=_1");
	check_bad("a=1_");
	check_bad("a=+0x10");
	check_bad("a=0x_1");
	check_bad("a=9223372036854775808");
	check_bad("a=0xffffffffffffffff");
}

static void fractions_are_read(void **state UNUSED)
{
	check("a=+1.0\nb=3.1415\nc=-0.01\nd=5e+22\ne=1e06\nf=-2E-2\ng=6.626e-34\nh=224_617.445",
	      "{a=1f b=3.1415f c=-0.01f d=5e+22f e=1e+06f f=-0.02f g=6.626e-34f h=224617f}");
	check("a=inf\nb=-inf\nc=+inf", "{a=inff b=-inff c=inff}");
	check_bad("a=.7");
	check_bad("a=7.");
	check_bad("a=3.e+20");
	check_bad("a=03.14");
	check_bad("a=1e");
	check_bad("a=1.2.3");
}

static void times_are_read(void **state UNUSED)
{
	check("a=1979-05-27T07:32:00Z\nb=1979-05-27T00:32:00.999999-07:00\nc=1979-05-27 07:32:00Z",
	      "{a=@1979-05-27T07:32:00Z b=@1979-05-27T00:32:00.999999-07:00 "
	      "c=@1979-05-27 07:32:00Z}");
	check("a=1979-05-27\nb=07:32:00.5\nc=1979-05-27T07:32:00 # local",
	      "{a=@1979-05-27 b=@07:32:00.5 c=@1979-05-27T07:32:00}");
	check("a=[1979-05-27 , 2]", "{a=[@1979-05-27 2]}");
	check_bad("a=1979-13-27");
	check_bad("a=2023-02-29");
	check_bad("a=24:00:00");
	check_bad("a=1979-05-27T07:32:00+25:00");
	check_bad("a=07:32");
}

static void escapes_are_those_of_the_language(void **state UNUSED)
{
	check("a=\"\\t\\\"\\\\\\u00e9\\U0001F600\"", "{a=<\t\"\\\xc3\xa9\xf0\x9f\x98\x80>}");
	check("a='\\t'", "{a=<\\t>}");
}

static void strings_may_have_several_lines(void **state UNUSED)
{
	check("a = \"\"\"\nRoses are red\nViolets are blue\"\"\"",
	      "{a=<Roses are red\nViolets are blue>}");
	check("a = \"\"\"\nThe quick brown \\\n\n\n  fox jumps \\\r\n    over.\"\"\"\nb=1",
	      "{a=<The quick brown fox jumps over.> b=1}");
	check("a = \"\"\"Here are two: \"\". Simple.\"\"\"", "{a=<Here are two: \"\". Simple.>}");
	check("a = \"\"\"\"This,\" she said.\"\"\"\"", "{a=<\"This,\" she said.\">}");
	check("a = '''I [dw]on't need \\d{2} apples'''", "{a=<I [dw]on't need \\d{2} apples>}");
	check("a = '''\nfirst\r\n   second\n'''", "{a=<first\n   second\n>}");
	check("a = ''''That,' she said.'''''", "{a=<'That,' she said.''>}");
	check("a = \"\"\"\"\"\"\nb=''''''", "{a=<> b=<>}");
	check_bad("a = \"\"\"one\"\"\"\"\"\"");
	check_bad("a = \"\"\"x \\ y\"\"\"");
	check_bad("'''k''' = 1");
}

static void arrays_are_read(void **state UNUSED)
{
	check("a=[]\nb=[1,2,]\nc=[ [ 1, 2 ], ['a', \"b\"] ]\nd=[ # words\n 1, # one\n\n 2\n]\ne=3",
	      "{a=[] b=[1 2] c=[[1 2] [<a> <b>]] d=[1 2] e=3}");
	check("a=[0.1, 1, 'x', {b=2}]", "{a=[0.1f 1 <x> {b=2}]}");
	check_bad("a=[1 2]");
	check_bad("a=[1,,2]");
	check_bad("a=[,]");
	check_bad("a=[1");
}

static void tables_are_read(void **state UNUSED)
{
	check("[table-1]\nkey1='a'\n[table-2]\nkey1='b'",
	      "{table-1={key1=<a>} table-2={key1=<b>}}");
	check("[dog.\"tater.man\"]\ntype.name = 'pug'", "{dog={tater.man={type={name=<pug>}}}}");
	check("[ j . \"k\" . 'l' ]", "{j={k={l={}}}}");
	/* "[x] defining a super-table afterward is ok" */
	check("[x.y.z.w]\n[x]\na=1", "{x={y={z={w={}}} a=1}}");
	check("[fruit]\napple.color='r'\napple.taste.sweet=true\n[fruit.apple.texture]\nsmooth=true",
	      "{fruit={apple={color=<r> taste={sweet=yes} texture={smooth=yes}}}}");
	check_bad("[fruit]\napple='red'\n[fruit]\norange='o'");
	check_bad("[fruit]\napple='red'\n[fruit.apple]\ntexture='s'");
	check_bad("[fruit]\napple.color='r'\n[fruit.apple]");
	check_bad("[fruit]\napple.taste.sweet=true\n[fruit.apple.taste]");
	check_bad("[a.b.c]\nz=9\n[a]\nb.c.t='x'");
	check_bad("[]");
	check_bad("[a");
	check_bad("[a]]");
	check_bad("[a.]");
	check_bad("[a] b=1");
}

static void inline_tables_are_complete(void **state UNUSED)
{
	check("p={x=1, y=2}\na={ type.name='pug' }\ne={}",
	      "{p={x=1 y=2} a={type={name=<pug>}} e={}}");
	check_bad("[product]\ntype={name='Nail'}\ntype.edible=false");
	check_bad("[product]\ntype.name='Nail'\ntype={edible=false}");
	check_bad("a={b={c=1}}\n[a.b]");
	check_bad("a={b.c=1, b={d=2}}");
	check_bad("a={x=1,}");
	check_bad("a={x=1\n}");
	check_bad("a={x=1 y=2}");
	check_bad("a={x=1, x=2}");
}

static void arrays_of_tables_grow(void **state UNUSED)
{
	check("[[products]]\nname='Hammer'\n[[products]]\n[[products]]\nname='Nail'",
	      "{products=[{name=<Hammer>} {} {name=<Nail>}]}");
	check("[[fruits]]\nname='apple'\n[fruits.physical]\ncolor='red'\n[[fruits.varieties]]\n"
	      "name='rd'\n[[fruits.varieties]]\nname='gs'\n[[fruits]]\nname='banana'\n"
	      "[[fruits.varieties]]\nname='p'",
	      "{fruits=[{name=<apple> physical={color=<red>} varieties=[{name=<rd>} {name=<gs>}]} "
	      "{name=<banana> varieties=[{name=<p>}]}]}");
	check_bad("[fruit.physical]\ncolor='red'\n[[fruit]]\nname='apple'");
	check_bad("fruits=[]\n[[fruits]]");
	check_bad("[[fruits]]\nname='a'\n[[fruits.v]]\nname='r'\n[fruits.v]\nname='g'");
	check_bad("[[fruits]]\n[fruits.p]\nc='r'\n[[fruits.p]]\nc='g'");
	check_bad("[[a]\n");
	check_bad("[ [a]]\n");
}

static void what_is_wrong_is_told_with_its_line(void **state UNUSED)
{
	check_refused("a", "o: line 1: '=' is expected after the key, not ''");
	check_refused("=1", "o: line 1: a key is expected, not '=1'");
	check_refused("\na=\"x", "o: line 2: the string has no end");
	check_refused("a=\"\\x\"",
		      "o: line 1: after '\\' stands one of b t n f r \" \\ u U, not 'x\"'");
	check_refused("a=\"\\u00g0\"", "o: line 1: a hexadecimal digit is expected, not 'g0\"'");
	check_refused("a=\"\\uD800\"", "o: line 1: U+D800 cannot stand in a string");
	check_refused("a=\"\\u0000\"", "o: line 1: U+0000 cannot stand in a string");
	check_refused("a=1 b=2", "o: line 1: the line ends here, not 'b=2'");
	check_refused("a=[\n1,\n2\n\nx]",
		      "o: line 5: ',' or ']' is expected in an array, not 'x]'");
	check_refused("a='''\n\n'''\na=1", "o: line 4: 'a' stands on line 1 already");
	check_refused("a=\xff", "o: is no text in UTF-8");
	check_refused("# \x01\n", "o: line 1: a control character in a comment");
	check_refused("a='\x7f'\n", "o: line 1: a control character in a string");
	check_refused("a=1\rb=2\n", "o: line 1: the line ends here, not ''");
}

static void depth_and_number_are_limited(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };

	strbuf_adds(&text, "a=");
	for (int i = 0; i < 1000; i++)
		strbuf_addc(&text, '[');
	check_refused(strbuf_str(&text), "o: line 1: more than 32 tables in one another");
	strbuf_truncate(&text, 0);
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&text, "a.");
	check_refused(strbuf_str(&text), "o: line 1: more than 32 tables in one another");
	strbuf_truncate(&text, 0);
	strbuf_adds(&text, "a=[");
	for (int i = 0; i < 20000; i++)
		strbuf_adds(&text, "1,");
	check_refused(strbuf_str(&text), "o: line 1: more than 16384 values");
}

static void members_are_found(void **state UNUSED)
{
	static const char text[] = "a.b = 1\nc = 'x'";
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;

	assert_int_equal(toml_parse("o", text, strlen(text), &a, &doc, NULL), 0);
	assert_int_equal(toml_get(toml_get(doc, "a"), "b")->integer, 1);
	assert_null(toml_get(doc, "b"));
	assert_null(toml_get(toml_get(doc, "c"), "d"));
	assert_null(toml_get(NULL, "d"));
	assert_string_equal(toml_kind_text(toml_get(doc, "c")->kind), "a string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_a_document),
		cmocka_unit_test(pairs_are_read),
		cmocka_unit_test(dotted_keys_make_tables),
		cmocka_unit_test(whole_numbers_are_read),
		cmocka_unit_test(fractions_are_read),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(escapes_are_those_of_the_language),
		cmocka_unit_test(strings_may_have_several_lines),
		cmocka_unit_test(arrays_are_read),
		cmocka_unit_test(tables_are_read),
		cmocka_unit_test(inline_tables_are_complete),
		cmocka_unit_test(arrays_of_tables_grow),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(depth_and_number_are_limited),
		cmocka_unit_test(members_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
