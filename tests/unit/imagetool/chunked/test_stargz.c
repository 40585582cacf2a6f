/* SPDX-License-Identifier: Apache-2.0 */
/* eStargz: the footer, the table in the end of the tar stream, and which members are the same. */
#include "imagetool/chunked/stargz.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "imagetool/chunked/toc.h"
#include "imagetool/errors.h"
#include "libutil/alloc.h"

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TAIL 1000
#define SIZE ((int64_t)2000)

/* ---- The footer ---- */

#define FOOTER(offset)                                                                             \
	"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0" offset                                      \
	"STARGZ\x01\0\0\xff\xff\0\0\0\0\0\0\0\0"

static int read_footer(const char *footer, struct chunked_position *p)
{
	*p = (struct chunked_position){ .form = CHUNKED_STARGZ };
	return stargz_footer((const uint8_t *)footer, SIZE, p, NULL);
}

static void the_footer_says_where_the_table_is(void **state UNUSED)
{
	struct chunked_position p;

	assert_int_equal(sizeof(FOOTER("00000000000003e8")), STARGZ_FOOTER + 1);
	assert_int_equal(read_footer(FOOTER("00000000000003e8"), &p), 0);
	assert_int_equal(p.tail, 1000);
	assert_int_equal(p.toc, 1000);
	assert_int_equal(p.toc_len, SIZE - STARGZ_FOOTER - 1000);
}

static void footers_that_lead_nowhere_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		FOOTER("0000000000000000"), FOOTER("ffffffffffffffff"),  FOOTER("7fffffffffffffff"),
		FOOTER("00000000000007d0"), FOOTER("000000000000079d"),  FOOTER("00000000000003E8"),
		FOOTER("-000000000000001"), FOOTER("000000000000000\0"), FOOTER("+000000000000001"),
	};
	struct chunked_position p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(read_footer(bad[i], &p), -EBADMSG);
	assert_int_equal(read_footer(FOOTER("000000000000079c"), &p), 0);
	assert_int_equal(p.toc_len, 1);
}

static void what_is_no_footer_is_refused(void **state UNUSED)
{
	static const size_t fixed[] = { 0, 1, 2, 3, 10, 12, 13, 14, 32, 37 };
	struct chunked_position p;

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		char footer[] = FOOTER("00000000000003e8");

		footer[fixed[i]] ^= 1;
		assert_int_equal(read_footer(footer, &p), -EBADMSG);
	}
}

static void a_table_of_half_a_terabyte_is_refused(void **state UNUSED)
{
	struct chunked_position p = { 0 };

	assert_int_equal(stargz_footer((const uint8_t *)FOOTER("0000000000000010"),
				       INT64_C(1) << 39, &p, NULL),
			 -E2BIG);
}

/* ---- The table ---- */

static void add_file(struct strbuf *out, const char *name, const char *text)
{
	char head[512] = "";
	unsigned sum = 0;
	size_t len = strlen(text);

	(void)snprintf(head, 100, "%s", name);
	(void)snprintf(head + 124, 12, "%011o", (unsigned)len);
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (uint8_t)head[i];
	(void)snprintf(head + 148, 8, "%06o", sum);
	strbuf_add(out, head, sizeof(head));
	strbuf_add(out, text, len);
	while (out->len % 512)
		strbuf_addc(out, 0);
}

static int read_table(const char *name, const char *text, struct strbuf *ret)
{
	auto_(strbuf) struct strbuf stream = { 0 };

	add_file(&stream, name, text);
	for (int i = 0; i < 1024; i++)
		strbuf_addc(&stream, 0);
	return stargz_table(stream.data, stream.len, ret, NULL);
}

static void the_table_is_the_file_of_its_name(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };

	assert_int_equal(read_table(STARGZ_TABLE_NAME, "{}", &text), 0);
	assert_string_equal(strbuf_str(&text), "{}");
	assert_int_equal(read_table("other", "{}", &text), -EBADMSG);
	assert_int_equal(stargz_table("", 0, &text, NULL), -EBADMSG);
}

