/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"
#include "libutil/parse.h"
#include "libutil/strbuf.h"
#include "shim/log/codec.h"

static const struct timespec when = { .tv_sec = 1767323045, .tv_nsec = 6 };

/* All records of a batch, as they would be written; `room` is what is in one write. */
static void write_batch(struct strbuf *out, enum stream stream, const char *data, size_t len,
			size_t room)
{
	static char buf[64 << 10];
	char time[TIME_TEXT_SIZE];
	struct log_head h;
	struct batch b;

	log_codec_cri.begin(&h, stream, time_text(when, time));
	for (size_t done = 0, used = 0; done < len; done += used) {
		batch_init(&b, buf, room);
		used = log_codec_cri.fill(&b, &h, data + done, len - done, SIZE_MAX);
		assert_true(used > 0);
		for (size_t i = 0; i < b.n; i++)
			strbuf_add(out, b.iov[i].iov_base, b.iov[i].iov_len);
	}
}

/* The text of a log; counts the records. */
static size_t read_back(const struct strbuf *log, struct strbuf *out)
{
	size_t records = 0;
	uint64_t skip = 0;

	for (size_t at = 0; at < log->len; records++) {
		struct log_record l;
		ssize_t n = log_codec_cri.read(log->data + at, log->len - at, &l);

		assert_true(n > 0);
		log_record_text(&l, &skip, out);
		at += (size_t)n;
	}
	return records;
}

static void a_line_becomes_one_full_record(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, STREAM_STDOUT, "hello\n", 6, 4096);
	assert_string_equal(strbuf_str(&log), "2026-01-02T03:04:05.000000006Z stdout F hello\n");
}

static void output_without_its_newline_is_partial(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, STREAM_STDERR, "a\nb", 3, 4096);
	assert_string_equal(strbuf_str(&log), "2026-01-02T03:04:05.000000006Z stderr F a\n"
					      "2026-01-02T03:04:05.000000006Z stderr P b\n");
}

static void an_empty_line_is_a_record_without_text(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, STREAM_STDOUT, "\n", 1, 4096);
	assert_string_equal(strbuf_str(&log), "2026-01-02T03:04:05.000000006Z stdout F \n");
}

static void a_line_of_exactly_one_piece_is_full(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 }, text = { 0 };
	char line[STREAM_PIECE_MAX + 1];

	memset(line, 'x', sizeof(line));
	line[STREAM_PIECE_MAX] = '\n';
	write_batch(&log, STREAM_STDOUT, line, sizeof(line), 4096);
	assert_int_equal(read_back(&log, &text), 1);
	assert_int_equal(text.len, sizeof(line));
}

static void a_line_of_ten_thousand_bytes_is_one_partial_and_one_full_record(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };
	char line[10001];
	struct log_record l;
	ssize_t n;

	memset(line, 'x', sizeof(line));
	line[10000] = '\n';
	write_batch(&log, STREAM_STDOUT, line, sizeof(line), 4096);
	n = log_codec_cri.read(log.data, log.len, &l);
	assert_true(l.partial);
	assert_int_equal(l.len, STREAM_PIECE_MAX);
	assert_true(log_codec_cri.read(log.data + n, log.len - (size_t)n, &l) > 0);
	assert_false(l.partial);
	assert_int_equal(l.len, 10000 - STREAM_PIECE_MAX);
}

/* Whatever the borders of reads and iovecs are, the bytes come back. */
static void every_split_of_binary_output_reads_back_exactly(void **state UNUSED)
{
	char data[600];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % 7 == 0 ? '\n' : (i * 37) & 0xff);
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		auto_(strbuf) struct strbuf log = { 0 }, text = { 0 };

		write_batch(&log, STREAM_STDOUT, data, cut, 1000 + cut % 61);
		write_batch(&log, STREAM_STDOUT, data + cut, sizeof(data) - cut, 600);
		(void)read_back(&log, &text);
		assert_int_equal(text.len, sizeof(data));
		assert_memory_equal(text.data, data, sizeof(data));
	}
}

