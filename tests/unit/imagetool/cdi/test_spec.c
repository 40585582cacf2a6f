/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imagetool/cdi/name.h"
#include "imagetool/cdi/spec.h"

#define HEAD "{\"cdiVersion\":\"%s\",\"kind\":\"v.com/c\","

static int parse(const char *file, const char *text, struct arena *a, struct cdi_spec **ret,
		 struct err *e)
{
	return cdi_spec_parse(file, text, strlen(text), a, ret, e);
}

/* A document of that version with those devices and edits. */
static int parse_parts(const char *version, const char *rest, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct cdi_spec *spec;

	return parse("x.json", arena_printf(&a, HEAD "%s}", version, rest), &a, &spec, e);
}

static void names_are_as_the_specification_has_them(void **state)
{
	static const char *const good[] = { "vendor.com/class=name", "v/c=0",
					    "a_b-c.d/e.f=a:b.c-d_e", "v/c=all" };
	static const char *const bad[] = { "",        "v",       "v/c",     "v/c=",    "/c=x",
					   "v/=x",    "0v/c=x",  "v/0c=x",  "v/c=-x",  "v/c=x-",
					   "v./c=x",  "v/c/d=x", "v/c=x y", "v/c=x/y", "v/c=../x",
					   "v/c=x=y", "v/c=*" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(cdi_name_check(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(cdi_name_check(bad[i], NULL), -EINVAL);
}

static void versions_that_have_what_is_used_are_taken(void **state)
{
	static const struct {
		const char *before, *since, *rest;
	} cases[] = {
		{ "0.3.0", "0.4.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"mounts\":[{\"hostPath\":\"/a\","
		  "\"containerPath\":\"/b\",\"type\":\"none\"}]}}]" },
		{ "0.4.0", "0.5.0",
		  "\"devices\":[{\"name\":\"0a\",\"containerEdits\":{\"env\":[\"A=1\"]}}]" },
		{ "0.4.0", "0.5.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"deviceNodes\":[{\"path\":\"/a\","
		  "\"hostPath\":\"/b\"}]}}]" },
		{ "0.5.0", "0.6.0",
		  "\"annotations\":{\"a\":\"b\"},\"devices\":[{\"name\":\"a\",\"containerEdits\":"
		  "{\"env\":[\"A=1\"]}}]" },
		{ "0.6.0", "0.7.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"env\":[\"A=1\"]}}],"
		  "\"containerEdits\":{\"additionalGids\":[5]}" },
		{ "0.6.0", "0.7.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"intelRdt\":{}}}]" },
		{ "1.0.0", "1.1.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"netDevices\":"
		  "[{\"hostInterfaceName\":\"x\",\"name\":\"y\"}]}}]" },
		{ "0.8.0", "v1.1.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"intelRdt\":"
		  "{\"schemata\":[\"x\"]}}}]" },
		{ "0.2.0", "0.3.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"env\":[\"A=1\"]}}]" },
		{ "1.2.0", "1.1.0",
		  "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"env\":[\"A=1\"]}}]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };

		assert_int_equal(parse_parts(cases[i].before, cases[i].rest, &e), -EBADMSG);
		assert_non_null(strstr(e.msg, "cdiVersion"));
		assert_int_equal(parse_parts(cases[i].since, cases[i].rest, &e), 0);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *edits, *says;
	} cases[] = {
		{ "{}", "devices[0].containerEdits: nothing is changed" },
		{ "{\"env\":[\"A\"]}", "env[0]" },
		{ "{\"env\":[\"=A\"]}", "env[0]" },
		{ "{\"bogus\":1}", "bogus" },
		{ "{\"deviceNodes\":[{\"path\":\"a\"}]}", "deviceNodes[0].path" },
		{ "{\"deviceNodes\":[{\"path\":\"/a\",\"type\":\"x\"}]}", "deviceNodes[0].type" },
		{ "{\"deviceNodes\":[{\"path\":\"/a\",\"permissions\":\"rx\"}]}",
		  "deviceNodes[0].permissions" },
		{ "{\"mounts\":[{\"hostPath\":\"/a\"}]}", "mounts[0].containerPath" },
		{ "{\"hooks\":[{\"hookName\":\"x\",\"path\":\"/a\"}]}", "hookName" },
		{ "{\"hooks\":[{\"hookName\":\"prestart\",\"path\":\"a\"}]}", "hooks[0].path" },
		{ "{\"hooks\":[{\"hookName\":\"prestart\",\"path\":\"/a\",\"timeout\":0}]}",
		  "timeout" },
		{ "{\"hooks\":[{\"hookName\":\"prestart\",\"path\":\"/a\",\"env\":[\"x\"]}]}",
		  "hooks[0].env[0]" },
		{ "{\"intelRdt\":{\"closID\":\"../x\"}}", "closID" },
		{ "{\"netDevices\":[{\"hostInterfaceName\":\"x\",\"name\":\"y\"},"
		  "{\"hostInterfaceName\":\"x\",\"name\":\"z\"}]}",
		  "netDevices[1]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_(arena) struct arena a = { 0 };
		struct err e = { 0 };

		assert_true(parse_parts("1.1.0",
					arena_printf(&a,
						     "\"devices\":[{\"name\":\"a\","
						     "\"containerEdits\":%s}]",
						     cases[i].edits),
					&e) < 0);
		assert_non_null(strstr(e.msg, cases[i].says));
		assert_non_null(strstr(e.msg, "x.json"));
	}
	assert_true(parse_parts("1.1.0", "\"devices\":[]", NULL) < 0);
	assert_true(
		parse_parts("1.1.0",
			    "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"env\":[\"A=1\"]}},"
			    "{\"name\":\"a\",\"containerEdits\":{\"env\":[\"A=1\"]}}]",
			    NULL) < 0);
}

static void lists_have_a_limit(void **state)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct err e = { 0 };

	(void)state;
	strbuf_adds(&text, "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"env\":[\"A=1\"");
	for (int i = 1; i < CDI_EDITS_MAX; i++)
		strbuf_addf(&text, ",\"A%d=1\"", i);
	for (int more = 0; more < 2; more++) {
		autofree char *rest =
			xasprintf("%s%s]}}]", strbuf_str(&text), more ? ",\"B=1\"" : "");

		assert_int_equal(parse_parts("1.1.0", rest, &e), more ? -EBADMSG : 0);
	}
	assert_string_equal(e.msg, "x.json: devices[0].containerEdits.env: more than 1024");
}

#ifdef HAVE_LIBYAML
static const char yaml[] =
	"---\n"
	"cdiVersion: 0.7.0\n"
	"kind: v.com/c\n"
	"annotations: {a: true, b: 12, c: off}\n"
	"devices:\n"
	"- name: 12\n"
	"  containerEdits: &edits\n"
	"    env: [A=yes, \"B=\\u00e9\"]\n"
	"    deviceNodes:\n"
	"    - {path: /dev/x, type: c, major: 0x0a, minor: 229, fileMode: 0660, uid: ~}\n"
	"    additionalGids: [0o17]\n"
	"- name: b\n"
	"  containerEdits: *edits\n";

static void yaml_says_the_same(void **state)
{
	auto_(arena) struct arena a = { 0 };
	const struct cdi_spec_device *d;
	const struct cdi_device_node *node;
	struct cdi_spec *spec;

	(void)state;
	assert_int_equal(parse("x.yaml", yaml, &a, &spec, NULL), 0);
	assert_string_equal(spec->annotations.items[0].value, "true");
	assert_string_equal(spec->annotations.items[1].value, "12");
	assert_string_equal(spec->annotations.items[2].value, "false");
	assert_int_equal(spec->devices.n, 2);
	d = spec->devices.items;
	assert_string_equal(d[0].name, "12");
	assert_string_equal(d[1].edits->env.items[1], "B=\xc3\xa9");
	node = d[1].edits->device_nodes.items;
	assert_int_equal(node->major.v, 10);
	assert_int_equal(node->minor.v, 229);
	assert_int_equal(node->file_mode.v, 0660);
	assert_false(node->uid.set);
	assert_int_equal(d[0].edits->additional_gids.items[0], 15);
}

static void yaml_that_json_has_not_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "empty" },
		{ "a: [", "line" },
		{ "a: &x {b: *x}", "nested too deeply" },
		{ "? [a]\n: b", "has to be a text" },
		{ "x: &x {a: b}\ny:\n  <<: *x\n", "merged members" },
		{ "a: b\na: c\n", "a" },
		{ "a: \"\\0\"", "x.yaml" },
		{ "- a", "x.yaml" },
		{ "\xff\xfe\xfd", "x.yaml" },
		{ "%TAG !x! y\n---\na: b\n", "%TAG is not taken" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_(arena) struct arena a = { 0 };
		struct err e = { 0 };
		struct cdi_spec *spec;

		assert_true(parse("x.yaml", cases[i].text, &a, &spec, &e) < 0);
		assert_non_null(strstr(e.msg, cases[i].says));
	}
}

static void a_second_document_is_refused(void **state)
{
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct cdi_spec *spec;

	(void)state;
	assert_true(parse("x.yaml", arena_printf(&a, "%s---\na: b\n", yaml), &a, &spec, &e) < 0);
	assert_non_null(strstr(e.msg, "one document"));
}

/* Before libyaml, whose time grows with their square, has to do with them. */
static void much_that_is_slow_is_refused_at_once(void **state)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf deep = { 0 }, names = { 0 };
	struct err e = { 0 };
	struct cdi_spec *spec;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		strbuf_addc(&deep, '[');
		strbuf_addf(&names, "- &a%d x\n", i);
	}
	assert_true(parse("x.yaml", strbuf_str(&deep), &a, &spec, &e) < 0);
	assert_string_equal(e.msg, "x.yaml: line 1: nested too deeply");
	err_clear(&e);
	assert_true(parse("x.yaml", strbuf_str(&names), &a, &spec, &e) < 0);
	assert_string_equal(e.msg, "x.yaml: line 257: too many nodes have names");
}

