/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/protobuf.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct inner {
	struct pb_number n;
	const char *text;
	struct inner *deeper;
};

struct outer {
	struct pb_number flag, i32, u32, i64, u64, s32, s64, f32, f64;
	const char *text;
	struct pb_bytes bytes;
	struct inner *inner;
	struct pb_list numbers, packed, texts, inners;
	struct pb_number needed;
};

static const struct pb_message inner_message;

#define I(member, number, ...) PB_FIELD(struct inner, member, number, __VA_ARGS__)
static const struct pb_field inner_rows[] = {
	I(n, 1, PB_INT32),
	I(text, 2, PB_STRING),
	I(deeper, 3, PB_MESSAGE, .type = &inner_message),
};
static const struct pb_message inner_message = PB_MESSAGE_TYPE("inner", struct inner, inner_rows);

#define O(member, number, ...) PB_FIELD(struct outer, member, number, __VA_ARGS__)
static const struct pb_field outer_rows[] = {
	O(flag, 1, PB_BOOL),
	O(i32, 2, PB_INT32),
	O(u32, 3, PB_UINT32),
	O(i64, 4, PB_INT64),
	O(u64, 5, PB_UINT64),
	O(s32, 6, PB_SINT32),
	O(s64, 7, PB_SINT64),
	O(f32, 8, PB_FIXED32),
	O(f64, 9, PB_FIXED64),
	O(text, 10, PB_STRING),
	O(bytes, 11, PB_BYTES),
	O(inner, 12, PB_MESSAGE, .type = &inner_message),
	O(numbers, 13, PB_UINT32, .bits = PB_REPEATED),
	O(packed, 14, PB_SINT32, .bits = PB_REPEATED | PB_PACKED),
	O(texts, 15, PB_STRING, .bits = PB_REPEATED),
	O(inners, 16, PB_MESSAGE, .bits = PB_REPEATED, .type = &inner_message),
	O(needed, 1000, PB_INT32, .bits = PB_REQUIRED),
};
static const struct pb_message outer_message = PB_MESSAGE_TYPE("outer", struct outer, outer_rows);

#define NEEDED     "\xc0\x3e\x01"
#define NEEDED_LEN 3

static int decode(const char *wire, size_t len, struct arena *a, struct outer *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	return pb_decode(&outer_message, wire, len, a, ret, e);
}

/* Expects failure with exactly this message. */
static void refused(const char *wire, size_t len, const char *message)
{
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct outer o;

	assert_true(decode(wire, len, &a, &o, &e) < 0);
	assert_string_equal(e.msg, message);
}
#define REFUSED(wire, message) refused(wire, sizeof(wire) - 1, message)

static void the_examples_of_the_specification_are_understood(void **state UNUSED)
{
	/* "Test1 a = 150", "Test2 b = testing", "Test3 c = Test1 150", with these field numbers. */
	static const char wire[] = "\x10\x96\x01"
				   "\x52\x07testing"
				   "\x62\x03\x08\x96\x01" NEEDED;
	auto_(arena) struct arena a = { 0 };
	struct outer o;

	assert_int_equal(decode(wire, sizeof(wire) - 1, &a, &o, NULL), 0);
	assert_int_equal(o.i32.v, 150);
	assert_string_equal(o.text, "testing");
	assert_int_equal(o.inner->n.v, 150);
	assert_int_equal(o.needed.v, 1);
	assert_false(o.flag.set);
}