static void an_unfinished_record_is_waited_for(void **state UNUSED)
{
	const char *line = "2026-01-02T03:04:05.000000006Z stdout F text\n";
	struct log_record l = { 0 };

	for (size_t len = 0; len < strlen(line); len++)
		assert_int_equal(log_codec_cri.read(line, len, &l), 0);
	assert_int_equal(log_codec_cri.read(line, strlen(line), &l), strlen(line));
	assert_int_equal(l.time_len, 30);
	assert_int_equal(l.stream, STREAM_STDOUT);
	assert_int_equal(l.len, 4);
}

static void records_of_other_writers_are_read(void **state UNUSED)
{
	const char *conmon = "2026-11-22T02:04:14.123456789+00:00 stderr P a b c\n";
	const char *tags = "2026-11-22T02:04:14Z stdout F:x:y text\n";
	struct log_record l;

	assert_true(log_codec_cri.read(conmon, strlen(conmon), &l) > 0);
	assert_int_equal(l.stream, STREAM_STDERR);
	assert_true(l.partial);
	assert_memory_equal(l.text, "a b c", 5);
	assert_true(log_codec_cri.read(tags, strlen(tags), &l) > 0);
	assert_false(l.partial);
	assert_memory_equal(l.text, "text", 4);
}

static void what_is_no_record_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"\n",
		"text\n",
		"T stdout\n",
		"T stdout F\n",
		"T stdin F x\n",
		"T stdout X x\n",
		"T stdout FP x\n",
		"T stdout  x\n",
		" stdout F x\n",
		"T STDOUT F x\n",
	};
	struct log_record l;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(log_codec_cri.read(bad[i], strlen(bad[i]), &l), -EBADMSG);
}

static void a_record_longer_than_the_limit_is_refused(void **state UNUSED)
{
	static char big[LOG_RECORD_MAX + 1];
	struct log_record l;

	memset(big, 'x', sizeof(big));
	assert_int_equal(log_codec_cri.read(big, LOG_RECORD_MAX - 1, &l), 0);
	assert_int_equal(log_codec_cri.read(big, sizeof(big), &l), -EMSGSIZE);
}

static void nothing_goes_over_the_limit(void **state UNUSED)
{
	char buf[4096], time[TIME_TEXT_SIZE];
	struct log_head h;
	struct batch b;

	log_codec_cri.begin(&h, STREAM_STDOUT, time_text(when, time));
	batch_init(&b, buf, sizeof(buf));
	assert_int_equal(log_codec_cri.fill(&b, &h, "a\nb\n", 4, h.full_len + 2), 2);
	assert_int_equal(b.bytes, h.full_len + 2);
	batch_init(&b, buf, sizeof(buf));
	assert_int_equal(log_codec_cri.fill(&b, &h, "a\nb\n", 4, h.full_len + 1), 0);
	assert_int_equal(b.bytes, 0);
	/* Without its newline the record needs one of the log's. */
	assert_int_equal(log_codec_cri.fill(&b, &h, "a", 1, h.full_len + 1), 0);
	assert_int_equal(log_codec_cri.fill(&b, &h, "a", 1, h.full_len + 2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_becomes_one_full_record),
		cmocka_unit_test(output_without_its_newline_is_partial),
		cmocka_unit_test(an_empty_line_is_a_record_without_text),
		cmocka_unit_test(a_line_of_exactly_one_piece_is_full),
		cmocka_unit_test(a_line_of_ten_thousand_bytes_is_one_partial_and_one_full_record),
		cmocka_unit_test(every_split_of_binary_output_reads_back_exactly),
		cmocka_unit_test(an_unfinished_record_is_waited_for),
		cmocka_unit_test(records_of_other_writers_are_read),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(a_record_longer_than_the_limit_is_refused),
		cmocka_unit_test(nothing_goes_over_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
