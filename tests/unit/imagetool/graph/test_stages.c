/* SPDX-License-Identifier: Apache-2.0 */
/* What stages are built on: triggers, contexts, platforms; and what can't be. */
#include "tests/unit/imagetool/graph/graphed.h"

#define SH   "'/bin/sh' '-c' "
#define BASE "0 image docker.io/library/base:latest linux/amd64\n"

/* ---- Triggers ---- */

static void triggers_of_an_image_run_first(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_graph(&g, "FROM scratch AS lib\nCOPY l /l\nFROM trigger\nENV X=late\nRUN y\n",
		     "0 image docker.io/library/trigger:latest linux/amd64\n"
		     "1 context ''\n"
		     "2 files base=- from=1,/l to /l\n"
		     "3 files base=0 from=2,/l to /l\n"
		     "4 run base=3 " SH "'install $X' in /\n"
		     "5 run base=4 " SH "'y' in / X=late\n");
	assert_int_equal(g.graph.targets[0].config.config->on_build.n, 0);
	assert_string_equal(g.graph.items[4].name, "[stage-1 3/4] ONBUILD RUN install $X");
	assert_int_equal(g.graph.items[4].origin->first_line, 3);
}

static void triggers_of_a_stage_run_in_its_children_alone(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_graph(&g,
		     "FROM scratch AS o\nRUN o\nFROM scratch AS a\nONBUILD COPY --from=o / /o\n"
		     "FROM a AS b\nRUN b\nFROM b\nRUN c\n",
		     "0 run base=- " SH "'o' in /\n"
		     "1 files base=- from=0,/ to /o\n"
		     "2 run base=1 " SH "'b' in /\n"
		     "3 run base=2 " SH "'c' in /\n");
}

static void triggers_are_kept_for_those_who_build_on_the_image(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	const struct oci_strings *kept;

	must_graph(&g,
		   "FROM trigger AS lib\nFROM scratch\nONBUILD RUN --mount=type=cache,target=/c "
		   "x $Y\nONBUILD COPY <<EOF /x\ntext\nEOF\n");
	kept = &g.graph.targets[0].config.config->on_build;
	assert_int_equal(kept->n, 2);
	assert_string_equal(kept->items[0], "RUN --mount=type=cache,target=/c x $Y");
	assert_string_equal(kept->items[1], "COPY <<EOF /x\ntext\nEOF");
}

/* ---- Contexts ---- */

static void contexts_take_the_place_of_names(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "FROM other\nRUN x\n", BASE "1 run base=0 " SH "'x' in /home as u BASE=yes\n" },
		{ "FROM files\nRUN x\n", "0 context 'files'\n1 run base=0 " SH "'x' in /\n" },
		{ "FROM base AS other\nRUN no\nFROM other\nRUN x\n",
		  BASE "1 run base=0 " SH "'x' in /home as u BASE=yes\n" },
		{ "FROM scratch AS first\nRUN 1\nFROM gone AS replaced\nRUN no\nFROM replaced\nRUN 2\n",
		  "0 run base=- " SH "'1' in /\n1 run base=0 " SH "'2' in /\n" },
		{ "FROM scratch\nRUN --mount=from=files,target=/x y\n",
		  "0 context 'files'\n1 run base=- " SH "'y' in / {bind from=0 /x ro}\n" },
		{ "FROM empty\nRUN x\n", "0 run base=- " SH "'x' in /\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };

		assert_graph(&g, rows[i].text, rows[i].want);
	}
}

/* ---- Platforms ---- */

static void each_platform_has_what_is_its_own(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	struct platform both[2];

	(void)platform_parse("linux/amd64", &both[0], NULL);
	(void)platform_parse("linux/arm64/v8", &both[1], NULL);
	g.opts.platforms = both;
	g.opts.n_platforms = 2;
	assert_graph(
		&g,
		"FROM --platform=$BUILDPLATFORM base AS b\nRUN same\nFROM base\nCOPY --from=b / /\n",
		BASE "1 run base=0 " SH "'same' in /home as u BASE=yes\n"
		     "2 files base=0 from=1,/ to /\n"
		     "3 image docker.io/library/base:latest linux/arm64/v8\n"
		     "4 files base=3 from=1,/ to /\n");
	assert_int_equal(g.graph.n_targets, 2);
	assert_true(g.graph.multi_platform);
	assert_string_equal(g.graph.targets[1].config.architecture, "arm64");
	assert_string_equal(g.graph.targets[1].config.variant, "v8");
	assert_string_equal(strbuf_str(&g.images), "docker.io/library/base:latest@linux/amd64 "
						   "docker.io/library/base:latest@linux/arm64/v8 ");
}

static void one_platform_can_be_an_index_too(void **state UNUSED)
{
	static const struct graph_arg arg = { "BUILDKIT_MULTI_PLATFORM", "1" };
	auto_(graphed) struct graphed g = { 0 };

	g.opts.build_args = &arg;
	g.opts.n_build_args = 1;
	assert_names(&g, "FROM scratch\nRUN x\n", "[linux/amd64 1/1] RUN x\n");
	assert_true(g.graph.multi_platform);
}

