/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void aligned(const char *rows, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	table_align(rows, &out);
	assert_string_equal(strbuf_str(&out), want);
}

static void short_cells_get_a_common_width(void **state UNUSED)
{
	aligned("ID\tPID\nweb\t7\n", "ID          PID\nweb         7\n");
}

static void a_long_cell_widens_its_column(void **state UNUSED)
{
	aligned("ID\tPID\n0123456789abcdef\t7\n", "ID                 PID\n0123456789abcdef   7\n");
}

static void an_empty_cell_keeps_its_place(void **state UNUSED)
{
	aligned("\tx\n", "            x\n");
}

static void a_cell_of_eleven_characters_still_has_its_gap(void **state UNUSED)
{
	aligned("0123456789a\t7\n", "0123456789a   7\n");
}

static void a_cell_sends_nothing_to_the_terminal(void **state UNUSED)
{
	auto_(strbuf) struct strbuf rows = { 0 };

	table_cell(&rows, "/a\tb\n\033[2Jc\302\233d\303\244", '\t');
	table_cell(&rows, "x", '\n');
	assert_string_equal(strbuf_str(&rows), "/a\\tb\\n\\x1b[2Jc\\x9bd\303\244\tx\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_cells_get_a_common_width),
		cmocka_unit_test(a_long_cell_widens_its_column),
		cmocka_unit_test(an_empty_cell_keeps_its_place),
		cmocka_unit_test(a_cell_of_eleven_characters_still_has_its_gap),
		cmocka_unit_test(a_cell_sends_nothing_to_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
