/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/pax.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/strbuf.h"

/* One parsed header and the text it points into. */
struct parsed {
	struct tar_pax pax;
	char *text;
	struct err e;
	int r;
};

static void parsed_done(struct parsed *p)
{
	tar_pax_done(&p->pax);
	free(p->text);
}
AUTO_DEFINE_DONE(parsed, parsed_done)

static void parse_bytes(struct parsed *p, const char *text, size_t len)
{
	p->text = xcalloc(len + 1, 1);
	memcpy(p->text, text, len);
	p->r = tar_pax_parse(&p->pax, p->text, len, &p->e);
}

static void add_record(struct strbuf *b, const char *key, const char *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;

	while (true) {
		size_t digits = total < 10 ? 1 : total < 100 ? 2 : total < 1000 ? 3 : 4;

		if (total == rest + digits)
			break;
		total = rest + digits;
	}
	strbuf_addf(b, "%zu %s=", total, key);
	strbuf_add(b, value, len);
	strbuf_addc(b, '\n');
}

static void parse_one(struct parsed *p, const char *key, const char *value)
{
	auto_(strbuf) struct strbuf b = { 0 };

	add_record(&b, key, value, strlen(value));
	parse_bytes(p, b.data, b.len);
}

static void numbers_names_and_times_are_read(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	auto_(parsed) struct parsed p = { 0 };

	add_record(&b, "path", "a/b", 3);
	add_record(&b, "linkpath", "c", 1);
	add_record(&b, "size", "12345678901", 11);
	add_record(&b, "uid", "5", 1);
	add_record(&b, "gid", "6", 1);
	add_record(&b, "mtime", "1700000000.000000001", 20);
	add_record(&b, "comment", "whatever", 8);
	parse_bytes(&p, b.data, b.len);
	assert_int_equal(p.r, 0);
	assert_string_equal(p.pax.path, "a/b");
	assert_string_equal(p.pax.link, "c");
	assert_true(p.pax.has_size && p.pax.has_uid && p.pax.has_gid && p.pax.has_mtime);
	assert_int_equal(p.pax.size, 12345678901);
	assert_int_equal(p.pax.uid, 5);
	assert_int_equal(p.pax.gid, 6);
	assert_int_equal(p.pax.mtime.tv_sec, 1700000000);
	assert_int_equal(p.pax.mtime.tv_nsec, 1);
}

static void an_empty_value_takes_an_earlier_one_back(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	auto_(parsed) struct parsed p = { 0 };

	add_record(&b, "path", "a", 1);
	add_record(&b, "path", "", 0);
	add_record(&b, "uid", "7", 1);
	add_record(&b, "uid", "", 0);
	parse_bytes(&p, b.data, b.len);
	assert_int_equal(p.r, 0);
	assert_null(p.pax.path);
	assert_false(p.pax.has_uid);
}

static void times_before_the_epoch_and_finer_than_a_nanosecond(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t sec;
		long nsec;
	} rows[] = {
		{ "-1", -1, 0 },
		{ "-1.25", -2, 750000000 },
		{ "0.1234567899", 0, 123456789 },
		{ "5.", 5, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(parsed) struct parsed p = { 0 };

		parse_one(&p, "mtime", rows[i].text);
		assert_int_equal(p.r, 0);
		assert_int_equal(p.pax.mtime.tv_sec, rows[i].sec);
		assert_int_equal(p.pax.mtime.tv_nsec, rows[i].nsec);
	}
}

static void bad_numbers_and_times_name_their_key(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "size", "-1" },
		{ "size", "1x" },
		{ "uid", "-1" },
		{ "gid", "0x1" },
		{ "mtime", "now" },
		{ "mtime", "1.2x" },
		{ "mtime", "999999999999999999999999999" },
		{ "size", "9223372036854775808" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(parsed) struct parsed p = { 0 };

		parse_one(&p, rows[i][0], rows[i][1]);
		assert_int_equal(p.r, -EBADMSG);
		assert_true(starts_with(p.e.msg, rows[i][0]));
	}
}

