/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net/netstat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEADER                                                                                     \
	"Inter-|   Receive                                                |  Transmit\n"           \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs " \
	"drop fifo colls carrier compressed\n"

static void interfaces_are_told_without_the_loopback_one(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };
	autofree struct netstat *v = NULL;
	size_t n = 0;

	netstat_parse(HEADER "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
			     "  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
			     "broken: 1 2\n",
		      &v, &n);
	netstat_encode(v, n, &w);
	assert_string_equal(strbuf_str(&out),
			    "[{\"Name\":\"eth0\",\"RxBytes\":1,\"RxPackets\":2,\"RxErrors\":3,"
			    "\"RxDropped\":4,\"TxBytes\":9,\"TxPackets\":10,\"TxErrors\":11,"
			    "\"TxDropped\":12}]");
}

static void no_interface_is_null_as_go_writes_it(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	netstat_encode(NULL, 0, &w);
	assert_string_equal(strbuf_str(&out), "null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_are_told_without_the_loopback_one),
		cmocka_unit_test(no_interface_is_null_as_go_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
