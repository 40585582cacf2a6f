/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/http_header.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static void feed(struct http_answer *a, const char *line)
{
	http_header_line(a, line, strlen(line));
}

static void headers_are_kept_whatever_their_case(void **state UNUSED)
{
	struct http_answer a = { 0 };

	feed(&a, "HTTP/1.1 200 OK\r\n");
	feed(&a, "CONTENT-type:  text/html; charset=x  \r\n");
	feed(&a, "docker-Content-Digest:sha256:abc\r\n");
	feed(&a, "Content-Length: 42\r\n");
	feed(&a, "WWW-Authenticate: Basic realm=a\r\n");
	feed(&a, "www-authenticate: Bearer realm=b\r\n");
	feed(&a, "no colon here\r\n");
	feed(&a, "\r\n");
	assert_int_equal(a.status, 200);
	assert_string_equal(a.content_type, "text/html; charset=x");
	assert_string_equal(a.digest, "sha256:abc");
	assert_int_equal(a.length, 42);
	assert_int_equal(a.challenges.n, 2);
	assert_string_equal(a.challenges.v[1], "Bearer realm=b");
	http_header_reset(&a);
}

static void a_new_answer_forgets_the_one_before(void **state UNUSED)
{
	struct http_answer a = { 0 };

	feed(&a, "HTTP/1.1 302 Found\r\n");
	feed(&a, "Location: http://elsewhere/\r\n");
	feed(&a, "Content-Length: 5\r\n");
	feed(&a, "WWW-Authenticate: Basic\r\n");
	feed(&a, "HTTP/2 206\r\n");
	assert_int_equal(a.status, 206);
	assert_null(a.location);
	assert_int_equal(a.length, -1);
	assert_int_equal(a.challenges.n, 0);
	http_header_reset(&a);
}

static void a_length_that_is_no_number_is_not_said(void **state UNUSED)
{
	static const char *const bad[] = { "Content-Length: 4x\r\n", "Content-Length: \r\n",
					   "Content-Length: 99999999999999999999\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct http_answer a = { .length = 7 };

		feed(&a, bad[i]);
		assert_int_equal(a.length, -1);
		http_header_reset(&a);
	}
}

static void lists_and_values_are_bounded(void **state UNUSED)
{
	struct http_answer a = { 0 };
	autofree char *line = xcalloc(20001, 1);

	memset(line, 'x', 20000);
	memcpy(line, "Location: ", 10);
	http_header_line(&a, line, 20000);
	assert_true(strlen(a.location) < HTTP_VALUE_MAX);
	for (int i = 0; i < 1000; i++)
		feed(&a, "Warning: 299 - \"old\"\r\n");
	assert_true(a.warnings.n <= 16);
	http_header_reset(&a);
}

static void the_start_of_a_range_is_read(void **state UNUSED)
{
	int64_t start = 7;

	assert_int_equal(http_range_start("bytes 5-9/10", &start), 0);
	assert_int_equal(start, 5);
	assert_int_equal(http_range_start("bytes 0-0/*", &start), 0);
	assert_int_equal(start, 0);
	assert_int_equal(http_range_start("bytes */10", &start), -EINVAL);
	assert_int_equal(http_range_start("items 1-2/3", &start), -EINVAL);
	assert_int_equal(http_range_start(NULL, &start), -EINVAL);
	assert_int_equal(start, 0);
}

static void only_warnings_for_people_are_read_and_made_harmless(void **state UNUSED)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "299 - \"old\"", "old" },
		{ "299 - \"say \\\"x\\\" \\\\ \"", "say \"x\" \\ " },
		{ "299 - \"a\033[31mb\xff\"", "a?[31mb?" },
		{ "299 - \"unfinished", NULL },
		{ "299 - \"unfinished\\\"", NULL },
		{ "110 - \"stale\"", NULL },
		{ "299 host \"x\"", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = http_warning_text(rows[i].value);

		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
		else
			assert_null(got);
	}
}

static void the_next_page_is_found_among_links(void **state UNUSED)
{
	static const struct {
		const char *link, *next; /* NULL: there is none */
	} rows[] = {
		{ "</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b" },
		{ "<a>; rel=next", "a" },
		{ "<a>;rel=NEXT", "a" },
		{ "<a>; rel=prev, <b>; title=\"x, y; rel=next\"; rel=\"up next\"", "b" },
		{ "<a>; title=\"rel=next\"", NULL },
		{ "<a>; rel=nextpage", NULL },
		{ "<a>", NULL },
		{ "<a; rel=next", NULL },
		{ "<>; rel=next", NULL },
		{ "a; rel=next", NULL },
		{ "<a>; rel", NULL },
		{ "<a>; =; rel=next", "a" },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(strv) struct strv links = { 0 };
		autofree char *next = NULL;

		strv_add(&links, rows[i].link);
		next = http_link_next(&links);
		if (rows[i].next)
			assert_string_equal(next, rows[i].next);
		else
			assert_null(next);
	}
}

static void what_an_upload_needs_is_kept(void **state UNUSED)
{
	struct http_answer a = { 0 };

	feed(&a, "HTTP/1.1 202 Accepted\r\n");
	feed(&a, "Range: 0-9\r\n");
	feed(&a, "OCI-Chunk-Min-Length: 5\r\n");
	feed(&a, "OCI-Subject: sha256:x\r\n");
	feed(&a, "OCI-Tag: a\r\n");
	feed(&a, "OCI-Tag: b\r\n");
	assert_string_equal(a.range, "0-9");
	assert_string_equal(a.chunk_min, "5");
	assert_string_equal(a.subject, "sha256:x");
	assert_int_equal(a.tags.n, 2);
	http_header_reset(&a);
	assert_null(a.range);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_page_is_found_among_links),
		cmocka_unit_test(what_an_upload_needs_is_kept),
		cmocka_unit_test(headers_are_kept_whatever_their_case),
		cmocka_unit_test(a_new_answer_forgets_the_one_before),
		cmocka_unit_test(a_length_that_is_no_number_is_not_said),
		cmocka_unit_test(lists_and_values_are_bounded),
		cmocka_unit_test(the_start_of_a_range_is_read),
		cmocka_unit_test(only_warnings_for_people_are_read_and_made_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
