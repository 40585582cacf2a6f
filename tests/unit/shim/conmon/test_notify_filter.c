/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/notify_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void check(const char *in, const char *want)
{
	char text[256];
	size_t len = strlen(in);

	memcpy(text, in, len);
	len = notify_filter(text, len);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, len);
}

static void states_pass_as_they_are(void **state UNUSED)
{
	check("READY=1", "READY=1");
	check("STATUS=going on\nREADY=1\n", "STATUS=going on\nREADY=1");
	check("WATCHDOG=1\nWATCHDOG=trigger\nERRNO=5\nMONOTONIC_USEC=7\nRELOADING=1",
	      "WATCHDOG=1\nWATCHDOG=trigger\nERRNO=5\nMONOTONIC_USEC=7\nRELOADING=1");
}

static void what_a_service_could_gain_by_does_not_pass(void **state UNUSED)
{
	check("MAINPID=1\nREADY=1\nFDSTORE=1\nFDNAME=x\nBARRIER=1", "READY=1");
	check("READY=10\nREADY=\nXREADY=1\nWATCHDOG_USEC=1\nstatus=x", "");
	check("", "");
}

static void no_end_of_line_hides_another(void **state UNUSED)
{
	char text[] = "STATUS=a\0MAINPID=1\rREADY=1";

	check("STATUS=a\rMAINPID=1\r\nREADY=1", "STATUS=a\nREADY=1");
	assert_int_equal(notify_filter(text, sizeof(text) - 1), 16);
	assert_memory_equal(text, "STATUS=a\nREADY=1", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_pass_as_they_are),
		cmocka_unit_test(what_a_service_could_gain_by_does_not_pass),
		cmocka_unit_test(no_end_of_line_hides_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
