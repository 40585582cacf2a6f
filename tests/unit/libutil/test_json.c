/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c, json_value.c and json_write.c, mostly by the files below tests/data/json. */
#include "libutil/json.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/file.h"
#include "libutil/path.h"

#define FILE_BYTES (1 << 20)

static int parse(const char *text, struct arena *a, struct json **ret, struct err *e)
{
	return json_parse("x.json", text, strlen(text), a, ret, e);
}

/* Calls `check` for each *.json of the directory, with the text of the file beside it. */
static void for_each_file(const char *kind, const char *ext,
			  void (*check)(const char *name, const char *text, size_t len,
					const char *want))
{
	autofree char *path = path_join(TEST_DATA "/json", kind);
	autodir DIR *dir = opendir(path);
	const struct dirent *entry;
	int seen = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		autofree char *text = NULL;
		autofree char *want = NULL;
		autofree char *beside = NULL;
		size_t len = 0;

		if (!dot || !streq(dot, ".json"))
			continue;
		beside = xasprintf("%.*s%s", (int)(dot - entry->d_name), entry->d_name, ext);
		assert_int_equal(
			file_read_at(dirfd(dir), entry->d_name, FILE_BYTES, &text, &len, NULL), 0);
		assert_int_equal(file_read_at(dirfd(dir), beside, FILE_BYTES, &want, NULL, NULL),
				 0);
		check(entry->d_name, text, len, want);
		seen++;
	}
	assert_true(seen > 10);
}

static void check_good(const char *name, const char *text, size_t len, const char *want)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };
	struct json *doc = NULL;
	struct err e = { 0 };

	if (json_parse(name, text, len, &a, &doc, &e) < 0)
		fail_msg("%s", e.msg);
	json_write_tree(&w, doc);
	if (!streq(strbuf_str(&out), want))
		fail_msg("%s became %s", name, strbuf_str(&out));
}

static void good_documents_keep_their_meaning(void **state UNUSED)
{
	for_each_file("good", ".out", check_good);
}

static void check_bad(const char *name, const char *text, size_t len, const char *want)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	struct err e = { 0 };
	int r = json_parse(name, text, len, &a, &doc, &e);

	if (r != -EBADMSG || !streq(e.msg, want))
		fail_msg("%s: %d %s", name, r, e.msg);
	assert_null(doc);
}

static void bad_documents_say_where_and_why(void **state UNUSED)
{
	for_each_file("bad", ".err", check_bad);
}

static void numbers_are_told_apart(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	const struct json_number *n;

	assert_int_equal(
		parse("[-5, 9223372036854775808, 1.0, 1e3, -0, 18446744073709551616, -7.5]", &a,
		      &doc, NULL),
		0);
	n = &doc->items[0].number;
	assert_true(n->kind == JSON_NUM_I64 && n->i64 == -5 && n->real == -5.0);
	n = &doc->items[1].number;
	assert_true(n->kind == JSON_NUM_U64 && n->u64 == UINT64_C(9223372036854775808));
	n = &doc->items[2].number;
	assert_true(n->kind == JSON_NUM_REAL && n->real == 1.0);
	n = &doc->items[3].number;
	assert_true(n->kind == JSON_NUM_REAL && n->real == 1000.0);
	n = &doc->items[4].number;
	assert_true(n->kind == JSON_NUM_I64 && n->i64 == 0);
	n = &doc->items[5].number;
	assert_true(n->kind == JSON_NUM_REAL && n->real == 18446744073709551616.0);
	n = &doc->items[6].number;
	assert_true(n->kind == JSON_NUM_REAL && n->real == -7.5);
}

static void a_document_beyond_the_limit_is_refused_unread(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	struct err e = { 0 };

	/* The text is one byte: reading further would be caught by the sanitizers. */
	assert_int_equal(json_parse("big.json", "[", JSON_MAX_SIZE + 1, &a, &doc, &e), -EFBIG);
	assert_string_equal(e.msg, "big.json: is larger than 16777216 bytes");
}

