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
	aligned("ID\tPID\nweb\t7\n", "ID             PID\nweb            7\n");
}

static void a_long_cell_widens_its_column(void **state UNUSED)
{
	aligned("ID\tPID\n0123456789abcdef\t7\n", "ID                 PID\n0123456789abcdef   7\n");
}

static void an_empty_cell_keeps_its_place(void **state UNUSED)
{
	aligned("\tx\n", "               x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_cells_get_a_common_width),
		cmocka_unit_test(a_long_cell_widens_its_column),
		cmocka_unit_test(an_empty_cell_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
