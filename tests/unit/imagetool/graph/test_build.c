/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/imagetool/graph/graphed.h"

/* ---- Stages ---- */

static void a_stage_is_a_chain_of_steps(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_graph(&g,
		     "FROM base\nENV A=1\nARG B=2\nCOPY x y /z/\nRUN make $A\nWORKDIR sub\n"
		     "RUN [\"a\", \"b c\"]\n",
		     "0 image docker.io/library/base:latest linux/amd64\n"
		     "1 context ''\n"
		     "2 files base=0 from=1,/x,/y to /z/\n"
		     "3 run base=2 '/bin/sh' '-c' 'make $A' in /home as u BASE=yes A=1 B=2\n"
		     "4 mkdir base=3 to /home/sub/ chown=u\n"
		     "5 run base=4 'a' 'b c' in /home/sub as u BASE=yes A=1 B=2\n");
}

static void stages_nobody_needs_are_not_there(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_graph(&g,
		     "FROM base AS build\nRUN make\nFROM gone AS unused\nRUN x\n"
		     "FROM scratch\nCOPY --from=build /out /\n",
		     "0 image docker.io/library/base:latest linux/amd64\n"
		     "1 run base=0 '/bin/sh' '-c' 'make' in /home as u BASE=yes\n"
		     "2 files base=- from=1,/out to /\n");
	assert_string_equal(strbuf_str(&g.images), "docker.io/library/base:latest@linux/amd64 ");
	assert_string_equal(strbuf_str(&g.ahead), "docker.io/library/base:latest ");
}

static void equal_steps_are_one(void **state UNUSED)
{
	auto_(graphed) struct graphed g = { 0 };

	assert_graph(&g,
		     "FROM base AS a\nRUN same\nFROM base AS b\nRUN same\nRUN other\n"
		     "FROM scratch\nCOPY --from=a / /a\nCOPY --from=b / /b\nCOPY --from=0 / /c\n",
		     "0 image docker.io/library/base:latest linux/amd64\n"
		     "1 run base=0 '/bin/sh' '-c' 'same' in /home as u BASE=yes\n"
		     "2 run base=1 '/bin/sh' '-c' 'other' in /home as u BASE=yes\n"
		     "3 files base=- from=1,/ to /a\n"
		     "4 files base=3 from=2,/ to /b\n"
		     "5 files base=4 from=1,/ to /c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stage_is_a_chain_of_steps),
		cmocka_unit_test(stages_nobody_needs_are_not_there),
		cmocka_unit_test(equal_steps_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
