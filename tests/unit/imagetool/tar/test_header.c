/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/header.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void put_sum(uint8_t block[TAR_BLOCK])
{
	unsigned sum = 0;
	char text[9];

	memset(block + TAR_AT_CHECKSUM, ' ', TAR_LEN_CHECKSUM);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	(void)snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + TAR_AT_CHECKSUM, text, 7);
}

static void make_block(uint8_t block[TAR_BLOCK])
{
	memset(block, 0, TAR_BLOCK);
	memcpy(block, "name", 4);
	memcpy(block + TAR_AT_MODE, "0104755", 8);
	memcpy(block + TAR_AT_UID, "0001750", 8);
	memcpy(block + TAR_AT_GID, "  144 \0", 8);
	memcpy(block + TAR_AT_SIZE, "00000000012", 12);
	memcpy(block + TAR_AT_MTIME, "14000000000", 12);
	block[TAR_AT_TYPE] = '0';
	memcpy(block + TAR_AT_MAGIC, "ustar\00000", 8);
	put_sum(block);
}

static void numbers_are_octal_or_base_256(void **state UNUSED)
{
	static const struct {
		const char *field;
		size_t len;
		int r;
		int64_t want;
	} rows[] = {
		{ "0000012", 8, 0, 10 },
		{ "      7 ", 8, 0, 7 },
		{ "77777777", 8, 0, 077777777 }, /* no room for an end */
		{ "12 \0xyz", 8, 0, 10 },
		{ "\0\0\0\0\0\0\0", 8, 0, 0 },
		{ "        ", 8, 0, 0 },
		{ "8", 8, -EBADMSG, 0 },
		{ "12x", 8, -EBADMSG, 0 },
		{ "-1", 8, -EBADMSG, 0 },
		{ "\x80\0\0\0\0\0\0\x05", 8, 0, 5 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0, -1 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf1\xf0", 12, 0, -3600 },
		{ "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12, 0, INT64_MAX },
		{ "\x80\0\0\0\x80\0\0\0\0\0\0\0", 12, -ERANGE, 0 },
		{ "\x80\0\0\x01\0\0\0\0\0\0\0\0", 12, -ERANGE, 0 },
		{ "\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 12, -ERANGE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 0;

		assert_int_equal(tar_number((const uint8_t *)rows[i].field, rows[i].len, &v),
				 rows[i].r);
		assert_int_equal(v, rows[i].want);
	}
}

static void a_header_is_read_field_by_field(void **state UNUSED)
{
	uint8_t block[TAR_BLOCK];
	struct tar_header h;

	make_block(block);
	assert_int_equal(tar_header_parse(block, &h, NULL), 0);
	assert_string_equal(h.name, "name");
	assert_int_equal(h.mode, 04755);
	assert_int_equal(h.uid, 1000);
	assert_int_equal(h.gid, 100);
	assert_int_equal(h.size, 10);
	assert_int_equal(h.mtime, 014000000000);
	assert_int_equal(h.type, '0');
}

static void a_prefix_goes_in_front_only_in_ustar(void **state UNUSED)
{
	uint8_t block[TAR_BLOCK];
	struct tar_header h;

	make_block(block);
	memcpy(block + TAR_AT_PREFIX, "pre/fix", 7);
	put_sum(block);
	assert_int_equal(tar_header_parse(block, &h, NULL), 0);
	assert_string_equal(h.name, "pre/fix/name");
	/* GNU tar has times there. */
	memcpy(block + TAR_AT_MAGIC, "ustar  \0", 8);
	put_sum(block);
	assert_int_equal(tar_header_parse(block, &h, NULL), 0);
	assert_string_equal(h.name, "name");
	assert_true(h.gnu);
}

static void names_that_fill_their_fields_are_whole(void **state UNUSED)
{
	uint8_t block[TAR_BLOCK];
	struct tar_header h;

	make_block(block);
	memset(block, 'n', TAR_LEN_NAME);
	memset(block + TAR_AT_PREFIX, 'p', TAR_LEN_PREFIX);
	memset(block + TAR_AT_LINK, 'l', TAR_LEN_LINK);
	put_sum(block);
	assert_int_equal(tar_header_parse(block, &h, NULL), 0);
	assert_int_equal(strlen(h.name), TAR_LEN_NAME + 1 + TAR_LEN_PREFIX);
	assert_int_equal(strlen(h.link), TAR_LEN_LINK);
}

static void any_changed_byte_breaks_the_checksum(void **state UNUSED)
{
	uint8_t block[TAR_BLOCK];
	struct tar_header h;
	struct err e = { 0 };

	make_block(block);
	block[300]++;
	assert_int_equal(tar_header_parse(block, &h, &e), -EBADMSG);
	assert_string_equal(e.msg, "tar header: wrong checksum");
}

static void a_negative_size_is_refused(void **state UNUSED)
{
	uint8_t block[TAR_BLOCK];
	struct tar_header h;
	struct err e = { 0 };

	make_block(block);
	memset(block + TAR_AT_SIZE, 0xff, TAR_LEN_SIZE);
	put_sum(block);
	assert_int_equal(tar_header_parse(block, &h, &e), -EBADMSG);
	assert_string_equal(e.msg, "tar header: size -1 is out of range");
}

static void device_numbers_count_only_for_devices(void **state UNUSED)
{
	uint8_t block[TAR_BLOCK];
	struct tar_header h;

	make_block(block);
	memcpy(block + TAR_AT_MAJOR, "garbage", 7);
	put_sum(block);
	assert_int_equal(tar_header_parse(block, &h, NULL), 0);
	block[TAR_AT_TYPE] = '3';
	put_sum(block);
	assert_int_equal(tar_header_parse(block, &h, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_octal_or_base_256),
		cmocka_unit_test(a_header_is_read_field_by_field),
		cmocka_unit_test(a_prefix_goes_in_front_only_in_ustar),
		cmocka_unit_test(names_that_fill_their_fields_are_whole),
		cmocka_unit_test(any_changed_byte_breaks_the_checksum),
		cmocka_unit_test(a_negative_size_is_refused),
		cmocka_unit_test(device_numbers_count_only_for_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
