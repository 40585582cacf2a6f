/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/bootstrap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shim/message/options.h"

static void check_answer(const struct v2_boot *b, const char *wanted, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	v2_boot_answer(b, wanted, "unix:///s", &out);
	assert_string_equal(strbuf_str(&out), want);
}

static void nothing_is_an_old_containerd_without_options(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_boot b = { 0 };

	assert_int_equal(v2_boot_decode("", 0, &a, &b, NULL), 0);
	assert_false(b.has_params);
	assert_null(b.options.type_url);
	check_answer(&b, NULL, "unix:///s");
	check_answer(&b, "2", "unix:///s");
	check_answer(&b, "3", "{\"version\":3,\"address\":\"unix:///s\",\"protocol\":\"ttrpc\"}");
}

static void options_alone_are_an_old_containerds(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	/* Bytes that are no text: this field is one in BootstrapParams. */
	struct msg_any any = { .type_url = MSG_RUNC_OPTIONS,
			       .value = { (const uint8_t *)"\x20\x80\x01", 3 } };
	struct v2_boot b = { 0 };

	pb_encode(&msg_any_message, &any, &text);
	assert_int_equal(v2_boot_decode(text.data, text.len, &a, &b, NULL), 0);
	assert_false(b.has_params);
	assert_string_equal(b.options.type_url, MSG_RUNC_OPTIONS);
	assert_int_equal(b.options.value.len, 3);
}

static void parameters_bring_their_options_along(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct msg_any other = { .type_url = "x.y.Z" }, any = { .type_url = MSG_RUNC_OPTIONS };
	struct msg_extension list[] = { { &any }, { &other } };
	struct msg_bootstrap_params p = {
		.instance_id = "t",
		.namespace_name = "n",
		.containerd_version = "2.3.4",
		.ttrpc_address = "/run/c.ttrpc",
		.extensions = { list, 2 },
		.socket_dir = "/run/x",
	};
	struct v2_boot b = { 0 };

	pb_encode(&msg_bootstrap_params_message, &p, &text);
	assert_int_equal(v2_boot_decode(text.data, text.len, &a, &b, NULL), 0);
	assert_true(b.has_params);
	assert_string_equal(b.params.instance_id, "t");
	assert_string_equal(b.params.socket_dir, "/run/x");
	assert_string_equal(b.options.type_url, MSG_RUNC_OPTIONS);
	check_answer(&b, NULL, "{\"version\":3,\"address\":\"unix:///s\",\"protocol\":\"ttrpc\"}");
}

static void garbage_is_refused(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_boot b = { 0 };
	struct err e = { 0 };

	assert_true(v2_boot_decode("\xff\xff\xff", 3, &a, &b, &e) < 0);
	assert_non_null(strstr(e.msg, "options on standard input"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_an_old_containerd_without_options),
		cmocka_unit_test(options_alone_are_an_old_containerds),
		cmocka_unit_test(parameters_bring_their_options_along),
		cmocka_unit_test(garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
