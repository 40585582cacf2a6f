/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCE_DATE_EPOCH by seconds and by the name of what has a time. */
#include "tests/unit/imagetool/graph/graphed.h"

#define STAGE   "FROM scratch AS src\n"
#define NEITHER "SOURCE_DATE_EPOCH stage must contain exactly one remote ADD"

static int graph_with(struct graphed *g, const char *epoch, const char *text, struct err *e)
{
	const struct graph_arg arg = { "SOURCE_DATE_EPOCH", epoch };

	g->opts.build_args = &arg;
	g->opts.n_build_args = epoch ? 1 : 0;
	return graph_of(g, text, e);
}

static void whose_time_it_is(void **state UNUSED)
{
	static const struct {
		const char *epoch, *text;
		int64_t want; /* 0: none */
		const char *asked;
	} rows[] = {
		{ "42", "FROM scratch\n", 42, "" },
		{ "-5", "FROM scratch\n", -5, "" },
		{ "", "ARG SOURCE_DATE_EPOCH=7\nFROM scratch\n", 0, "" },
		{ "context", "FROM scratch\n", 1000, "" },
		{ NULL, "ARG SOURCE_DATE_EPOCH=context\nFROM scratch\n", 1000, "" },
		{ "repo", "FROM scratch\n", 2000,
		  "[internal] resolve SOURCE_DATE_EPOCH named context repo\n" },
		{ "files", "FROM scratch\n", 0, "" },
		{ "other", "FROM scratch\n", 0, "" },
		{ "src", STAGE "ADD https://example.com/x.git#v1 /\nFROM scratch\n", 2000,
		  "[internal] resolve SOURCE_DATE_EPOCH source stage src\n" },
		{ "SRC", STAGE "ADD https://example.com/f.tar /\nFROM scratch\n", 3000,
		  "[internal] resolve SOURCE_DATE_EPOCH source stage src\n" },
		{ "src",
		  "ARG H=example.com\n" STAGE "ARG F=f\nADD https://$H/$F.tar /\nFROM scratch\n",
		  3000, "[internal] resolve SOURCE_DATE_EPOCH source stage src\n" },
		{ "src", STAGE "ADD https://nobody.knows/f /\nFROM scratch\n", 0,
		  "[internal] resolve SOURCE_DATE_EPOCH source stage src\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		struct err e = { 0 };

		if (graph_with(&g, rows[i].epoch, rows[i].text, &e) < 0)
			fail_msg("row %zu: %s", i, e.msg);
		if (g.graph.has_epoch != (rows[i].want != 0) ||
		    (rows[i].want && g.graph.epoch != rows[i].want))
			fail_msg("row %zu: %d %lld", i, g.graph.has_epoch,
				 (long long)g.graph.epoch);
		assert_string_equal(strbuf_str(&g.times), rows[i].asked);
	}
}

static void a_stage_that_is_more_than_a_download_is_refused(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
		unsigned line;
	} rows[] = {
		{ "FROM base AS src\nADD https://example.com/f.tar /\n",
		  "SOURCE_DATE_EPOCH stage must use FROM scratch", 1 },
		{ STAGE, NEITHER, 1 },
		{ STAGE "ADD https://a/b /\nADD https://a/c /\n", NEITHER, 1 },
		{ STAGE "ADD https://a/b https://a/c /\n", NEITHER " source", 1 },
		{ STAGE "ADD file /\n",
		  "SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD", 1 },
		{ STAGE "ADD https://a/b /\nENV A=b\n",
		  "SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported "
		  "ENV instruction",
		  1 },
		{ "FROM scratch\n",
		  "invalid SOURCE_DATE_EPOCH: 'src' is no number of seconds, not \"context\", no "
		  "named context and no stage",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		struct err e = { 0 };

		assert_int_equal(graph_with(&g, "src", rows[i].text, &e), -EINVAL);
		assert_string_equal(e.msg, rows[i].want);
		assert_int_equal(g.graph.failed_first_line, rows[i].line);
	}
}

/* The last step's variables. */
static void assert_sees(struct graphed *g, const char *want)
{
	const struct vertex *v = &g->graph.items[g->graph.n - 1];
	auto_(strbuf) struct strbuf out = { 0 };

	for (size_t i = 0; i < v->u.run.n_env; i++)
		if (starts_with(v->u.run.env[i], "SOURCE_DATE_EPOCH="))
			strbuf_addf(&out, "%s", v->u.run.env[i]);
	assert_string_equal(strbuf_str(&out), want);
}

static void steps_see_the_seconds(void **state UNUSED)
{
	static const struct {
		const char *epoch, *above, *want;
	} rows[] = {
		{ "context", "", "SOURCE_DATE_EPOCH=1000" },
		{ NULL, "ARG SOURCE_DATE_EPOCH=repo\n", "SOURCE_DATE_EPOCH=2000" },
		{ "files", "", "" },
		{ NULL, "ARG SOURCE_DATE_EPOCH=files\n", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		struct err e = { 0 };
		autofree char *text =
			xasprintf("%sFROM scratch\nARG SOURCE_DATE_EPOCH\nRUN x\n", rows[i].above);

		if (graph_with(&g, rows[i].epoch, text, &e) < 0)
			fail_msg("row %zu: %s", i, e.msg);
		assert_sees(&g, rows[i].want);
	}
}

/* Several platforms are of one time. */
static void each_platform_sees_it(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	struct platform platforms[2] = { 0 };
	struct err e = { 0 };

	(void)platform_parse("linux/amd64", &platforms[0], NULL);
	(void)platform_parse("linux/arm64", &platforms[1], NULL);
	g.opts.platforms = platforms;
	g.opts.n_platforms = 2;
	assert_int_equal(graph_with(&g, NULL,
				    "ARG SOURCE_DATE_EPOCH=repo\nFROM scratch\n"
				    "ARG SOURCE_DATE_EPOCH TARGETARCH\nRUN x\n",
				    &e),
			 0);
	assert_sees(&g, "SOURCE_DATE_EPOCH=2000");
	assert_string_equal(strbuf_str(&g.times),
			    "[internal] resolve SOURCE_DATE_EPOCH named context repo\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_time_it_is),
		cmocka_unit_test(a_stage_that_is_more_than_a_download_is_refused),
		cmocka_unit_test(steps_see_the_seconds),
		cmocka_unit_test(each_platform_sees_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