static void a_tree_has_a_bounded_number_of_values(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct json *doc = NULL;
	struct err e = { 0 };

	strbuf_addc(&text, '[');
	for (int i = 1; i < JSON_MAX_VALUES; i++)
		strbuf_adds(&text, i > 1 ? ",0" : "0");
	strbuf_addc(&text, ']');
	assert_int_equal(parse(strbuf_str(&text), &a, &doc, &e), 0);
	assert_int_equal(doc->len, JSON_MAX_VALUES - 1);
	strbuf_truncate(&text, text.len - 1);
	strbuf_adds(&text, ",0]");
	assert_int_equal(parse(strbuf_str(&text), &a, &doc, &e), -EFBIG);
	assert_string_equal(e.msg, "x.json: has more than 262144 values");
}

static void members_are_found_by_name(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;

	assert_int_equal(parse("{\"a\":\"x\",\"b\":{\"c\":null},\"n\":1}", &a, &doc, NULL), 0);
	assert_string_equal(json_get_string(doc, "a"), "x");
	assert_null(json_get_string(doc, "n"));
	assert_null(json_get_string(doc, "none"));
	assert_int_equal(json_get(json_get(doc, "b"), "c")->kind, JSON_NULL);
	assert_null(json_get(json_get(doc, "none"), "c"));
	assert_null(json_get(json_get(doc, "a"), "c"));
}

static void a_string_may_hold_a_nul(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;

	assert_int_equal(parse("\"a\\u0000b\"", &a, &doc, NULL), 0);
	assert_int_equal(doc->len, 3);
	assert_memory_equal(doc->string, "a\0b", 4);
}

/* Strings are looked through eight bytes at a time. */
static void a_special_character_is_found_wherever_it_stands(void **state UNUSED)
{
	static const struct {
		const char *written, *meant; /* NULL: an error */
	} specials[] = {
		{ "\\n", "\n" },
		{ "\\\"", "\"" },
		{ "\\\\", "\\" },
		{ "\x1f", NULL },
		{ "\n", NULL },
		{ "\"", NULL },
		{ " ", " " },
		{ "!", "!" },
		{ "#", "#" },
		{ "[", "[" },
		{ "]", "]" },
		{ "\x7f", "\x7f" },
		{ "\xc2\xa2", "\xc2\xa2" },
		{ "\\u00a2", "\xc2\xa2" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
	};

	for (int before = 0; before < 20; before++)
		for (int after = 0; after < 20; after++)
			for (size_t i = 0; i < ARRAY_LEN(specials); i++) {
				auto_(arena) struct arena a = { 0 };
				const char *meant = specials[i].meant;
				autofree char *text = xasprintf(
					"\"%.*s%s%.*s\"", before, "abcdefghijklmnopqrst",
					specials[i].written, after, "ABCDEFGHIJKLMNOPQRST");
				autofree char *want = xasprintf(
					"%.*s%s%.*s", before, "abcdefghijklmnopqrst",
					meant ? meant : "", after, "ABCDEFGHIJKLMNOPQRST");
				struct json *doc = NULL;
				int r = parse(text, &a, &doc, NULL);

				assert_int_equal(r, meant ? 0 : -EBADMSG);
				if (meant)
					assert_string_equal(doc->string, want);
			}
}

/* ---- Events ---- */

static int stop(struct err *e)
{
	return err_set(e, ENOTSUP, "the consumer's own words");
}

static int null_stops(void *ctx, struct err *e)
{
	++*(int *)ctx;
	return stop(e);
}

static int nothing(void *ctx, struct err *e UNUSED)
{
	++*(int *)ctx;
	return 0;
}

static int boolean(void *ctx, bool value UNUSED, struct err *e)
{
	return nothing(ctx, e);
}

static int number(void *ctx, const struct json_number *n UNUSED, struct err *e)
{
	return nothing(ctx, e);
}

static int text_event(void *ctx, const char *s UNUSED, size_t len UNUSED, struct err *e)
{
	return nothing(ctx, e);
}

static const struct json_events counting = {
	.null = null_stops,
	.boolean = boolean,
	.number = number,
	.string = text_event,
	.start_map = nothing,
	.map_key = text_event,
	.end_map = nothing,
	.start_array = nothing,
	.end_array = nothing,
};

static void a_consumer_ends_the_read_with_its_own_error(void **state UNUSED)
{
	const char text[] = "{\"a\":[1,null,true,\"x\"]}";
	struct err e = { 0 };
	int events = 0;

	assert_int_equal(json_read("x", text, strlen(text), &counting, &events, &e), -ENOTSUP);
	assert_string_equal(e.msg, "the consumer's own words");
	assert_int_equal(events, 5);
}

static void every_event_is_delivered_once(void **state UNUSED)
{
	const char text[] = "{\"a\":[1,true,\"x\",{}],\"b\":2.5}";
	int events = 0;

	assert_int_equal(json_read("x", text, strlen(text), &counting, &events, NULL), 0);
	assert_int_equal(events, 12);
}

/* ---- Writer ---- */

static void written_lines_are_indented(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "name", "a/b");
	json_key(&w, "list");
	json_array(&w);
	json_i64(&w, -1);
	json_u64(&w, UINT64_MAX);
	json_object(&w);
	json_object_end(&w);
	json_array_end(&w);
	json_kv_bool(&w, "yes", true);
	json_kv_i64(&w, "n", 5);
	json_key(&w, "none");
	json_null(&w);
	json_object_end(&w);
	assert_string_equal(strbuf_str(&out), "{\n"
					      "  \"name\": \"a/b\",\n"
					      "  \"list\": [\n"
					      "    -1,\n"
					      "    18446744073709551615,\n"
					      "    {}\n"
					      "  ],\n"
					      "  \"yes\": true,\n"
					      "  \"n\": 5,\n"
					      "  \"none\": null\n"
					      "}");
}