/* ---- What can't be built ---- */

static void what_cannot_be_is_said_with_its_place(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
		unsigned line;
	} rows[] = {
		{ "FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nFROM a\n",
		  "cannot copy from stage \"b\", it needs to be defined before current stage \"a\"",
		  2 },
		{ "FROM scratch AS a\nCOPY --from=b / /\nFROM a AS b\n",
		  "circular dependency detected on stage: b", 2 },
		{ "FROM loop AS last\n", "circular dependency detected on stage: last", 1 },
		{ "FROM base:a:b\n",
		  "failed to parse stage name \"base:a:b\": image reference "
		  "'base:a:b': 'library/base:a' is not a legal repository",
		  1 },
		{ "FROM gone\n", "gone: not found", 1 },
		{ "FROM --platform=x/y/z/w base\n", NULL, 1 },
		{ "FROM $A\n", "base name ($A) should not be blank", 1 },
		{ "FROM scratch\nRUN --mount=from=later,target=/x y\nFROM scratch AS later\nFROM 0\n",
		  "0: not found", 4 },
		{ "FROM scratch AS a\nARG A=${B:?must}\n",
		  "failed to process \"${B:?must}\": B: must", 2 },
		{ "ARG SOURCE_DATE_EPOCH=soon\nFROM scratch\n",
		  "invalid SOURCE_DATE_EPOCH: 'soon' is no number of seconds, not \"context\", no "
		  "named context and no stage",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };
		struct err e = { 0 };

		print_message("%s", rows[i].text);
		assert_true(graph_of(&g, rows[i].text, &e) < 0);
		if (rows[i].want)
			assert_string_equal(e.msg, rows[i].want);
		assert_int_equal(g.graph.failed_first_line, rows[i].line);
	}
}

static void a_target_is_found_or_named(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 }, h = { 0 };
	const char *text = "FROM scratch AS a\nRUN a\nFROM scratch AS b\nRUN b\n";

	g.opts.target = "A";
	assert_graph(&g, text, "0 run base=- " SH "'a' in /\n");
	assert_string_equal(g.graph.targets[0].stage, "a");
	h.opts.target = "c";
	assert_fails(&h, text, "target stage \"c\" could not be found; there are: a b", 0);
}

/* ---- Checks ---- */

static void values_are_checked(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "FROM scratch\nENV PATH=$PATTH:/x\n",
		  "2 UndefinedVar: Usage of undefined variable '$PATTH' (did you mean $PATH?)\n" },
		{ "FROM scratch\nCOPY $foo .\n",
		  "2 UndefinedVar: Usage of undefined variable '$foo'\n" },
		{ "FROM scratch\nARG foo\nCOPY a$foo ${bar:-x} .\n", "" },
		{ "FROM scratch\nSHELL [\"x\"]\nRUN echo $foo\nCMD $foo\n", "" },
		{ "FROM scratch\nWORKDIR a\nWORKDIR b\n",
		  "2 WorkdirRelativePath: Relative workdir \"a\" can have unexpected results if the "
		  "base image changes\n" },
		{ "FROM scratch\nWORKDIR /a\nWORKDIR b\n", "" },
		{ "# check=skip=WorkdirRelativePath\nFROM scratch\n# check=skip=WorkdirRelativePath\n"
		  "WORKDIR a\n",
		  "" },
		{ "ARG V\nFROM base:$V AS x\nFROM scratch\n",
		  "2 InvalidDefaultArgInFrom: Default value for ARG base:$V results in empty or "
		  "invalid base image name\n" },
		{ "ARG V=latest\nFROM base:${V} AS x\nFROM scratch\n", "" },
		{ "FROM base${VARIANT:-} AS x\nFROM base$V AS y\nFROM scratch\n",
		  "2 UndefinedArgInFrom: FROM argument 'V' is not declared\n" },
		{ "FROM --platform=linux/$BUILDARCH base\n", "" },
		{ "FROM --platform=linux/s390x base\n",
		  "1 InvalidBaseImagePlatform: Base image base was pulled with platform "
		  "\"linux/amd64\", expected \"linux/s390x\" for current build\n" },
		{ "FROM scratch\nCOPY ./out x /\n",
		  "2 CopyIgnoredFile: Attempting to Copy file \"out\" that is excluded by "
		  ".dockerignore\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { .ignored = "out" };

		print_message("%s", rows[i].text);
		assert_findings(&g, rows[i].text, rows[i].want);
	}
}

