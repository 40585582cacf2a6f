/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/filelog.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/shim/log/temp.h"

#define TIME "2026-01-02T03:04:05.000000006Z"
#define CRI  TIME " stdout F "
#define LINE (sizeof(CRI) - 1 + 2) /* of one character */

static const struct timespec when = { .tv_sec = 1767323045, .tv_nsec = 6 };
static char buf[64 << 10];

static void begin(struct filelog *l, const struct temp *t, const struct log_codec *codec,
		  struct file_limits limits)
{
	struct err e = { 0 };

	if (filelog_open(l, codec, t->log, &limits, &e) < 0)
		fail_msg("%s", e.msg);
}

static bool put(struct filelog *l, const char *text)
{
	return filelog_write(l, STREAM_STDOUT, when, text, strlen(text), buf, sizeof(buf));
}

static void end(struct filelog *l)
{
	filelog_close(l, buf, sizeof(buf));
}

static void a_log_goes_on_where_it_ended(void **state)
{
	struct temp *t = *state;
	struct filelog l;

	begin(&l, t, &log_codec_cri, (struct file_limits){ 0 });
	assert_true(l.made);
	assert_true(put(&l, "a\n"));
	end(&l);
	begin(&l, t, &log_codec_cri, (struct file_limits){ 0 });
	assert_false(l.made);
	assert_int_equal(l.size, LINE);
	assert_true(put(&l, "b\n"));
	end(&l);
	assert_file(t, "", CRI "a\n" CRI "b\n");
}

static void no_file_grows_over_its_limit_and_rotation_splits_a_batch(void **state)
{
	struct temp *t = *state;
	struct filelog l;

	begin(&l, t, &log_codec_cri, (struct file_limits){ .max_size = 2 * LINE, .max_files = 3 });
	assert_true(put(&l, "a\nb\nc\nd\ne\n"));
	assert_file(t, "", CRI "e\n");
	assert_file(t, ".1", CRI "c\n" CRI "d\n");
	assert_file(t, ".2", CRI "a\n" CRI "b\n");
	assert_true(put(&l, "f\ng\n"));
	end(&l);
	assert_file(t, "", CRI "g\n");
	assert_file(t, ".1", CRI "e\n" CRI "f\n");
	assert_file(t, ".2", CRI "c\n" CRI "d\n");
	assert_file(t, ".3", NULL);
}

static void a_log_of_one_file_is_begun_anew(void **state)
{
	struct temp *t = *state;
	struct filelog l;

	begin(&l, t, &log_codec_cri, (struct file_limits){ .max_size = 2 * LINE });
	assert_true(put(&l, "a\nb\nc\n"));
	end(&l);
	assert_file(t, "", CRI "c\n");
	assert_file(t, ".1", NULL);
}

static void a_record_longer_than_the_limit_has_a_file_of_its_own(void **state)
{
	struct temp *t = *state;
	struct filelog l;

	begin(&l, t, &log_codec_cri, (struct file_limits){ .max_size = LINE, .max_files = 5 });
	assert_true(put(&l, "a\nlong\nb\n"));
	end(&l);
	assert_file(t, "", CRI "b\n");
	assert_file(t, ".1", CRI "long\n");
	assert_file(t, ".2", CRI "a\n");
	assert_file(t, ".3", NULL);
}

static void json_is_rotated_by_its_length_in_the_file(void **state)
{
	static const char tail[] = "\\n\",\"stream\":\"stdout\",\"time\":\"" TIME "\"}\n";
	struct temp *t = *state;
	char want[256];
	struct filelog l;

	begin(&l, t, &log_codec_json,
	      (struct file_limits){ .max_size = 2 * (8 + 1 + sizeof(tail) - 1), .max_files = 2 });
	assert_true(put(&l, "a\nb\nc\n"));
	end(&l);
	(void)snprintf(want, sizeof(want), "{\"log\":\"a%s{\"log\":\"b%s", tail, tail);
	assert_file(t, ".1", want);
	(void)snprintf(want, sizeof(want), "{\"log\":\"c%s", tail);
	assert_file(t, "", want);
}

static void a_character_between_two_batches_stays_whole(void **state)
{
	static const char text[] = "a\360\237\230\200\303\251\342\202\254\377b";

	for (size_t step = 1; step < 6; step++) {
		struct temp *t = *state;
		auto_(strbuf) struct strbuf got = { 0 };
		autofree char *log = NULL;
		struct log_record rec;
		uint64_t skip = 0;
		size_t len = 0;
		struct filelog l;

		begin(&l, t, &log_codec_json, (struct file_limits){ 0 });
		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			size_t n = sizeof(text) - 1 - at < step ? sizeof(text) - 1 - at : step;

			assert_true(filelog_write(&l, STREAM_STDOUT, when, text + at, n, buf,
						  sizeof(buf)));
		}
		end(&l);
		assert_int_equal(file_read_at(AT_FDCWD, t->log, 4096, &log, &len, NULL), 0);
		for (size_t at = 0; at < len; log_record_text(&rec, &skip, &got))
			at += (size_t)log_codec_json.read(log + at, len - at, &rec);
		assert_string_equal(strbuf_str(&got),
				    "a\360\237\230\200\303\251\342\202\254\357\277\275b");
		assert_int_equal(unlink(t->log), 0);
	}
}