static void every_kind_comes_back_as_it_went(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf wire = { 0 }, again = { 0 };
	struct pb_number packed[] = { pb_set(-1), pb_set(0), pb_set(INT32_MIN) };
	struct pb_number numbers[] = { pb_set(1), pb_set(UINT32_MAX) };
	const char *texts[] = { "", "two", "/three" };
	struct inner inners[] = { { .n = pb_set(-7) }, { .text = "x" } };
	struct inner deeper = { .text = "deep" }, inner = { .deeper = &deeper };
	struct outer o = {
		.flag = pb_set(1),
		.i32 = pb_set(INT32_MIN),
		.u32 = pb_set(UINT32_MAX),
		.i64 = pb_set(INT64_MIN),
		.u64 = pb_set(-1),
		.s32 = pb_set(INT32_MIN),
		.s64 = pb_set(INT64_MIN),
		.f32 = pb_set(0x01020304),
		.f64 = pb_set(-2),
		.text = "",
		.bytes = { (const uint8_t *)"a\0b", 3 },
		.inner = &inner,
		.numbers = { numbers, 2 },
		.packed = { packed, 3 },
		.texts = { texts, 3 },
		.inners = { inners, 2 },
		.needed = pb_set(-1),
	};
	struct outer back;

	pb_encode(&outer_message, &o, &wire);
	assert_int_equal(decode(wire.data, wire.len, &a, &back, NULL), 0);
	pb_encode(&outer_message, &back, &again);
	assert_int_equal(again.len, wire.len);
	assert_memory_equal(again.data, wire.data, wire.len);
	assert_true(back.flag.set && back.flag.v == 1);
	assert_true(back.i32.v == INT32_MIN && back.i64.v == INT64_MIN && back.u64.v == -1);
	assert_true(back.s32.v == INT32_MIN && back.s64.v == INT64_MIN && back.f64.v == -2);
	assert_memory_equal(back.bytes.data, "a\0b", 3);
	assert_string_equal(((const char **)back.texts.items)[2], "/three");
	assert_null(((const char **)back.texts.items)[3]);
	assert_int_equal(((struct pb_number *)back.packed.items)[2].v, INT32_MIN);
	assert_int_equal(((struct inner *)back.inners.items)[0].n.v, -7);
	assert_string_equal(back.inner->deeper->text, "deep");
}

static void absent_is_not_zero(void **state UNUSED)
{
	auto_(strbuf) struct strbuf wire = { 0 };
	struct inner nothing = { 0 }, zero = { .n = pb_set(0) };

	pb_encode(&inner_message, &nothing, &wire);
	assert_int_equal(wire.len, 0);
	pb_encode(&inner_message, &zero, &wire);
	assert_int_equal(wire.len, 2);
	assert_memory_equal(wire.data, "\x08\x00", 2);
}