static void a_stream_that_ends_early_is_refused(void **state UNUSED)
{
	auto_(strbuf) struct strbuf stream = { 0 }, text = { 0 };

	add_file(&stream, STARGZ_TABLE_NAME, "{\"entries\":[]}");
	assert_true(stargz_table(stream.data, 514, &text, NULL) < 0);
	assert_true(stargz_table(stream.data, 100, &text, NULL) < 0);
}

static void compress_table(const char *text, uint8_t *out, size_t cap, struct chunked_position *p)
{
	auto_(strbuf) struct strbuf stream = { 0 };
	z_stream z = { 0 };

	add_file(&stream, STARGZ_TABLE_NAME, text);
	for (int i = 0; i < 1024; i++)
		strbuf_addc(&stream, 0);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)stream.data;
	z.avail_in = (uInt)stream.len;
	z.next_out = out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*p = (struct chunked_position){ .form = CHUNKED_STARGZ,
					.tail = TAIL,
					.toc = TAIL,
					.toc_len = (int64_t)z.total_out,
					.toc_plain = 1 << 20 };
	digest_of(DIGEST_SHA256, text, strlen(text), p->digest);
	(void)deflateEnd(&z);
}

static void the_digest_is_of_the_table_itself(void **state UNUSED)
{
	auto_(chunked_toc) struct chunked_toc t = { 0 };
	struct chunked_position p;
	uint8_t data[4096];
	struct err e = { 0 };

	compress_table("{\"version\":1,\"entries\":[]}", data, sizeof(data), &p);
	assert_int_equal(chunked_toc_read(&p, data, &t, &e), 0);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.pieces[0].len, TAIL);
	chunked_toc_done(&t);
	p.digest[10] ^= 1;
	assert_int_equal(chunked_toc_read(&p, data, &t, &e), -IMAGE_EVERIFY);
}

/* ---- Members ---- */

#define DIR "{\"type\":\"dir\",\"name\":\"d/\",\"mode\":493}"
#define FILE_AT(name, size, digest, offset)                                                        \
	"{\"type\":\"reg\",\"name\":\"" name "\",\"size\":" size                                   \
	",\"chunkDigest\":\"sha256:" digest "\",\"offset\":" offset "}"
#define CHUNK_AT(name, digest, offset)                                                             \
	"{\"type\":\"chunk\",\"name\":\"" name "\",\"chunkDigest\":\"sha256:" digest               \
	"\",\"offset\":" offset "}"
#define TOC(entries) "{\"version\":1,\"entries\":[" entries "]}"

static int parse(const char *text, struct chunked_toc *ret, struct err *e)
{
	return chunked_toc_parse(CHUNKED_STARGZ, text, strlen(text), TAIL, ret, e);
}

static void assert_covers(const struct chunked_toc *t, size_t n)
{
	int64_t at = 0;

	assert_int_equal(t->n, n);
	for (size_t i = 0; i < t->n; i++) {
		assert_int_equal(t->pieces[i].offset, at);
		at += t->pieces[i].len;
	}
	assert_int_equal(at, TAIL);
}

static void members_reach_from_content_to_content(void **state UNUSED)
{
	auto_(chunked_toc) struct chunked_toc t = { 0 };

	assert_int_equal(parse(TOC(DIR "," FILE_AT("a", "9", A64, "100") "," CHUNK_AT(
				       "a", B64, "300") "," DIR "," FILE_AT("b", "9", B64, "400")),
			       &t, NULL),
			 0);
	assert_covers(&t, 4);
	assert_int_equal(t.pieces[2].offset, 300);
	assert_int_equal(t.pieces[2].len, 100);
}

/* The key of the member with A's content. */
static uint64_t key_of(const char *text)
{
	auto_(chunked_toc) struct chunked_toc t = { 0 };

	assert_int_equal(parse(text, &t, NULL), 0);
	assert_true(t.n > 1);
	return t.pieces[1].key;
}

