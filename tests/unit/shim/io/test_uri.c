/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/uri.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, enum uri_kind kind, const char *path, const char *args)
{
	auto_(uri) struct uri u = { 0 };
	struct err e = { 0 };
	autofree char *got = NULL;

	assert_int_equal(uri_parse(text, &u, &e), 0);
	assert_int_equal(u.kind, kind);
	assert_string_equal(u.path ? u.path : "", path);
	got = strv_join(&u.args, "|");
	assert_string_equal(got, args);
}

static void check_refused(const char *text, const char *why)
{
	struct uri u = { 0 };
	struct err e = { 0 };

	assert_int_equal(uri_parse(text, &u, &e), -EINVAL);
	assert_string_equal(e.msg, why);
	assert_null(u.path);
}

static void no_name_is_no_stream(void **state UNUSED)
{
	check(NULL, URI_NONE, "", "");
	check("", URI_NONE, "", "");
}

static void a_path_is_a_fifo_as_it_is_written(void **state UNUSED)
{
	check("/run/f/%41", URI_FIFO, "/run/f/%41", "");
	check("fifo:///run/f/c-stdout", URI_FIFO, "/run/f/c-stdout", "");
	check("dir/with://in-it", URI_FIFO, "dir/with://in-it", "");
}

static void a_file_is_decoded(void **state UNUSED)
{
	check("file:///var/log/a%20b", URI_FILE, "/var/log/a b", "");
	check("file:///a+b?x#y", URI_FILE, "/a+b", "");
}

static void a_logger_has_arguments_in_order(void **state UNUSED)
{
	check("binary:///bin/log", URI_BINARY, "/bin/log", "");
	check("binary:///bin/log?a=1&b=x+%2B&&c", URI_BINARY, "/bin/log", "a|1|b|x +|c|");
}

static void the_first_value_of_a_key_counts(void **state UNUSED)
{
	check("binary:///l?k=1&k=2&j=3", URI_BINARY, "/l", "k|1|j|3");
}

static void an_unknown_scheme_is_named(void **state UNUSED)
{
	check_refused("ttrpc+unix:///x?streaming_id=1", "unknown STDIO scheme ttrpc+unix");
}

static void a_host_and_a_broken_escape_are_refused(void **state UNUSED)
{
	check_refused("file://host/x", "stream 'file://host/x': no absolute path follows '://'");
	check_refused("file:///x%4", "stream 'file:///x%4': '%' needs two hexadecimal digits");
	check_refused("file:///x%00", "stream 'file:///x%00': '%' needs two hexadecimal digits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_is_no_stream),
		cmocka_unit_test(a_path_is_a_fifo_as_it_is_written),
		cmocka_unit_test(a_file_is_decoded),
		cmocka_unit_test(a_logger_has_arguments_in_order),
		cmocka_unit_test(the_first_value_of_a_key_counts),
		cmocka_unit_test(an_unknown_scheme_is_named),
		cmocka_unit_test(a_host_and_a_broken_escape_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
