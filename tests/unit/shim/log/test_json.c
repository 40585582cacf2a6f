/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"
#include "shim/log/codec.h"

#define TIME "2026-01-02T03:04:05.000000006Z"
#define TAIL "\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}\n"

static void write_batch(struct strbuf *out, const char *data, size_t len, size_t limit)
{
	static char buf[64 << 10];
	struct log_head h;

	log_codec_json.begin(&h, STREAM_STDOUT, TIME);
	for (size_t done = 0, used; done < len; done += used) {
		struct batch b;

		batch_init(&b, buf, sizeof(buf));
		used = log_codec_json.fill(&b, &h, data + done, len - done, limit);
		assert_true(used > 0);
		for (size_t i = 0; i < b.n; i++)
			strbuf_add(out, b.iov[i].iov_base, b.iov[i].iov_len);
	}
}

static void assert_written(const char *data, size_t len, const char *want)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, data, len, SIZE_MAX);
	assert_string_equal(strbuf_str(&log), want);
}

/* What the container wrote, by a log of one record. */
static void assert_read(const char *line, const char *want, size_t len)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct log_record l;
	uint64_t skip = 0;

	assert_int_equal(log_codec_json.read(line, strlen(line), &l), strlen(line));
	log_record_text(&l, &skip, &text);
	assert_int_equal(text.len, len);
	assert_memory_equal(strbuf_str(&text), want, len);
}

static void lines_are_those_of_docker(void **state UNUSED)
{
	assert_written("hello\n", 6, "{\"log\":\"hello\\n" TAIL);
	assert_written("a\nb", 3, "{\"log\":\"a\\n" TAIL "{\"log\":\"b" TAIL);
	assert_written("\n", 1, "{\"log\":\"\\n" TAIL);
}

static void characters_are_escaped_as_docker_does(void **state UNUSED)
{
	assert_written("\"\\\r\t\033\177<>&/", 10,
		       "{\"log\":\"\\\"\\\\\\r\\u0009\\u001b\177\\u003c\\u003e\\u0026/" TAIL);
	assert_written("\303\251 \342\200\250\342\200\251 \360\237\230\200", 14,
		       "{\"log\":\"\303\251 \\u2028\\u2029 \360\237\230\200" TAIL);
}

static void what_is_no_utf8_is_replaced_byte_by_byte(void **state UNUSED)
{
	assert_written("a\377b\303c\0d", 7, "{\"log\":\"a\\ufffdb\\ufffdc\\u0000d" TAIL);
}

static void a_long_line_is_not_cut_within_a_character(void **state UNUSED)
{
	for (size_t shift = 0; shift < 4; shift++) {
		auto_(strbuf) struct strbuf log = { 0 }, text = { 0 };
		char line[STREAM_PIECE_MAX + 8];
		struct log_record l;
		uint64_t skip = 0;

		memset(line, 'x', sizeof(line));
		memcpy(line + STREAM_PIECE_MAX - shift, "\360\237\230\200", 4);
		write_batch(&log, line, sizeof(line), SIZE_MAX);
		for (size_t at = 0; at < log.len; log_record_text(&l, &skip, &text))
			at += (size_t)log_codec_json.read(log.data + at, log.len - at, &l);
		assert_int_equal(text.len, sizeof(line));
		assert_memory_equal(text.data, line, sizeof(line));
	}
}

static void nothing_goes_over_the_limit(void **state UNUSED)
{
	char buf[4096];
	struct log_head h;
	struct batch b;

	log_codec_json.begin(&h, STREAM_STDOUT, TIME);
	batch_init(&b, buf, sizeof(buf));
	assert_int_equal(log_codec_json.fill(&b, &h, "a\nb\n", 4, h.full_len + 9), 2);
	batch_init(&b, buf, sizeof(buf));
	assert_int_equal(log_codec_json.fill(&b, &h, "a\nb\n", 4, h.full_len + 8), 0);
	assert_int_equal(b.bytes, 0);
}

static void members_come_in_any_order_and_others_are_passed_over(void **state UNUSED)
{
	assert_read("{\"time\":\"T\", \"attrs\":{\"a\":\"}\",\"b\":[1,\"]\",{}]} ,\"x\":null,"
		    "\"stream\" : \"stderr\",\"log\":\"hi\\n\"}\r\n",
		    "hi\n", 3);
}

static void escapes_become_what_they_mean(void **state UNUSED)
{
	assert_read(
		"{\"log\":\"\\u00e9\\ud83d\\ude00\\/\\b\\f\\t\\\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n",
		"\303\251\360\237\230\200/\b\f\t\\n", 12);
	/* Half a pair is no character. */
	assert_read("{\"log\":\"\\ud83dx\\udc00\",\"stream\":\"stdout\",\"time\":\"T\"}\n",
		    "\357\277\275x\357\277\275", 7);
}

static void a_line_goes_on_unless_its_newline_was_the_containers(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool partial;
	} cases[] = { { "a\\n", false }, { "a", true },        { "a\\\\n", true },
		      { "n", true },     { "\\\\\\n", false }, { "", true } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_(strbuf) struct strbuf line = { 0 };
		struct log_record l;

		strbuf_addf(&line, "{\"log\":\"%s\",\"stream\":\"stdout\",\"time\":\"T\"}\n",
			    cases[i].text);
		assert_true(log_codec_json.read(line.data, line.len, &l) > 0);
		assert_int_equal(l.partial, cases[i].partial);
	}
}

static void skipping_counts_the_bytes_of_the_container(void **state UNUSED)
{
	/* Each of these bytes is a character of three in the log. */
	static const char data[] = "\377\376a\357\277\275b\n";

	for (uint64_t skip = 0; skip <= 8; skip++) {
		auto_(strbuf) struct strbuf log = { 0 }, text = { 0 };
		static const size_t left[] = { 12, 9, 6, 5, 4, 3, 2, 1, 0 };
		struct log_record l;
		uint64_t rest = skip;

		write_batch(&log, data, 8, SIZE_MAX);
		assert_true(log_codec_json.read(log.data, log.len, &l) > 0);
		log_record_text(&l, &rest, &text);
		assert_int_equal(text.len, left[skip]);
		assert_int_equal(rest, 0);
	}
}

static void what_is_no_record_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"\n",
		"{}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\"}\n",
		"{\"log\":\"a\",\"time\":\"T\"}\n",
		"{\"stream\":\"stdout\",\"time\":\"T\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdin\",\"time\":\"T\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"\"}\n",
		"{\"log\":1,\"stream\":\"stdout\",\"time\":\"T\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"T\"} x\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"T\"\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"T\",}\n",
		"{\"log\":\"a\\\n",
		"[\"log\"]\n",
		"text\n",
	};
	struct log_record l;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(log_codec_json.read(bad[i], strlen(bad[i]), &l), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_those_of_docker),
		cmocka_unit_test(characters_are_escaped_as_docker_does),
		cmocka_unit_test(what_is_no_utf8_is_replaced_byte_by_byte),
		cmocka_unit_test(a_long_line_is_not_cut_within_a_character),
		cmocka_unit_test(nothing_goes_over_the_limit),
		cmocka_unit_test(members_come_in_any_order_and_others_are_passed_over),
		cmocka_unit_test(escapes_become_what_they_mean),
		cmocka_unit_test(a_line_goes_on_unless_its_newline_was_the_containers),
		cmocka_unit_test(skipping_counts_the_bytes_of_the_container),
		cmocka_unit_test(what_is_no_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
