/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/logset.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "tests/unit/shim/log/temp.h"

#define CRI "2026-01-02T03:04:05.000000006Z stdout F "

static const struct timespec when = { .tv_sec = 1767323045, .tv_nsec = 6 };

static int add(struct logset *l, const struct temp *t, const char *prefix, const char *suffix,
	       struct err *e)
{
	char spec[128];

	(void)snprintf(spec, sizeof(spec), "%s%s%s", prefix, t->log, suffix);
	return logset_add(l, spec, &(struct logset_opts){ 0 }, e);
}

static void every_driver_gets_all_output(void **state)
{
	struct temp *t = *state;
	struct logset l = { 0 };

	assert_int_equal(add(&l, t, "", "", NULL), 0);
	assert_int_equal(add(&l, t, "json-file:", ".json", NULL), 0);
	assert_int_equal(add(&l, t, "k8s-file:", ".cri", NULL), 0);
	assert_int_equal(add(&l, t, ":", ".colon", NULL), 0);
	assert_true(logset_write(&l, STREAM_STDOUT, when, "a\n", 2));
	logset_close(&l);
	assert_file(t, "", CRI "a\n");
	assert_file(t, ".cri", CRI "a\n");
	assert_file(t, ".colon", CRI "a\n");
	assert_file(
		t, ".json",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.000000006Z\"}\n");
}

static void drivers_without_a_file_take_nothing(void **state UNUSED)
{
	static const char *const none[] = { "none", "off", "null", "none:x" };
	struct logset l = { 0 };
	struct log_place place;

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_int_equal(logset_add(&l, none[i], &(struct logset_opts){ 0 }, NULL), 0);
	assert_int_equal(l.n, 0);
	assert_false(l.passthrough);
	assert_false(logset_write(&l, STREAM_STDOUT, when, "a\n", 2));
	assert_false(logset_where(&l, STREAM_STDOUT, &place));
	assert_int_equal(logset_add(&l, "passthrough", &(struct logset_opts){ 0 }, NULL), 0);
	assert_true(l.passthrough);
	logset_close(&l);
}

static void what_is_no_driver_is_told_with_those_there_are(void **state UNUSED)
{
	static const struct {
		const char *spec, *msg;
	} bad[] = {
		{ "syslog:x",
		  "log driver 'syslog': not one of k8s-file, json-file, journald, none, "
		  "passthrough" },
		{ "k8s-file:", "log 'k8s-file:': the path of the file is missing" },
		{ "json-file", "log 'json-file': the path of the file is missing" },
		{ "", "log '': the path of the file is missing" },
	};
	struct logset l = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };

		assert_int_equal(logset_add(&l, bad[i].spec, &(struct logset_opts){ 0 }, &e),
				 -EINVAL);
		assert_string_equal(e.msg, bad[i].msg);
	}
	logset_close(&l);
}

/* Lengths around those at which the way of writing changes. */
static void output_of_any_length_comes_back(void **state)
{
	static const size_t lengths[] = { 1, 511, 512, 513, 4096, 32767, 32768, 65536, 200000 };
	struct temp *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		auto_(strbuf) struct strbuf got = { 0 };
		autofree char *data = xcalloc(1, lengths[i]), *log = NULL;
		struct logset l = { 0 };
		struct log_record rec;
		uint64_t skip = 0;
		size_t len = 0;

		for (size_t k = 0; k < lengths[i]; k++)
			data[k] = (char)(k % (3 + k / 1000) == 0 ? '\n' : 'a' + k % 26);
		assert_int_equal(add(&l, t, "", "", NULL), 0);
		assert_true(logset_write(&l, STREAM_STDERR, when, data, lengths[i]));
		logset_close(&l);
		assert_int_equal(file_read_at(AT_FDCWD, t->log, (size_t)4 << 20, &log, &len, NULL),
				 0);
		for (size_t at = 0; at < len; log_record_text(&rec, &skip, &got))
			at += (size_t)log_codec_cri.read(log + at, len - at, &rec);
		assert_int_equal(got.len, lengths[i]);
		assert_memory_equal(got.data, data, lengths[i]);
		assert_int_equal(unlink(t->log), 0);
	}
}

static void a_reader_is_told_where_the_next_batch_begins(void **state)
{
	struct temp *t = *state;
	struct logset l = { 0 };
	struct log_place place;
	struct file_id id;

	assert_int_equal(add(&l, t, "json-file:", "", NULL), 0);
	assert_true(logset_write(&l, STREAM_STDOUT, when, "a\n\303", 3));
	assert_true(logset_where(&l, STREAM_STDOUT, &place));
	assert_int_equal(place.offset, 72);
	/* The record there will begin with the byte that was kept back. */
	assert_int_equal(place.skip, 1);
	assert_int_equal(file_id_at(t->log, &id, NULL), 0);
	assert_true(file_id_same(&place.file, &id));
	assert_true(logset_where(&l, STREAM_STDERR, &place));
	assert_int_equal(place.skip, 0);
	logset_close(&l);
}

static void troubles_are_told_by_driver(void **state)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct temp *t = *state;
	struct logset l = { 0 };
	struct logset_opts o = { .limits = { .total_max = 10 } };

	assert_int_equal(logset_add(&l, t->log, &o, NULL), 0);
	assert_false(logset_is_troubled(&l));
	assert_false(logset_write(&l, STREAM_STDOUT, when, "a\n", 2));
	assert_true(logset_is_troubled(&l));
	logset_troubles(&l, &text);
	assert_string_equal(strbuf_str(&text),
			    "k8s-file: 2 bytes of output were lost: File too large\n");
	logset_close(&l);
}

static void only_files_we_made_are_removed(void **state)
{
	struct temp *t = *state;
	struct logset l = { 0 };

	put_file(t, "", "before");
	assert_int_equal(add(&l, t, "", "", NULL), 0);
	assert_int_equal(add(&l, t, "", ".mine", NULL), 0);
	logset_remove_made(&l);
	logset_close(&l);
	assert_file(t, "", "before");
	assert_file(t, ".mine", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_driver_gets_all_output),
		cmocka_unit_test(drivers_without_a_file_take_nothing),
		cmocka_unit_test(what_is_no_driver_is_told_with_those_there_are),
		TEST(output_of_any_length_comes_back),
		TEST(a_reader_is_told_where_the_next_batch_begins),
		TEST(troubles_are_told_by_driver),
		TEST(only_files_we_made_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