static void one_writer_makes_many_lines(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	for (int i = 0; i < 2; i++) {
		json_object(&w);
		json_kv_bool(&w, "a", false);
		json_object_end(&w);
		strbuf_addc(&out, '\n');
	}
	assert_string_equal(strbuf_str(&out), "{\"a\":false}\n{\"a\":false}\n");
}

static void bytes_that_are_no_text_are_replaced(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	json_string_n(&w, "a\xff\xc3\xa4\x01\0\xe2\x82", 8);
	assert_string_equal(strbuf_str(&out), "\"a\xef\xbf\xbd\xc3\xa4\\u0001\\u0000"
					      "\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void reals_read_back_as_the_same_number(void **state UNUSED)
{
	static const double reals[] = { 0.0,    -0.0, 1.0,     0.1,        1.0 / 3,
					1e21,   1e-7, DBL_MAX, DBL_MIN,    DBL_TRUE_MIN,
					5e-324, 1e15, 1e16,    123456.789, -2.5e-300 };

	for (size_t i = 0; i < ARRAY_LEN(reals); i++) {
		auto_(arena) struct arena a = { 0 };
		auto_(strbuf) struct strbuf out = { 0 };
		struct json_writer w = { .out = &out };
		struct json *doc = NULL;

		json_real(&w, reals[i]);
		assert_int_equal(parse(strbuf_str(&out), &a, &doc, NULL), 0);
		assert_int_equal(doc->number.kind, JSON_NUM_REAL);
		assert_memory_equal(&doc->number.real, &reals[i], sizeof(double));
	}
}

static void what_json_has_no_number_for_is_null(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	json_array(&w);
	json_real(&w, (double)INFINITY);
	json_real(&w, (double)NAN);
	json_array_end(&w);
	assert_string_equal(strbuf_str(&out), "[null,null]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_documents_keep_their_meaning),
		cmocka_unit_test(bad_documents_say_where_and_why),
		cmocka_unit_test(numbers_are_told_apart),
		cmocka_unit_test(a_document_beyond_the_limit_is_refused_unread),
		cmocka_unit_test(a_tree_has_a_bounded_number_of_values),
		cmocka_unit_test(members_are_found_by_name),
		cmocka_unit_test(a_string_may_hold_a_nul),
		cmocka_unit_test(a_special_character_is_found_wherever_it_stands),
		cmocka_unit_test(a_consumer_ends_the_read_with_its_own_error),
		cmocka_unit_test(every_event_is_delivered_once),
		cmocka_unit_test(written_lines_are_indented),
		cmocka_unit_test(one_writer_makes_many_lines),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
		cmocka_unit_test(reals_read_back_as_the_same_number),
		cmocka_unit_test(what_json_has_no_number_for_is_null),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