static void a_negative_int32_takes_ten_bytes(void **state UNUSED)
{
	auto_(strbuf) struct strbuf wire = { 0 };
	struct inner minus = { .n = pb_set(-1) };

	pb_encode(&inner_message, &minus, &wire);
	assert_int_equal(wire.len, 11);
	assert_memory_equal(wire.data, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
}

static void both_forms_of_repeated_numbers_are_read(void **state UNUSED)
{
	static const char wire[] = "\x68\x01\x6a\x03\x02\xac\x02\x68\x04\x70\x01" NEEDED;
	auto_(arena) struct arena a = { 0 };
	const struct pb_number *n;
	struct outer o;

	assert_int_equal(decode(wire, sizeof(wire) - 1, &a, &o, NULL), 0);
	assert_int_equal(o.numbers.n, 4);
	n = o.numbers.items;
	assert_true(n[0].v == 1 && n[1].v == 2 && n[2].v == 300 && n[3].v == 4);
	assert_int_equal(((struct pb_number *)o.packed.items)[0].v, -1);
}

static void of_two_values_the_last_holds_and_messages_are_merged(void **state UNUSED)
{
	static const char wire[] = "\x10\x01\x10\x02"
				   "\x62\x02\x08\x05\x62\x03\x12\x01x" NEEDED;
	auto_(arena) struct arena a = { 0 };
	struct outer o;

	assert_int_equal(decode(wire, sizeof(wire) - 1, &a, &o, NULL), 0);
	assert_int_equal(o.i32.v, 2);
	assert_int_equal(o.inner->n.v, 5);
	assert_string_equal(o.inner->text, "x");
}

static void unknown_fields_are_skipped(void **state UNUSED)
{
	static const char wire[] = "\xa8\x1f\x07"                             /* 501: varint */
				   "\xb1\x1f\x01\x02\x03\x04\x05\x06\x07\x08" /* 502: 64 bits */
				   "\xba\x1f\x02zz"                           /* 503: run */
				   "\xc5\x1f\x01\x02\x03\x04" NEEDED;         /* 504: 32 bits */
	auto_(arena) struct arena a = { 0 };
	struct outer o;

	assert_int_equal(decode(wire, sizeof(wire) - 1, &a, &o, NULL), 0);
}

static void what_is_cut_off_is_refused_at_every_byte(void **state UNUSED)
{
	static const char wire[] = NEEDED "\x10\x96\x01\x45\x01\x02\x03\x04"
					  "\x52\x07testing\x62\x03\x08\x96\x01";
	static const size_t whole[] = { 3, 6, 11, 20, 25 };

	for (size_t len = 0; len < sizeof(wire); len++) {
		auto_(arena) struct arena a = { 0 };
		bool ok = false;
		struct outer o;

		for (size_t i = 0; i < ARRAY_LEN(whole); i++)
			ok |= len == whole[i];
		assert_int_equal(decode(wire, len, &a, &o, NULL) >= 0, ok);
	}
}

static void errors_name_the_field(void **state UNUSED)
{
	REFUSED("", "outer: needed: missing");
	REFUSED("\x10", "outer: i32: ends in the middle of a number");
	REFUSED("\x52\x05xy", "outer: text: says it has 5 bytes where 2 are left");
	REFUSED("\x52\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xy",
		"outer: text: says it has 18446744073709551615 bytes where 2 are left");
	REFUSED("\x62\x02\x08\x80", "outer: inner: n: ends in the middle of a number");
	REFUSED("\x62\x03\x12\x01\x00", "outer: inner: text: holds a NUL");
	REFUSED("\x12\x01\x01", "outer: i32: has wire type 2");
	REFUSED("\x50\x01", "outer: text: has wire type 0");
	REFUSED("\x13", "outer: i32: has wire type 3");
	REFUSED("\xa3\x06", "outer: field 100: has wire type 3");
	REFUSED("\x00\x01", "outer: has a field number out of range");
	REFUSED("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"outer: i32: holds a number of more than 64 bits");
	REFUSED("\x10\x80\x80\x80\x80\x08", "outer: i32: is out of range");
	REFUSED("\x18\x80\x80\x80\x80\x10", "outer: u32: is out of range");
}

static void nesting_has_an_end(void **state UNUSED)
{
	auto_(strbuf) struct strbuf wire = { 0 };
	struct inner chain[PB_MAX_DEPTH + 1] = { { .n = pb_set(1) } };
	struct outer o = { .inner = &chain[PB_MAX_DEPTH - 1], .needed = pb_set(1) };
	auto_(arena) struct arena a = { 0 };
	struct outer back;

	for (size_t i = 1; i < ARRAY_LEN(chain); i++)
		chain[i].deeper = &chain[i - 1];
	pb_encode(&outer_message, &o, &wire);
	assert_int_equal(decode(wire.data, wire.len, &a, &back, NULL), 0);
	strbuf_truncate(&wire, 0);
	o.inner = &chain[PB_MAX_DEPTH];
	pb_encode(&outer_message, &o, &wire);
	assert_int_equal(decode(wire.data, wire.len, &a, &back, NULL), -EBADMSG);
}

/* Two bytes a piece on the wire, a struct each in memory. */
static void small_messages_cannot_ask_for_much_memory(void **state UNUSED)
{
	auto_(strbuf) struct strbuf wire = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct outer o;

	for (int i = 0; i < 1 << 20; i++)
		strbuf_add(&wire, "\x82\x01\x00", 3);
	assert_int_equal(decode(wire.data, wire.len, &a, &o, &e), -E2BIG);
	assert_true(a.used <= PB_MAX_MEMORY + 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_specification_are_understood),
		cmocka_unit_test(every_kind_comes_back_as_it_went),
		cmocka_unit_test(absent_is_not_zero),
		cmocka_unit_test(a_negative_int32_takes_ten_bytes),
		cmocka_unit_test(both_forms_of_repeated_numbers_are_read),
		cmocka_unit_test(of_two_values_the_last_holds_and_messages_are_merged),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(what_is_cut_off_is_refused_at_every_byte),
		cmocka_unit_test(errors_name_the_field),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(small_messages_cannot_ask_for_much_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
