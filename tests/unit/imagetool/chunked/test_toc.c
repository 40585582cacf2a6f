/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/toc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DIR "{\"type\":\"dir\",\"name\":\"d/\",\"mode\":493}"
#define FILE_AT(name, mode, from, to)                                                              \
	"{\"type\":\"reg\",\"name\":\"" name "\",\"mode\":" mode                                   \
	",\"size\":9,\"digest\":\"sha256:" A64 "\",\"offset\":" from ",\"endOffset\":" to "}"
#define TOC(entries) "{\"version\":1,\"entries\":[" entries "]}"

static int parse(const char *text, struct chunked_toc *ret, struct err *e)
{
	return chunked_toc_parse(CHUNKED_ZSTD, text, strlen(text), 1000, ret, e);
}

static void assert_covers(const struct chunked_toc *t, int64_t tail)
{
	int64_t at = 0;

	for (size_t i = 0; i < t->n; i++) {
		assert_int_equal(t->pieces[i].offset, at);
		assert_true(t->pieces[i].len > 0);
		at += t->pieces[i].len;
	}
	assert_int_equal(at, tail);
}

static void pieces_cover_the_blob_up_to_its_tail(void **state UNUSED)
{
	auto_(chunked_toc) struct chunked_toc t = { 0 };

	assert_int_equal(parse(TOC(DIR "," FILE_AT("d/a", "420", "100", "300")), &t, NULL), 0);
	assert_covers(&t, 1000);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.pieces[1].offset, 100);
	assert_int_equal(t.pieces[1].len, 200);
	assert_int_equal(t.pieces[1].key, UINT64_C(0xaaaaaaaaaaaaaaaa));
}

static void parts_of_a_file_end_where_the_next_begins(void **state UNUSED)
{
	auto_(chunked_toc) struct chunked_toc t = { 0 };

	assert_int_equal(
		parse(TOC("{\"type\":\"reg\",\"name\":\"a\",\"size\":9,\"digest\":\"sha256:" A64
			  "\",\"offset\":10,\"endOffset\":90,\"chunkSize\":4,"
			  "\"chunkDigest\":\"sha256:" B64 "\"},"
			  "{\"type\":\"chunk\",\"name\":\"a\",\"offset\":50,\"chunkOffset\":4,"
			  "\"chunkSize\":5,\"chunkDigest\":\"sha256:" A64 "\"}"),
		      &t, NULL),
		0);
	assert_covers(&t, 1000);
	assert_int_equal(t.n, 4);
	assert_int_equal(t.pieces[1].len, 40);
	assert_int_equal(t.pieces[1].key, UINT64_C(0xbbbbbbbbbbbbbbbb));
	assert_int_equal(t.pieces[2].len, 40);
	assert_int_equal(t.pieces[2].key, UINT64_C(0xaaaaaaaaaaaaaaaa));
}

static void what_describes_a_header_makes_its_key_and_where_it_lies_does_not(void **state UNUSED)
{
	auto_(chunked_toc) struct chunked_toc a = { 0 }, moved = { 0 }, other = { 0 };

	assert_int_equal(parse(TOC(FILE_AT("f", "420", "100", "300")), &a, NULL), 0);
	assert_int_equal(parse(TOC(FILE_AT("f", "420", "120", "310")), &moved, NULL), 0);
	assert_int_equal(parse(TOC(FILE_AT("f", "493", "100", "300")), &other, NULL), 0);
	assert_true(a.pieces[0].key == moved.pieces[0].key);
	assert_true(a.pieces[0].key != other.pieces[0].key);
}

static void entries_that_overlap_or_lie_outside_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		TOC(FILE_AT("a", "1", "100", "300") "," FILE_AT("b", "1", "299", "400")),
		TOC(FILE_AT("a", "1", "100", "300") "," FILE_AT("b", "1", "50", "90")),
		TOC(FILE_AT("a", "1", "100", "1001")),
		TOC(FILE_AT("a", "1", "300", "100")),
		TOC(FILE_AT("a", "1", "100", "100")),
		TOC(FILE_AT("a", "1", "100", "9223372036854775807")),
		TOC("{\"type\":\"chunk\",\"name\":\"a\",\"offset\":50}"),
		TOC(FILE_AT("a", "1", "100",
			    "300") ",{\"type\":\"chunk\",\"name\":\"a\",\"offset\":300}"),
		TOC(FILE_AT("a", "1", "100",
			    "300") ",{\"type\":\"chunk\",\"name\":\"a\",\"offset\":100}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(chunked_toc) struct chunked_toc t = { 0 };
		struct err e = { 0 };

		assert_int_equal(parse(bad[i], &t, &e), -EBADMSG);
		assert_non_null(strstr(e.msg, "is not between"));
		assert_null(t.pieces);
	}
}

