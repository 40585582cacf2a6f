/* SPDX-License-Identifier: Apache-2.0 */
/* What a variable is where: arguments above the first FROM, of stages, the environment. */
#include "tests/unit/imagetool/graph/graphed.h"

/* The last step's script with its variables, as its name shows it. */
static void assert_seen(struct graphed *g, const char *text, const char *want)
{
	const struct vertex *v;
	auto_(strbuf) struct strbuf out = { 0 };

	must_graph(g, text);
	v = &g->graph.items[g->graph.n - 1];
	for (size_t i = 0; i < v->u.run.n_env; i++)
		if (!starts_with(v->u.run.env[i], "PATH="))
			strbuf_addf(&out, "%s ", v->u.run.env[i]);
	assert_string_equal(strbuf_str(&out), want);
}

static const struct graph_arg given[] = {
	{ "GIVEN", "outside" },
	{ "http_proxy", "http://p" },
	{ "TARGETARCH", "mine" },
};

static void variables_have_scopes(void **state UNUSED)
{
	static const struct {
		const char *what, *text, *want;
	} rows[] = {
		{ "an argument is there from its line on",
		  "FROM scratch\nENV E=$A\nARG A=1\nENV F=$A\nRUN x\n", "E= A=1 F=1 " },
		{ "one that has no value is not in the environment", "FROM scratch\nARG A\nRUN x\n",
		  "" },
		{ "one above the first FROM is asked for",
		  "ARG A=1\nFROM scratch\nRUN no\nARG A\nRUN x\n", "A=1 " },
		{ "and has a default of the stage's own", "ARG A=1\nFROM scratch\nARG A=2\nRUN x\n",
		  "A=2 " },
		{ "the command line goes before defaults",
		  "ARG GIVEN=top\nFROM scratch\nARG GIVEN=stage\nRUN x\n", "GIVEN=outside " },
		{ "what nobody declares is not there", "FROM scratch\nRUN x $GIVEN\n", "" },
		{ "a child has the arguments of its stage",
		  "FROM scratch AS a\nARG A=1\nFROM a\nRUN x\n", "A=1 " },
		{ "another stage has not", "FROM scratch AS a\nARG A=1\nFROM scratch\nRUN x\n",
		  "" },
		{ "the environment goes before an argument of the stage below",
		  "FROM scratch AS a\nENV A=env\nARG A=arg\nFROM a\nRUN x\n", "A=env " },
		{ "the environment goes before an argument above it",
		  "FROM scratch\nARG A=arg\nENV A=env\nRUN x\n", "A=env " },
		{ "values are from before the instruction",
		  "FROM scratch\nENV a=hello\nENV a=bye b=$a\nENV c=$a\nRUN x\n",
		  "a=bye b=hello c=bye " },
		{ "defaults see other arguments", "FROM scratch\nARG A=1 B=${A}2\nRUN x\n",
		  "A=1 B=12 " },
		{ "modifiers", "FROM scratch\nENV A=${X:-d} B=${A:+s}${X:+n} C=${A#d}e\nRUN x\n",
		  "A=d B= C=e " },
		{ "quotes", "FROM scratch\nENV A='$x y' B=\"a  b\" C=c\\ d\nRUN x\n",
		  "A=$x y B=a  b C=c d " },
		{ "platforms",
		  "FROM scratch\nARG TARGETOS TARGETPLATFORM BUILDARCH TARGETVARIANT\nRUN x\n",
		  "TARGETOS=linux TARGETPLATFORM=linux/amd64 BUILDARCH=amd64 TARGETVARIANT= " },
		{ "platforms can be overruled", "FROM scratch\nARG TARGETARCH\nRUN x\n",
		  "TARGETARCH=mine " },
		{ "the target's name", "FROM scratch AS Last\nARG TARGETSTAGE\nRUN x\n",
		  "TARGETSTAGE=last " },
		{ "the target without a name", "FROM scratch\nARG TARGETSTAGE\nRUN x\n",
		  "TARGETSTAGE=default " },
		{ "orders to the build are not the steps'",
		  "FROM scratch\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x\n", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };

		print_message("%s\n", rows[i].what);
		g.opts.build_args = given;
		g.opts.n_build_args = ARRAY_LEN(given);
		assert_seen(&g, rows[i].text, rows[i].want);
	}
}

static void proxies_are_for_the_process_alone(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 }, plain = { 0 };
	const char *text = "FROM scratch\nRUN x\n";
	const struct vertex_run *r;

	g.opts.build_args = given;
	g.opts.n_build_args = ARRAY_LEN(given);
	must_graph(&g, text);
	must_graph(&plain, text);
	r = &g.graph.items[0].u.run;
	assert_int_equal(r->n_hidden_env, 2);
	assert_string_equal(r->hidden_env[0], "HTTP_PROXY=http://p");
	assert_string_equal(r->hidden_env[1], "http_proxy=http://p");
	assert_string_equal(g.graph.items[0].digest, plain.graph.items[0].digest);
}

static void the_epoch_comes_as_argument_or_from_the_top(void **state UNUSED)
{
	static const struct graph_arg arg = { "SOURCE_DATE_EPOCH", "77" };
	auto_(graphed) struct graphed g = { 0 }, h = { 0 }, none = { 0 };

	g.opts.build_args = &arg;
	g.opts.n_build_args = 1;
	must_graph(&g, "ARG SOURCE_DATE_EPOCH=5\nFROM scratch\n");
	assert_int_equal(g.graph.epoch, 77);
	must_graph(&h, "ARG SOURCE_DATE_EPOCH=5\nFROM scratch\n");
	assert_int_equal(h.graph.epoch, 5);
	must_graph(&none, "FROM scratch\nARG SOURCE_DATE_EPOCH=5\n");
	assert_false(none.graph.has_epoch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_have_scopes),
		cmocka_unit_test(proxies_are_for_the_process_alone),
		cmocka_unit_test(the_epoch_comes_as_argument_or_from_the_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
