/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/http_url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_internal.h"
#include "libutil/alloc.h"

static void a_location_stays_at_the_same_host_port_and_scheme(void **state UNUSED)
{
	static const char url[] = "https://r.example:5000/v2/";
	static const struct {
		const char *location;
		bool stays;
	} rows[] = {
		{ "/x", true },
		{ "x?y=http://z", true },
		{ "?x", true },
		{ "https://R.example:5000", true },
		{ "https://r.example:5000/x", true },
		{ "https://r.example:5000?x", true },
		{ "https://r.example:50001/x", false },
		{ "https://r.example:5000@s/x", false },
		{ "https://r.example/x", false },
		{ "http://r.example:5000/x", false },
		{ "//s/x", false },
		{ "\\\\s/x", false },
		{ "/\\s/x", true },
		{ "s:x", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(http_stays(url, rows[i].location), rows[i].stays);
}

static struct http *make_http(void)
{
	const struct http_opts opts = { .wakefd = -1, .timeout_s = 1 };
	struct http *h = NULL;

	assert_int_equal(http_new(&opts, &h, NULL), 0);
	return h;
}

static void locations_become_whole_urls_and_keep_their_query(void **state UNUSED)
{
	static const struct {
		const char *base, *text, *whole;
	} rows[] = {
		{ "https://r/v2/a/blobs/uploads/", "/v2/a/u/1?_state=a%2Fb%3D&x",
		  "https://r/v2/a/u/1?_state=a%2Fb%3D&x" },
		{ "https://r:5/v2/a/", "u/1", "https://r:5/v2/a/u/1" },
		{ "https://r/v2/a/", "https://s/u?q#f", "https://s/u?q" },
		{ "http://r/v2/", "//s/u", "http://s/u" },
		{ "http://r/v2/", "https://s/u", "https://s/u" },
		{ "https://r/v2/a?x=1", "?x=2", "https://r/v2/a?x=2" },
		/* A registry behind a proxy that does TLS for it. */
		{ "https://r/v2/", "http://r/u", "https://r/u" },
		{ "https://r/v2/", "http://r:80/u", "https://r/u" },
		{ "https://r:5000/v2/", "http://r:5000/u", "https://r:5000/u" },
	};
	auto_(http) struct http *h = make_http();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *whole = NULL;

		assert_int_equal(http_resolve(h, rows[i].base, rows[i].text, &whole, NULL), 0);
		assert_string_equal(whole, rows[i].whole);
	}
}

static void locations_that_lead_astray_are_refused(void **state UNUSED)
{
	static const char *const bad[] = { "file:///etc/passwd", "ftp://r/x", "http://other/u",
					   "https://user@r/u",   "gopher:x",  "https://r/a b" };
	auto_(http) struct http *h = make_http();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *whole = NULL;

		assert_int_equal(http_resolve(h, "https://r/v2/", bad[i], &whole, NULL),
				 -IMAGE_EREGISTRY);
		assert_null(whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_location_stays_at_the_same_host_port_and_scheme),
		cmocka_unit_test(locations_become_whole_urls_and_keep_their_query),
		cmocka_unit_test(locations_that_lead_astray_are_refused),
	};

	return cmocka_run_group_tests_name("http_url", tests, NULL, NULL);
}