static void attributes_are_bytes_and_the_last_of_a_name_counts(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	auto_(parsed) struct parsed p = { 0 };

	add_record(&b, "SCHILY.xattr.user.a", "old", 3);
	add_record(&b, "SCHILY.xattr.user.b", "\0\n\xff", 3);
	add_record(&b, "SCHILY.xattr.user.a", "new=x", 5);
	parse_bytes(&p, b.data, b.len);
	assert_int_equal(p.r, 0);
	assert_int_equal(p.pax.n_xattrs, 2);
	assert_string_equal(p.pax.xattrs[0].name, "user.a");
	assert_memory_equal(p.pax.xattrs[0].value, "new=x", 5);
	assert_int_equal(p.pax.xattrs[1].len, 3);
	assert_memory_equal(p.pax.xattrs[1].value, "\0\n\xff", 3);
}

static void libarchive_writes_names_in_url_and_values_in_base64(void **state UNUSED)
{
	static const struct {
		const char *key, *value, *name, *want;
		size_t len;
	} rows[] = {
		{ "LIBARCHIVE.xattr.user.a%20b", "aGVsbG8", "user.a b", "hello", 5 },
		{ "LIBARCHIVE.xattr.user.x", "AP8A", "user.x", "\0\xff", 3 },
		{ "LIBARCHIVE.xattr.user.x", "aGVsbG8=", "user.x", "hello", 5 },
		{ "LIBARCHIVE.xattr.user.x", "", "user.x", "", 0 },
	};
	static const char *const bad[][2] = {
		{ "LIBARCHIVE.xattr.user.%4", "AAAA" },
		{ "LIBARCHIVE.xattr.user.%", "AAAA" },
		{ "LIBARCHIVE.xattr.user.x", "A" },
		{ "LIBARCHIVE.xattr.user.x", "A!AA" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(parsed) struct parsed p = { 0 };

		parse_one(&p, rows[i].key, rows[i].value);
		assert_int_equal(p.r, 0);
		assert_string_equal(p.pax.xattrs[0].name, rows[i].name);
		assert_int_equal(p.pax.xattrs[0].len, rows[i].len);
		assert_memory_equal(p.pax.xattrs[0].value, rows[i].want, rows[i].len);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(parsed) struct parsed p = { 0 };

		parse_one(&p, bad[i][0], bad[i][1]);
		assert_int_equal(p.r, -EBADMSG);
	}
}

static void malformed_records_are_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"x",
		"5",
		"11 path=abc",
		"6 a=b\n",
		"99 path=a\n",
		"7 path\n",
		"4 =\n",
		"0 a=b\n",
		"1 a=b\n",
		" 6 a=b\n",
		"-6 a=b\n",
		"123456789 a=b\n",
		"6  =b\n6 a=b",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(parsed) struct parsed p = { 0 };

		parse_bytes(&p, rows[i], strlen(rows[i]));
		if (streq(rows[i], "6 a=b\n"))
			assert_int_equal(p.r, 0);
		else
			assert_int_equal(p.r, -EBADMSG);
	}
}

static void nuls_fill_the_end_but_not_a_name(void **state UNUSED)
{
	auto_(parsed) struct parsed filled = { 0 }, cut = { 0 };

	parse_bytes(&filled, "6 a=b\n\0\0\0", 9);
	assert_int_equal(filled.r, 0);
	parse_bytes(&cut, "12 path=a\0b\n", 12);
	assert_int_equal(cut.r, -EBADMSG);
	assert_string_equal(cut.e.msg, "path: holds a NUL");
}

