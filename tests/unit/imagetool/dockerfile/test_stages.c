/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/stages.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/strbuf.h"

struct planned {
	struct arena arena;
	struct dockerfile file;
	struct stages stages;
};

static void planned_done(struct planned *p)
{
	arena_done(&p->arena);
}
AUTO_DEFINE_DONE(planned, planned_done)

static const char *build_arg(void *ctx UNUSED, const char *name)
{
	return streq(name, "GIVEN") ? "given" : NULL;
}

static const char *platform_arg(void *ctx UNUSED, const char *name)
{
	return streq(name, "BUILDPLATFORM") ? "linux/amd64" : NULL;
}

static void undefined(void *ctx, const struct instruction *from, const char *name)
{
	strbuf_addf(ctx, "%u:%s ", from->first_line, name);
}

static int plan(struct planned *p, const char *text, struct strbuf *told, struct err *e)
{
	const struct stages_input in = { build_arg, platform_arg, told ? undefined : NULL, told };

	if (dockerfile_parse(text, strlen(text), &p->arena, &p->file, e) < 0)
		fail_msg("%s", e->msg);
	return stages_plan(&p->file, &in, &p->arena, &p->stages, e);
}

static void must_plan(struct planned *p, const char *text)
{
	struct err e = { 0 };

	if (plan(p, text, NULL, &e) < 0)
		fail_msg("%s", e.msg);
}

static void a_stage_is_what_stands_behind_its_from(void **state UNUSED)
{
	auto_(planned) struct planned p = { 0 };
	const struct stage *s;

	must_plan(&p, "ARG V=1\nFROM a:$V AS One\nRUN x\nRUN y\nFROM scratch\nFROM one AS two\n"
		      "RUN z\n");
	s = p.stages.items;
	assert_int_equal(p.stages.n, 3);
	assert_string_equal(s[0].name, "one");
	assert_string_equal(s[0].base_name, "a:1");
	assert_int_equal(s[0].base, BASE_IMAGE);
	assert_int_equal(s[0].n, 2);
	assert_int_equal(s[1].base, BASE_SCRATCH);
	assert_int_equal(s[1].n, 0);
	assert_int_equal(s[2].base, BASE_STAGE);
	assert_int_equal(s[2].base_stage, 0);
	assert_string_equal(s[2].items[0].text, "z");
}

static void from_sees_the_arguments_above_it_and_the_platform(void **state UNUSED)
{
	auto_(planned) struct planned p = { 0 };
	auto_(strbuf) struct strbuf told = { 0 };
	struct err e = { 0 };

	assert_int_equal(plan(&p,
			      "ARG GIVEN=default\nARG A=x B=${A}y N\n"
			      "FROM --platform=$BUILDPLATFORM ${GIVEN}/$B:${N:-none}$Z\n",
			      &told, &e),
			 0);
	assert_string_equal(p.stages.items[0].base_name, "given/xy:none");
	assert_string_equal(p.stages.items[0].platform, "linux/amd64");
	assert_string_equal(strbuf_str(&told), "3:Z ");
}

static void what_cannot_be_is_said_with_its_line(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
		unsigned line;
	} rows[] = {
		{ "RUN a", "no build stage in current context: RUN stands before the first FROM",
		  1 },
		{ "ARG a", "no build stage in current context: there is no FROM", 1 },
		{ "FROM a b", "FROM requires either one or three arguments", 1 },
		{ "FROM a AS 1b",
		  "invalid name for build stage: \"1b\", name can't start with a number or contain "
		  "symbols",
		  1 },
		{ "FROM a\nFROM $X", "base name ($X) should not be blank", 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(planned) struct planned p = { 0 };
		struct err e = { 0 };

		assert_int_equal(plan(&p, rows[i].text, NULL, &e), -EINVAL);
		assert_string_equal(e.msg, rows[i].want);
		assert_int_equal(p.stages.failed_line, rows[i].line);
	}
}

static void only_stages_that_are_used_are_needed(void **state UNUSED)
{
	static const char text[] =
		"FROM a AS base\nFROM b AS unused\nFROM c AS tools\n"
		"FROM base AS build\nRUN --mount=type=bind,from=tools,target=/t x\n"
		"FROM scratch\nCOPY --from=build a b\nCOPY --from=1 a b\n"
		"FROM base AS other\n";
	auto_(planned) struct planned p = { 0 };
	bool needed[6];

	must_plan(&p, text);
	stages_needed(&p.stages, 4, needed);
	assert_true(needed[0] && needed[1] && needed[2] && needed[3] && needed[4]);
	assert_false(needed[5]);
	stages_needed(&p.stages, 3, needed);
	assert_true(needed[0] && needed[2] && needed[3]);
	assert_false(needed[1] || needed[4] || needed[5]);
	stages_needed(&p.stages, 5, needed);
	assert_true(needed[0] && needed[5]);
	assert_false(needed[2]);
}

static void a_target_is_a_name_a_number_or_the_last(void **state UNUSED)
{
	auto_(planned) struct planned p = { 0 };
	struct err e = { 0 };

	must_plan(&p, "FROM a AS one\nFROM b\nFROM c AS three\n");
	assert_int_equal(stages_target(&p.stages, NULL, &e), 2);
	assert_int_equal(stages_target(&p.stages, "ONE", &e), 0);
	assert_int_equal(stages_target(&p.stages, "1", &e), 1);
	assert_int_equal(stages_target(&p.stages, "zap", &e), -ENOENT);
	assert_string_equal(e.msg, "target stage \"zap\" could not be found; there are: one three");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stage_is_what_stands_behind_its_from),
		cmocka_unit_test(from_sees_the_arguments_above_it_and_the_platform),
		cmocka_unit_test(what_cannot_be_is_said_with_its_line),
		cmocka_unit_test(only_stages_that_are_used_are_needed),
		cmocka_unit_test(a_target_is_a_name_a_number_or_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
