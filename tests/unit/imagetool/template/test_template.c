/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/template/template.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static const char document[] =
	"{\"Id\":\"sha256:abcdef0123456789\",\"Size\":12,\"None\":null,\"Yes\":true,\"List\":[\"a\","
	"\"b\"],\"Config\":{\"Env\":[\"A=1\"],\"Labels\":{\"x.y\":\"z\",\"k\":\"v\"}}}";

static int run(const char *text, struct strbuf *out, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(template) struct template *t = NULL;
	struct json *doc;
	int r;

	assert_int_equal(json_parse("document", document, strlen(document), &a, &doc, NULL), 0);
	r = template_parse(text, &t, e);
	return r < 0 ? r : template_run(t, doc, out, e);
}

static const char *const good[][2] = {
	{ "plain", "plain" },
	{ "{{.Id}}", "sha256:abcdef0123456789" },
	{ "{{ .Size }}", "12" },
	{ "{{.Config.Labels}}", "map[k:v x.y:z]" },
	{ "{{json .Config.Env}}", "[\"A=1\"]" },
	{ "{{.None}} {{.Config.Labels.missing}}", "<no value> <no value>" },
	{ "{{index .Config.Labels \"x.y\"}}{{index .List 1}}", "zb" },
	{ "{{$.Id | printf \"%.6s\"}}", "sha256" },
	{ "{{printf \"%-4s|%4d|%q|%%\" \"ab\" .Size \"c\"}}", "ab  |  12|\"c\"|%" },
	{ "{{range .List}}<{{.}}>{{else}}none{{end}}", "<a><b>" },
	{ "{{range .None}}x{{else}}none{{end}}", "none" },
	{ "{{range $i, $v := .List}}{{$i}}{{$v}}{{end}}", "0a1b" },
	{ "{{range $v := .List}}{{$v}}{{end}}", "ab" },
	{ "{{if .None}}1{{else if .Yes}}2{{else}}3{{end}}", "2" },
	{ "{{with .Config}}{{len .Labels}}{{end}}", "2" },
	{ "{{$x := len .List}}{{if eq $x 2}}two{{end}}", "two" },
	{ "{{and .Yes .None}} {{or .None .Size}} {{not .None}}", "<no value> 12 true" },
	{ "{{eq .Size 1 12}} {{ne .Id \"x\"}} {{lt 1 2}} {{ge 1 2}} {{gt \"b\" \"a\"}}",
	  "true true true false true" },
	{ "a {{- \"b\" -}} c", "abc" },
	{ "{{/* nothing */}}x{{- /* more */ -}} y", "xy" },
	{ "{{(index .List 0) | upper}}{{title \"ab cd\"}}{{lower \"EF\"}}", "AAb Cdef" },
	{ "{{join .List \"-\"}} {{.List | join \"+\"}}", "a-b a+b" },
	{ "{{split \"a,b\" \",\"}} {{truncate .Id 3}} {{pad \"x\" 1 2}}|", "[a b] sha  x  |" },
	{ "{{print 1 2 \"a\"}}{{println \"b\"}}", "1 2ab\n" },
	{ "{{`raw \"text\"`}} {{\"\\\"\\t\"}}", "raw \"text\" \"\t" },
	{ "{{true}} {{-5}} {{nil}}", "true -5 <no value>" },
};

static void what_people_write_gives_what_go_gives(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		auto_(strbuf) struct strbuf out = { 0 };

		assert_int_equal(run(good[i][0], &out, NULL), 0);
		assert_string_equal(strbuf_str(&out), good[i][1]);
	}
}

static const char *const bad[][2] = {
	{ "{{.Id", "'}}' is missing" },
	{ "{{.Nope}}", "there is no '.Nope'; there is Id, Size" },
	{ "{{range .List}}", "{{end}} is missing" },
	{ "{{end}}", "nothing was begun" },
	{ "{{else}}", "nothing was begun" },
	{ "{{if .Id}}{{else}}{{else}}{{end}}", "{{end}} is missing" },
	{ "{{nope .Id}}", "no function of this name" },
	{ "{{}}{{.}}{{ | }}", "value is missing" },
	{ "{{.Id .Size}}", "can't be called" },
	{ "{{index .List 7}}", "the list has 2 items" },
	{ "{{.Size.X}}", "of what has no members" },
	{ "{{\"x}}", "does not end" },
	{ "{{\"\\q\"}}", "not known in a text" },
	{ "{{(.Id}}", "')' is missing" },
	{ "{{$x}}", "no variable '$x'" },
	{ "{{printf \"%s\"}}", "no value for '%s'" },
	{ "{{printf \"%x\" 1}}", "'%x' is not known" },
	{ "{{len .Size}}", "it takes a text" },
	{ "{{.Id | .Size}}", "can't take what is piped" },
	{ "{{99999999999999999999}}", "no whole number" },
	{ "{{/* x }}", "comment does not end" },
	{ "{{@}}", "not known here" },
};

static void mistakes_are_told(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(strbuf) struct strbuf out = { 0 };
		struct err e = { 0 };

		assert_true(run(bad[i][0], &out, &e) < 0);
		assert_true(starts_with(e.msg, "--format: "));
		if (!strstr(e.msg, bad[i][1]))
			print_error("%s: %s\n", bad[i][0], e.msg);
		assert_non_null(strstr(e.msg, bad[i][1]));
	}
}

static void depth_and_work_have_an_end(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 }, out = { 0 };
	struct err e = { 0 };

	for (int i = 0; i < TEMPLATE_DEPTH + 1; i++)
		strbuf_adds(&text, "{{(");
	assert_true(run(strbuf_str(&text), &out, &e) < 0);
	strbuf_truncate(&text, 0);
	for (int i = 0; i < 24; i++)
		strbuf_adds(&text, "{{range $.List}}");
	for (int i = 0; i < 24; i++)
		strbuf_adds(&text, "{{end}}");
	assert_int_equal(run(strbuf_str(&text), &out, &e), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_gives_what_go_gives),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(depth_and_work_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