static void more_attributes_than_the_limit_are_refused(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	auto_(parsed) struct parsed p = { 0 };

	for (int i = 0; i <= TAR_XATTRS_MAX; i++) {
		autofree char *key = xasprintf("SCHILY.xattr.user.%d", i);

		add_record(&b, key, "v", 1);
	}
	parse_bytes(&p, b.data, b.len);
	assert_int_equal(p.r, -E2BIG);
}

static void sparse_maps_ascend_and_fill_the_data(void **state UNUSED)
{
	static const struct {
		struct tar_piece pieces[3];
		int64_t real, data;
		int r;
	} rows[] = {
		{ { { 0, 10 }, { 20, 5 }, { 30, 0 } }, 30, 15, 0 },
		{ { { 0, 0 }, { 0, 0 }, { 0, 0 } }, 0, 0, 0 },
		{ { { 0, 10 }, { 9, 5 }, { 30, 0 } }, 30, 15, -EBADMSG },
		{ { { 20, 5 }, { 0, 10 }, { 30, 0 } }, 30, 15, -EBADMSG },
		{ { { 0, 10 }, { 20, 11 }, { 31, 0 } }, 30, 21, -EBADMSG },
		{ { { 0, 10 }, { 20, -5 }, { 30, 0 } }, 30, 5, -EBADMSG },
		{ { { 0, 10 }, { 20, 5 }, { 30, 0 } }, 30, 14, -EBADMSG },
		{ { { 0, 10 }, { 40, 5 }, { 50, 0 } }, 30, 15, -EBADMSG },
		{ { { INT64_MAX, 1 }, { 0, 0 }, { 0, 0 } }, INT64_MAX, 1, -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tar_sparse s = { 0 };

		for (size_t n = 0; n < 3; n++)
			assert_int_equal(tar_sparse_add(&s, rows[i].pieces[n].offset,
							rows[i].pieces[n].len, NULL),
					 0);
		assert_int_equal(tar_sparse_check(&s, rows[i].real, rows[i].data, NULL), rows[i].r);
		tar_sparse_done(&s);
	}
}

static void sparse_maps_of_both_pax_formats_are_read(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	auto_(parsed) struct parsed old = { 0 }, text = { 0 };

	add_record(&b, "GNU.sparse.size", "100", 3);
	add_record(&b, "GNU.sparse.numblocks", "2", 1);
	add_record(&b, "GNU.sparse.offset", "0", 1);
	add_record(&b, "GNU.sparse.numbytes", "10", 2);
	add_record(&b, "GNU.sparse.offset", "50", 2);
	add_record(&b, "GNU.sparse.numbytes", "20", 2);
	parse_bytes(&old, b.data, b.len);
	parse_one(&text, "GNU.sparse.map", "0,10,50,20");
	assert_int_equal(old.r, 0);
	assert_int_equal(text.r, 0);
	assert_true(old.pax.sparse && text.pax.sparse);
	assert_int_equal(old.pax.real_size, 100);
	assert_int_equal(old.pax.map.n, 2);
	assert_int_equal(text.pax.map.n, 2);
	assert_memory_equal(old.pax.map.pieces, text.pax.map.pieces, 2 * sizeof(struct tar_piece));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_names_and_times_are_read),
		cmocka_unit_test(an_empty_value_takes_an_earlier_one_back),
		cmocka_unit_test(times_before_the_epoch_and_finer_than_a_nanosecond),
		cmocka_unit_test(bad_numbers_and_times_name_their_key),
		cmocka_unit_test(attributes_are_bytes_and_the_last_of_a_name_counts),
		cmocka_unit_test(libarchive_writes_names_in_url_and_values_in_base64),
		cmocka_unit_test(malformed_records_are_refused),
		cmocka_unit_test(nuls_fill_the_end_but_not_a_name),
		cmocka_unit_test(more_attributes_than_the_limit_are_refused),
		cmocka_unit_test(sparse_maps_ascend_and_fill_the_data),
		cmocka_unit_test(sparse_maps_of_both_pax_formats_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