static void a_member_is_known_by_its_content_and_by_what_follows(void **state UNUSED)
{
	uint64_t key = key_of(
		TOC(FILE_AT("a", "9", A64, "100") "," DIR "," FILE_AT("b", "7", B64, "300")));
	/* Where it lies, the file's own name, and the content of the next do not matter. */
	static const char *const same[] = {
		TOC(FILE_AT("a", "9", A64, "50") "," DIR "," FILE_AT("b", "7", B64, "60")),
		TOC(FILE_AT("x", "521", A64, "100") "," DIR "," FILE_AT("b", "7", B64, "300")),
		TOC(FILE_AT("a", "9", A64, "100") "," DIR "," FILE_AT("b", "7", A64, "300")),
	};
	/* Content, padding, names, sizes, order, and that there is more or less do. */
	static const char *const other[] = {
		TOC(FILE_AT("a", "9", B64, "100") "," DIR "," FILE_AT("b", "7", B64, "300")),
		TOC(FILE_AT("a", "10", A64, "100") "," DIR "," FILE_AT("b", "7", B64, "300")),
		TOC(FILE_AT("a", "9", A64, "100") "," DIR "," FILE_AT("c", "7", B64, "300")),
		TOC(FILE_AT("a", "9", A64, "100") "," DIR "," FILE_AT("b", "8", B64, "300")),
		TOC(FILE_AT("a", "9", A64, "100") "," FILE_AT("b", "7", B64, "300") "," DIR),
		TOC(FILE_AT("a", "9", A64, "100") "," DIR "," DIR
						  "," FILE_AT("b", "7", B64, "300")),
		TOC(FILE_AT("a", "9", A64, "100") "," DIR),
		TOC(FILE_AT("a", "9", A64, "100") "," CHUNK_AT("a", B64, "300")),
	};

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_true(key_of(same[i]) == key);
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_true(key_of(other[i]) != key);
}

static void small_files_may_share_a_member(void **state UNUSED)
{
	static const char one[] =
		TOC(FILE_AT("a", "9", A64, "100") "," FILE_AT("b", "7", B64, "100"));
	static const char other[] =
		TOC(FILE_AT("a", "9", A64, "100") "," FILE_AT("b", "7", A64, "100"));
	auto_(chunked_toc) struct chunked_toc t = { 0 };

	assert_int_equal(parse(one, &t, NULL), 0);
	assert_covers(&t, 2);
	assert_true(key_of(one) != key_of(other));
}

static void content_without_a_digest_is_like_no_other(void **state UNUSED)
{
	assert_true(key_of(TOC(FILE_AT("a", "9", "", "100") "," FILE_AT("b", "7", A64, "300"))) ==
		    0);
	assert_true(key_of(TOC(FILE_AT("a", "9", A64, "100") "," FILE_AT("b", "7", "", "100"))) ==
		    0);
	assert_true(key_of(TOC(FILE_AT("a", "9", "", "100"))) == 0);
}

static void members_that_go_backwards_or_lie_outside_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		TOC(FILE_AT("a", "9", A64, "100") "," FILE_AT("b", "9", A64, "99")),
		TOC(FILE_AT("a", "9", A64, "1000")),
		TOC(FILE_AT("a", "9", A64, "9223372036854775807")),
		TOC(CHUNK_AT("a", A64, "100")),
		TOC(FILE_AT("a", "9", A64, "100") "," CHUNK_AT("a", A64, "0")),
		TOC(FILE_AT("a", "9", A64, "100") "," DIR "," CHUNK_AT("a", A64, "300")),
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(chunked_toc) struct chunked_toc t = { 0 };
		struct err e = { 0 };

		assert_int_equal(parse(bad[i], &t, &e), -EBADMSG);
		assert_non_null(strstr(e.msg, "is not between"));
		assert_null(t.pieces);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_footer_says_where_the_table_is),
		cmocka_unit_test(footers_that_lead_nowhere_are_refused),
		cmocka_unit_test(what_is_no_footer_is_refused),
		cmocka_unit_test(a_table_of_half_a_terabyte_is_refused),
		cmocka_unit_test(the_table_is_the_file_of_its_name),
		cmocka_unit_test(a_stream_that_ends_early_is_refused),
		cmocka_unit_test(the_digest_is_of_the_table_itself),
		cmocka_unit_test(members_reach_from_content_to_content),
		cmocka_unit_test(a_member_is_known_by_its_content_and_by_what_follows),
		cmocka_unit_test(small_files_may_share_a_member),
		cmocka_unit_test(content_without_a_digest_is_like_no_other),
		cmocka_unit_test(members_that_go_backwards_or_lie_outside_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