static void what_is_kept_back_is_written_at_the_end(void **state)
{
	struct temp *t = *state;
	struct filelog l;

	begin(&l, t, &log_codec_json, (struct file_limits){ 0 });
	assert_true(put(&l, "\360\237"));
	assert_file(t, "", "");
	end(&l);
	l.fd = open(t->log, O_RDONLY | O_CLOEXEC);
	assert_true(read(l.fd, buf, sizeof(buf)) > 0);
	assert_memory_equal(buf, "{\"log\":\"\\ufffd\\ufffd\",\"stream\":\"stdout\",", 40);
	(void)close(l.fd);
}

static void a_disk_that_is_full_takes_whole_records_and_the_rest_is_counted(void **state)
{
	struct temp *t = *state;
	struct rlimit old, lim;
	struct filelog l;

	begin(&l, t, &log_codec_cri, (struct file_limits){ 0 });
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	lim = (struct rlimit){ 2 * LINE + 5, old.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	assert_false(put(&l, "a\nb\nccc\ndd\n"));
	assert_file(t, "", CRI "a\n" CRI "b\n");
	assert_int_equal(l.loss.bytes, 7);
	assert_int_equal(l.loss.error, EFBIG);
	assert_int_equal(l.size, 2 * LINE);
	assert_false(put(&l, "e\n"));
	assert_int_equal(l.loss.bytes, 9);
	/* There is room again. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(put(&l, "f\n"));
	end(&l);
	assert_file(t, "", CRI "a\n" CRI "b\n" CRI "f\n");
	assert_int_equal(l.loss.bytes, 9);
}

static void a_log_of_limited_length_ends_with_a_whole_record(void **state)
{
	struct temp *t = *state;
	struct filelog l;

	begin(&l, t, &log_codec_cri,
	      (struct file_limits){ .max_size = 10 * LINE, .total_max = 2 * LINE + 20 });
	assert_false(put(&l, "a\nb\nlonger\nc\n"));
	assert_false(put(&l, "d\n"));
	end(&l);
	assert_file(t, "", CRI "a\n" CRI "b\n");
	assert_int_equal(l.loss.bytes, 11);
	assert_int_equal(l.loss.error, EFBIG);
}

static void a_log_that_cannot_be_rotated_grows_and_says_why(void **state)
{
	struct temp *t = *state;
	char next[64];
	struct filelog l;

	strcpy(next, t->log);
	strcat(next, ".new");
	assert_int_equal(mkdir(next, 0700), 0);
	begin(&l, t, &log_codec_cri, (struct file_limits){ .max_size = LINE, .max_files = 2 });
	assert_true(put(&l, "a\nb\nc\n"));
	end(&l);
	assert_file(t, "", CRI "a\n" CRI "b\n" CRI "c\n");
	assert_int_equal(l.loss.bytes, 0);
	assert_non_null(strstr(l.rotation.msg, ".new'"));
}

static void reopening_goes_on_in_the_file_of_that_name(void **state)
{
	struct temp *t = *state;
	char away[64];
	struct filelog l;

	strcpy(away, t->log);
	strcat(away, ".away");
	begin(&l, t, &log_codec_cri, (struct file_limits){ 0 });
	assert_true(put(&l, "a\n"));
	assert_int_equal(rename(t->log, away), 0);
	assert_true(put(&l, "b\n"));
	assert_int_equal(filelog_reopen(&l, NULL), 0);
	assert_true(put(&l, "c\n"));
	/* Nobody has renamed it: nothing goes. */
	assert_int_equal(filelog_reopen(&l, NULL), 0);
	assert_true(put(&l, "d\n"));
	end(&l);
	assert_file(t, ".away", CRI "a\n" CRI "b\n");
	assert_file(t, "", CRI "c\n" CRI "d\n");
}

static void a_pipe_is_a_log_without_limits(void **state)
{
	struct temp *t = *state;
	struct filelog l;
	ssize_t n;

	assert_int_equal(mkfifo(t->log, 0600), 0);
	begin(&l, t, &log_codec_cri, (struct file_limits){ .max_size = LINE, .max_files = 2 });
	assert_true(put(&l, "a\nb\n"));
	n = read(l.fd, buf, sizeof(buf));
	assert_int_equal(n, 2 * LINE);
	end(&l);
	assert_file(t, ".1", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_goes_on_where_it_ended),
		TEST(no_file_grows_over_its_limit_and_rotation_splits_a_batch),
		TEST(a_log_of_one_file_is_begun_anew),
		TEST(a_record_longer_than_the_limit_has_a_file_of_its_own),
		TEST(json_is_rotated_by_its_length_in_the_file),
		TEST(a_character_between_two_batches_stays_whole),
		TEST(what_is_kept_back_is_written_at_the_end),
		TEST(a_disk_that_is_full_takes_whole_records_and_the_rest_is_counted),
		TEST(a_log_of_limited_length_ends_with_a_whole_record),
		TEST(a_log_that_cannot_be_rotated_grows_and_says_why),
		TEST(reopening_goes_on_in_the_file_of_that_name),
		TEST(a_pipe_is_a_log_without_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
