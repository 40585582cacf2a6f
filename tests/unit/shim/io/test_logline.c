/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/logline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"
#include "libutil/strbuf.h"

static const struct timespec when = { .tv_sec = 1767323045, .tv_nsec = 6 };

/* All records of a batch, as they would be written. */
static void write_batch(struct strbuf *out, enum stream stream, const char *data, size_t len,
			size_t max_iov)
{
	struct iovec iov[64];
	struct logline_heads h;

	logline_heads(&h, stream, when);
	for (size_t done = 0, used = 0; done < len; done += used) {
		size_t n = logline_fill(iov, max_iov, &h, data + done, len - done, &used);

		assert_true(used > 0);
		assert_true(n <= max_iov);
		for (size_t i = 0; i < n; i++)
			strbuf_add(out, iov[i].iov_base, iov[i].iov_len);
	}
}

/* The text of a log; counts the records. */
static size_t read_back(const struct strbuf *log, struct strbuf *out)
{
	size_t records = 0;

	for (size_t at = 0; at < log->len; records++) {
		struct logline l;
		ssize_t n = logline_read(log->data + at, log->len - at, &l);

		assert_true(n > 0);
		strbuf_add(out, l.text, l.len);
		if (!l.partial)
			strbuf_addc(out, '\n');
		at += (size_t)n;
	}
	return records;
}

static void a_line_becomes_one_full_record(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, STREAM_STDOUT, "hello\n", 6, 64);
	assert_string_equal(strbuf_str(&log), "2026-01-02T03:04:05.000000006Z stdout F hello\n");
}

static void output_without_its_newline_is_partial(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, STREAM_STDERR, "a\nb", 3, 64);
	assert_string_equal(strbuf_str(&log), "2026-01-02T03:04:05.000000006Z stderr F a\n"
					      "2026-01-02T03:04:05.000000006Z stderr P b\n");
}

static void an_empty_line_is_a_record_without_text(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };

	write_batch(&log, STREAM_STDOUT, "\n", 1, 64);
	assert_string_equal(strbuf_str(&log), "2026-01-02T03:04:05.000000006Z stdout F \n");
}

static void a_line_of_exactly_one_piece_is_full(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 }, text = { 0 };
	char line[STREAM_PIECE_MAX + 1];

	memset(line, 'x', sizeof(line));
	line[STREAM_PIECE_MAX] = '\n';
	write_batch(&log, STREAM_STDOUT, line, sizeof(line), 64);
	assert_int_equal(read_back(&log, &text), 1);
	assert_int_equal(text.len, sizeof(line));
}

static void a_line_of_ten_thousand_bytes_is_one_partial_and_one_full_record(void **state UNUSED)
{
	auto_(strbuf) struct strbuf log = { 0 };
	char line[10001];
	struct logline l;
	ssize_t n;

	memset(line, 'x', sizeof(line));
	line[10000] = '\n';
	write_batch(&log, STREAM_STDOUT, line, sizeof(line), 64);
	n = logline_read(log.data, log.len, &l);
	assert_true(l.partial);
	assert_int_equal(l.len, STREAM_PIECE_MAX);
	assert_true(logline_read(log.data + n, log.len - (size_t)n, &l) > 0);
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

		write_batch(&log, STREAM_STDOUT, data, cut, 3 + cut % 61);
		write_batch(&log, STREAM_STDOUT, data + cut, sizeof(data) - cut, 3);
		(void)read_back(&log, &text);
		assert_int_equal(text.len, sizeof(data));
		assert_memory_equal(text.data, data, sizeof(data));
	}
}

static void an_unfinished_record_is_waited_for(void **state UNUSED)
{
	const char *line = "2026-01-02T03:04:05.000000006Z stdout F text\n";
	struct logline l = { 0 };

	for (size_t len = 0; len < strlen(line); len++)
		assert_int_equal(logline_read(line, len, &l), 0);
	assert_int_equal(logline_read(line, strlen(line), &l), strlen(line));
	assert_int_equal(l.time_len, 30);
	assert_int_equal(l.stream, STREAM_STDOUT);
	assert_int_equal(l.len, 4);
}

static void records_of_other_writers_are_read(void **state UNUSED)
{
	const char *conmon = "2026-11-22T02:04:14.123456789+00:00 stderr P a b c\n";
	const char *tags = "2026-11-22T02:04:14Z stdout F:x:y text\n";
	struct logline l;

	assert_true(logline_read(conmon, strlen(conmon), &l) > 0);
	assert_int_equal(l.stream, STREAM_STDERR);
	assert_true(l.partial);
	assert_memory_equal(l.text, "a b c", 5);
	assert_true(logline_read(tags, strlen(tags), &l) > 0);
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
	struct logline l;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(logline_read(bad[i], strlen(bad[i]), &l), -EBADMSG);
}

static void a_record_longer_than_the_limit_is_refused(void **state UNUSED)
{
	static char big[LOGLINE_MAX + 1];
	struct logline l;

	memset(big, 'x', sizeof(big));
	assert_int_equal(logline_read(big, LOGLINE_MAX - 1, &l), 0);
	assert_int_equal(logline_read(big, sizeof(big), &l), -EMSGSIZE);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