/* Nine aliases of nine aliases ... */
static void aliases_end_at_the_limit(void **state)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct err e = { 0 };
	struct cdi_spec *spec;

	(void)state;
	strbuf_adds(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 12; i++) {
		strbuf_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			strbuf_addf(&text, "%s*a%d", k ? "," : "", i - 1);
		strbuf_adds(&text, "]\n");
	}
	assert_true(parse("x.yaml", strbuf_str(&text), &a, &spec, &e) < 0);
}
#else
static void yaml_needs_a_library(void **state)
{
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct cdi_spec *spec;

	(void)state;
	assert_int_equal(parse("x.yaml", "a: b", &a, &spec, &e), -ENOTSUP);
	assert_non_null(strstr(e.msg, "libyaml-dev"));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_as_the_specification_has_them),
		cmocka_unit_test(versions_that_have_what_is_used_are_taken),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(lists_have_a_limit),
#ifdef HAVE_LIBYAML
		cmocka_unit_test(yaml_says_the_same),
		cmocka_unit_test(yaml_that_json_has_not_is_refused),
		cmocka_unit_test(a_second_document_is_refused),
		cmocka_unit_test(aliases_end_at_the_limit),
		cmocka_unit_test(much_that_is_slow_is_refused_at_once),
#else
		cmocka_unit_test(yaml_needs_a_library),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