static void offsets_that_are_no_offsets_are_refused(void **state UNUSED)
{
	static const char *const bad[] = { "-1", "1.5", "1e3", "18446744073709551615" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(chunked_toc) struct chunked_toc t = { 0 };
		autofree char *text =
			xasprintf("{\"entries\":[{\"type\":\"reg\",\"offset\":%s}]}", bad[i]);
		struct err e = { 0 };

		assert_int_equal(parse(text, &t, &e), -EBADMSG);
		assert_non_null(strstr(e.msg, "'offset' is out of range"));
	}
}

static void names_are_nobodys_paths(void **state UNUSED)
{
	auto_(chunked_toc) struct chunked_toc t = { 0 };

	assert_int_equal(parse(TOC(FILE_AT("../../etc/passwd", "420", "1",
					   "3") "," FILE_AT("../../etc/passwd", "420", "4", "5")),
			       &t, NULL),
			 0);
	assert_covers(&t, 1000);
}

/* ---- As it lies in the blob ---- */

static void compress(const char *text, size_t len, struct chunked_position *p, char **ret)
{
	size_t bound = ZSTD_compressBound(len), n;

	*ret = xcalloc(1, bound);
	n = ZSTD_compress(*ret, bound, text, len, 3);
	assert_false(ZSTD_isError(n));
	*p = (struct chunked_position){
		.tail = 1000, .toc = 1008, .toc_len = (int64_t)n, .toc_plain = (int64_t)len
	};
	digest_of(DIGEST_SHA256, *ret, n, p->digest);
}

static void a_table_is_read_when_its_digest_is_right(void **state UNUSED)
{
	static const char text[] = TOC(FILE_AT("f", "420", "100", "300"));
	auto_(chunked_toc) struct chunked_toc t = { 0 };
	autofree char *data = NULL;
	struct chunked_position p;
	struct err e = { 0 };

	compress(text, strlen(text), &p, &data);
	assert_int_equal(chunked_toc_read(&p, data, &t, &e), 0);
	assert_covers(&t, 1000);
	chunked_toc_done(&t);
	data[p.toc_len - 1] ^= 1;
	assert_int_equal(chunked_toc_read(&p, data, &t, &e), -IMAGE_EVERIFY);
}

static void a_table_that_inflates_to_more_than_it_says_is_refused(void **state UNUSED)
{
	size_t len = (size_t)64 << 20;
	autofree char *text = xcalloc(1, len), *data = NULL;
	auto_(chunked_toc) struct chunked_toc t = { 0 };
	struct chunked_position p;
	struct err e = { 0 };

	memset(text, ' ', len);
	compress(text, len, &p, &data);
	p.toc_plain = 5000;
	assert_int_equal(chunked_toc_read(&p, data, &t, &e), -EBADMSG);
	assert_non_null(strstr(e.msg, "more than the 5000 bytes"));
}

/* ---- Where it is ---- */

static void a_position_lies_within_the_blob(void **state UNUSED)
{
	struct chunked_position p;

	assert_int_equal(chunked_position_parse("1008:50:200:1", 2000, &p, NULL), 0);
	assert_int_equal(p.tail, 1000);
	assert_int_equal(p.toc_len, 50);
	assert_int_equal(p.toc_plain, 200);
}

static void positions_that_make_no_sense_are_refused(void **state UNUSED)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", EBADMSG },
		{ "1008", EBADMSG },
		{ "1008:50:200", EBADMSG },
		{ "1008:50:200:1:1", EBADMSG },
		{ "1008:50:200:x", EBADMSG },
		{ "-8:50:200:1", EBADMSG },
		{ "+9:50:200:1", EBADMSG },
		{ "8:50:200:1", EBADMSG },
		{ "0:50:200:1", EBADMSG },
		{ "1008:0:200:1", EBADMSG },
		{ "1008:993:200:1", EBADMSG },
		{ "9223372036854775807:9223372036854775807:1:1", EBADMSG },
		{ "99999999999999999999:1:1:1", EBADMSG },
		{ "1008:50:17000000000:1", E2BIG },
		{ "1008:50:200:2", ENOTSUP },
	};
	struct chunked_position p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(chunked_position_parse(bad[i].text, 2000, &p, NULL),
				 -bad[i].error);
	assert_int_equal(chunked_position_parse("1008:50:200:1", INT64_C(1) << 40, &p, NULL),
			 -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_cover_the_blob_up_to_its_tail),
		cmocka_unit_test(parts_of_a_file_end_where_the_next_begins),
		cmocka_unit_test(what_describes_a_header_makes_its_key_and_where_it_lies_does_not),
		cmocka_unit_test(entries_that_overlap_or_lie_outside_are_refused),
		cmocka_unit_test(offsets_that_are_no_offsets_are_refused),
		cmocka_unit_test(names_are_nobodys_paths),
		cmocka_unit_test(a_table_is_read_when_its_digest_is_right),
		cmocka_unit_test(a_table_that_inflates_to_more_than_it_says_is_refused),
		cmocka_unit_test(a_position_lies_within_the_blob),
		cmocka_unit_test(positions_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