/* What instructions of needed stages show by themselves. */
static void steps_are_checked(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "FROM scratch\nCMD b\n",
		  "2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS "
		  "signals\n" },
		{ "FROM scratch\nENTRYPOINT b\n",
		  "2 JSONArgsRecommended: JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS "
		  "signals\n" },
		{ "FROM scratch\nCMD [\"b\"]\n", "" },
		{ "FROM scratch\nCMD\n", "" },
		{ "FROM scratch\nSHELL [\"x\"]\nCMD b\n", "" },
		{ "FROM scratch AS a\nSHELL [\"x\"]\nFROM a\nCMD b\n", "" },
		{ "FROM shell\nCMD b\n", "" },
		{ "FROM scratch\nCMD [\"b\"]\nCMD [\"c\"]\n",
		  "2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the "
		  "last one will be used\n" },
		{ "FROM scratch AS a\nCMD [\"b\"]\nFROM a\nCMD [\"c\"]\n", "" },
		{ "FROM scratch\nHEALTHCHECK NONE\nHEALTHCHECK CMD a\n",
		  "2 MultipleInstructionsDisallowed: Multiple HEALTHCHECK instructions should not be used in the same stage because only the "
		  "last one will be used\n" },
		{ "FROM scratch\nENV b c\n",
		  "2 LegacyKeyValueFormat: \"ENV key=value\" should be used instead of legacy \"ENV "
		  "key value\" format\n" },
		{ "FROM scratch\nLABEL b c\n",
		  "2 LegacyKeyValueFormat: \"LABEL key=value\" should be used instead of legacy "
		  "\"LABEL key value\" format\n" },
		{ "FROM scratch\nARG MY_TOKEN\n",
		  "2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data "
		  "(ARG \"MY_TOKEN\")\n" },
		{ "FROM scratch\nENV password=x\n",
		  "2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data "
		  "(ENV \"password\")\n" },
		{ "ARG TOKEN\nFROM scratch\n", "" },
		{ "FROM scratch\nARG PUBLIC_KEY TOKENIZER KEYS\n", "" },
		{ "FROM scratch\nARG P=TCP\nEXPOSE 80/$P\n",
		  "3 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be "
		  "lowercase\n" },
		{ "FROM scratch\nEXPOSE 127.0.0.1:80:80 90/udp\n",
		  "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or "
		  "host-port mapping, found '127.0.0.1:80:80'\n" },
		{ "FROM scratch\nEXPOSE ${P:-80}\n", "" },
		{ "FROM scratch\nEXPOSE 80 $P\n", "" },
		{ "FROM scratch AS unused\nCMD b\nENV b c\nFROM scratch\n", "" },
		{ "FROM scratch\n# check=skip=JSONArgsRecommended\nCMD b\n", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(graphed) struct graphed g = { 0 };

		print_message("%s", rows[i].text);
		assert_findings(&g, rows[i].text, rows[i].want);
	}
}

static void a_place_is_reported_once_for_all_platforms(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	struct platform both[2];

	(void)platform_parse("linux/amd64", &both[0], NULL);
	(void)platform_parse("linux/arm64", &both[1], NULL);
	g.opts.platforms = both;
	g.opts.n_platforms = 2;
	assert_findings(&g, "FROM scratch\nCOPY $foo $foo /\n",
			"2 UndefinedVar: Usage of undefined variable '$foo'\n");
}

static void checks_look_at_every_stage_when_asked(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	g.opts.all_stages = true;
	assert_findings(&g, "FROM scratch AS unused\nCOPY $foo /\nFROM scratch\n",
			"2 UndefinedVar: Usage of undefined variable '$foo'\n");
	assert_int_equal(g.graph.n, 0);
}

/* ---- Size ---- */

static void many_instructions_take_little_time(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };

	strbuf_adds(&text, "FROM scratch\n");
	for (int i = 0; i < 20000; i++)
		strbuf_addf(&text, "ENV A=%d\nARG B=$A\nRUN x\nCOPY a /$B\n", i);
	must_graph(&g, strbuf_str(&text));
	assert_int_equal(g.graph.n, 40001);
}

static void values_that_double_end_somewhere(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct err e = { 0 };

	strbuf_adds(&text, "FROM scratch\nENV A=0123456789\n");
	for (int i = 0; i < 40; i++)
		strbuf_adds(&text, "ENV A=$A$A\n");
	assert_int_equal(graph_of(&g, strbuf_str(&text), &e), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(triggers_of_an_image_run_first),
		cmocka_unit_test(triggers_of_a_stage_run_in_its_children_alone),
		cmocka_unit_test(triggers_are_kept_for_those_who_build_on_the_image),
		cmocka_unit_test(contexts_take_the_place_of_names),
		cmocka_unit_test(each_platform_has_what_is_its_own),
		cmocka_unit_test(one_platform_can_be_an_index_too),
		cmocka_unit_test(what_cannot_be_is_said_with_its_place),
		cmocka_unit_test(a_target_is_found_or_named),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(steps_are_checked),
		cmocka_unit_test(a_place_is_reported_once_for_all_platforms),
		cmocka_unit_test(checks_look_at_every_stage_when_asked),
		cmocka_unit_test(many_instructions_take_little_time),
		cmocka_unit_test(values_that_double_end_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
