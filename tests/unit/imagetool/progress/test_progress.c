/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of events, and what is shown of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/progress/internal.h"
#include "libutil/file.h"

enum what { BEGIN, END, CACHED, FAIL, CANCEL, LOG, STATUS, STATUS_END, WARN };

struct event {
	int64_t ms; /* when */
	enum what what;
	size_t vertex;
	const char *text;
	int64_t current, total;
};

/* Years after the first of all seconds, so that the time is of no date that matters. */
static int64_t clock_ms;
static int64_t clock_now(void)
{
	return 1000000000 * NANOSECONDS + clock_ms * (NANOSECONDS / 1000);
}

static void play_one(struct progress *p, const struct event *ev)
{
	struct err failed = { .code = ev->what == CANCEL ? ECANCELED : EIO };
	struct progress_warning w = { .text = ev->text, .url = "http://x/" };

	clock_ms = ev->ms;
	(void)snprintf(failed.msg, sizeof(failed.msg), "%s", ev->text ? ev->text : "");
	switch (ev->what) {
	case BEGIN:
		progress_vertex_begin(p, ev->vertex, NULL, ev->text);
		break;
	case END:
	case CACHED:
		if (ev->text)
			progress_vertex_known(p, ev->vertex, NULL, ev->text, NULL, 0);
		progress_vertex_end(p, ev->vertex, ev->what == CACHED, NULL);
		break;
	case FAIL:
	case CANCEL:
		progress_vertex_end(p, ev->vertex, false, &failed);
		break;
	case LOG:
		progress_log(p, ev->vertex, 1, ev->text, strlen(ev->text));
		break;
	case STATUS:
		progress_status(p, ev->vertex, ev->text, ev->current, ev->total);
		break;
	case STATUS_END:
		progress_status_end(p, ev->vertex, ev->text);
		break;
	case WARN:
		progress_warning(p, ev->vertex, &w);
		break;
	}
}

static char *play(enum progress_mode mode, int64_t log_max, const struct event *events, size_t n)
{
	auto_(progress) struct progress *p = NULL;
	FILE *f = tmpfile();
	struct err e = { 0 };
	char *text = NULL;

	assert_non_null(f);
	clock_ms = 0;
	struct progress_opts o = {
		.mode = mode, .fd = fileno(f), .now = clock_now, .log_max = log_max
	};

	assert_int_equal(progress_open(&o, &p, &e), 0);
	for (size_t i = 0; i < n; i++)
		play_one(p, &events[i]);
	progress_close(p);
	rewind(f);
	assert_int_equal(file_read_fd(fileno(f), "out", 1 << 20, &text, NULL, &e), 0);
	(void)fclose(f);
	return text;
}

#define assert_plain(events, expected)                                                             \
	do {                                                                                       \
		autofree char *text_ = play(PROGRESS_PLAIN, 0, events, ARRAY_LEN(events));         \
		assert_string_equal(text_, expected);                                              \
	} while (0)

static void a_step_has_a_headline_its_output_with_times_and_an_end(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 4, "[1/2] RUN make", 0, 0 },
		{ 123, LOG, 4, "cc a.c\ncc", 0, 0 },
		{ 400, LOG, 4, " b.c\n", 0, 0 },
		{ 1234, END, 4, NULL, 0, 0 },
		{ 1300, CACHED, 5, "[2/2] COPY a b", 0, 0 },
	};

	assert_plain(events, "#1 [1/2] RUN make\n#1 0.123 cc a.c\n#1 0.123 cc b.c\n#1 DONE 1.2s\n\n"
			     "#2 [2/2] COPY a b\n#2 CACHED\n");
}

static void times_lose_decimals_as_they_grow(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "x", 0, 0 },
		{ 12345, LOG, 0, "a\n", 0, 0 },
		{ 123456, LOG, 0, "b\n", 0, 0 },
		{ 200000, END, 0, NULL, 0, 0 },
	};

	assert_plain(events, "#1 x\n#1 12.35 a\n#1 123.5 b\n#1 DONE 200.0s\n");
}

static void two_steps_do_not_mix_their_lines_and_who_ends_is_heard(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "one", 0, 0 },  { 0, BEGIN, 1, "two", 0, 0 },
		{ 100, LOG, 0, "1a\n", 0, 0 }, { 200, LOG, 1, "2a\n", 0, 0 },
		{ 300, LOG, 0, "1b\n", 0, 0 }, { 400, END, 1, NULL, 0, 0 },
		{ 500, LOG, 0, "1c\n", 0, 0 }, { 600, END, 0, NULL, 0, 0 },
	};

	assert_plain(events, "#1 one\n#1 0.100 1a\n#1 0.300 1b\n#1 ...\n\n"
			     "#2 two\n#2 0.200 2a\n#2 DONE 0.4s\n\n"
			     "#1 one\n#1 0.500 1c\n#1 DONE 0.6s\n");
}

static void an_unfinished_line_ends_before_another_step_speaks(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "one", 0, 0 },  { 0, BEGIN, 1, "two", 0, 0 },
		{ 100, LOG, 0, "half", 0, 0 }, { 200, END, 1, NULL, 0, 0 },
		{ 300, END, 0, NULL, 0, 0 },
	};

	assert_plain(events, "#1 one\n#1 0.100 half\n#1 ...\n\n#2 two\n#2 DONE 0.2s\n\n"
			     "#1 one\n#1 DONE 0.3s\n");
}

static void a_failure_is_told_again_at_the_end_with_the_last_lines(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "[1/1] RUN x", 0, 0 },
		{ 0, BEGIN, 1, "other", 0, 0 },
		{ 100, LOG, 0, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", 0, 0 },
		{ 200, FAIL, 0, "exit code: 1", 0, 0 },
		{ 300, CANCEL, 1, "context canceled", 0, 0 },
	};

	assert_plain(events,
		     "#1 [1/1] RUN x\n#1 0.100 1\n#1 0.100 2\n#1 0.100 3\n#1 0.100 4\n#1 0.100 5\n"
		     "#1 0.100 6\n#1 0.100 7\n#1 0.100 8\n#1 0.100 9\n#1 0.100 10\n#1 0.100 11\n"
		     "#1 ERROR: exit code: 1\n\n#2 other\n#2 CANCELED\n"
		     "------\n > [1/1] RUN x:\n0.100 2\n0.100 3\n0.100 4\n0.100 5\n0.100 6\n"
		     "0.100 7\n0.100 8\n0.100 9\n0.100 10\n0.100 11\n------\n");
}

static void transfers_are_told_now_and_then(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "export", 0, 0 },
		{ 0, STATUS, 0, "layer", 0, 1000000 },
		{ 200, STATUS, 0, "layer", 10000, 1000000 },
		{ 300, STATUS, 0, "layer", 20000, 1000000 },
		{ 400, STATUS, 0, "layer", 500000, 1000000 },
		{ 500, STATUS, 0, "layer", 1000000, 1000000 },
		{ 600, STATUS_END, 0, "layer", 0, 0 },
		{ 600, STATUS, 0, "naming to x", 0, 0 },
		{ 600, STATUS_END, 0, "naming to x", 0, 0 },
		{ 600, END, 0, NULL, 0, 0 },
	};

	assert_plain(events, "#1 export\n#1 layer 10.00kB / 1.00MB 0.2s\n"
			     "#1 layer 500.00kB / 1.00MB 0.4s\n#1 layer 1.00MB / 1.00MB 0.5s\n"
			     "#1 layer 1.00MB / 1.00MB 0.6s done\n#1 naming to x done\n"
			     "#1 DONE 0.6s\n");
}

static void a_warning_may_come_after_its_vertex_has_ended(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "load", 0, 0 },
		{ 0, END, 0, NULL, 0, 0 },
		{ 0, WARN, 0, "Rule: x", 0, 0 },
		{ 0, CACHED, 1, "next", 0, 0 },
	};

	assert_plain(events, "#1 load\n#1 DONE 0.0s\n\n#1 load\n#1 WARN: Rule: x\n\n"
			     "#2 next\n#2 CACHED\n");
}

static void output_without_end_is_clipped(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "x", 0, 0 },
		{ 0, LOG, 0, "0123456789", 0, 0 },
		{ 0, LOG, 0, "more\n", 0, 0 },
		{ 0, END, 0, NULL, 0, 0 },
	};
	autofree char *text = play(PROGRESS_PLAIN, 8, events, ARRAY_LEN(events));

	assert_string_equal(text,
			    "#1 x\n#1 0.000 01234567\n"
			    "#1 0.000 [output clipped, log limit 0KiB reached]\n#1 DONE 0.0s\n");
}

static void pipes_get_every_byte(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 0, "x", 0, 0 },
		{ 0, LOG, 0, "\033[2Jred\r\n", 0, 0 },
		{ 0, END, 0, NULL, 0, 0 },
	};

	assert_plain(events, "#1 x\n#1 0.000 \033[2Jred\r\n#1 DONE 0.0s\n");
}

static void json_has_one_object_a_line_as_buildkit_writes_them(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 7, "a \"b\"", 0, 0 }, { 1, LOG, 7, "hi\n", 0, 0 },
		{ 2, STATUS, 7, "s", 1, 2 },      { 3, WARN, 7, "w", 0, 0 },
		{ 4, FAIL, 7, "no", 0, 0 },
	};
	autofree char *text = play(PROGRESS_RAWJSON, 0, events, ARRAY_LEN(events));

#define DIGEST  "\"sha256:0000000000000000000000000000000000000000000000000000000000000007\""
#define STARTED "\"started\":\"2001-09-09T01:46:40.000000000Z\""
	assert_string_equal(
		text,
		"{\"vertexes\":[{\"digest\":" DIGEST ",\"name\":\"a \\\"b\\\"\"," STARTED "}]}\n"
		"{\"logs\":[{\"vertex\":" DIGEST ",\"stream\":1,\"data\":\"aGkK\","
		"\"timestamp\":\"2001-09-09T01:46:40.001000000Z\"}]}\n"
		"{\"statuses\":[{\"id\":\"s\",\"vertex\":" DIGEST ",\"total\":2,\"current\":1,"
		"\"timestamp\":\"2001-09-09T01:46:40.002000000Z\","
		"\"started\":\"2001-09-09T01:46:40.002000000Z\"}]}\n"
		"{\"warnings\":[{\"vertex\":" DIGEST ",\"level\":1,\"short\":\"dw==\","
		"\"url\":\"http://x/\"}]}\n"
		"{\"vertexes\":[{\"digest\":" DIGEST ",\"name\":\"a \\\"b\\\"\"," STARTED ","
		"\"completed\":\"2001-09-09T01:46:40.004000000Z\",\"error\":\"no\"}]}\n");
}

static void quiet_says_nothing(void **state UNUSED)
{
	static const struct event events[] = { { 0, BEGIN, 0, "x", 0, 0 },
					       { 0, FAIL, 0, "bad", 0, 0 } };
	autofree char *text = play(PROGRESS_QUIET, 0, events, ARRAY_LEN(events));

	assert_string_equal(text, "");
}

/* ---- The picture ---- */

static char *draw(const struct event *events, size_t n, const struct picture_opts *o)
{
	auto_(progress) struct progress *p = NULL;
	auto_(strbuf) struct strbuf out = { 0 };
	struct progress_opts opts = { .mode = PROGRESS_QUIET, .fd = -1, .now = clock_now };

	clock_ms = 0;
	assert_int_equal(progress_open(&opts, &p, NULL), 0);
	for (size_t i = 0; i < n; i++)
		play_one(p, &events[i]);
	(void)picture_draw(p, o, &out);
	return strbuf_steal(&out);
}

static const struct event picture_events[] = {
	{ 0, CACHED, 0, "[1/3] FROM a", 0, 0 },
	{ 0, BEGIN, 1, "[2/3] RUN \033]0;evil\007make", 0, 0 },
	{ 10, LOG, 1, "cc\n\033[2Jhidden\rshown\n", 0, 0 },
};

static void the_picture_shows_what_runs_with_the_last_lines_it_printed(void **state UNUSED)
{
	struct picture_opts o = { .rows = 24, .cols = 60, .log_lines = 6 };
	autofree char *text = NULL;

	clock_ms = 1500;
	o.now = clock_now();
	text = draw(picture_events, ARRAY_LEN(picture_events), &o);
	assert_string_equal(text,
			    "[+] Building 1.5s (1/2)\033[K\n"
			    " => CACHED [1/3] FROM a                                0.0s\033[K\n"
			    " => [2/3] RUN \\x1b]0;evil\\x07make                      1.5s\033[K\n"
			    " => => # cc\033[K\n => => # shown\033[K\n");
}

static void sequences_of_a_step_leave_its_text_in_the_picture(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 1, "RUN make", 0, 0 },
		{ 10, LOG, 1, "a\tb\n\033[1;31mred\033[0m text\033[K\n\033]0;evil\033\\x\n", 0, 0 },
		{ 0, LOG, 1, "\033[2K\033[1G\033(Bwheel\033[\n\033", 0, 0 },
	};
	struct picture_opts o = { .rows = 24, .cols = 60, .log_lines = 9 };
	autofree char *text = draw(events, ARRAY_LEN(events), &o);

	assert_non_null(strstr(text, " => => # a       b\033[K\n"));
	assert_non_null(strstr(text, " => => # red text\033[K\n"));
	assert_non_null(strstr(text, " => => # x\033[K\n"));
	assert_non_null(strstr(text, "wheel\033[K\n"));
	assert_null(strstr(text, "evil"));
	assert_null(strstr(text, "x1b"));
}

static void a_build_that_failed_is_not_finished(void **state UNUSED)
{
	static const struct event events[] = {
		{ 0, BEGIN, 1, "RUN exit 1", 0, 0 },
		{ 10, FAIL, 1, "exit code: 1", 0, 0 },
	};
	struct picture_opts o = { .rows = 24, .cols = 60, .last = true };
	autofree char *text = draw(events, ARRAY_LEN(events), &o);

	assert_non_null(strstr(text, "(1/1)\033[K\n => ERROR RUN exit 1 "));
	assert_null(strstr(text, "FINISHED"));
}

static void colours_are_chosen_by_name_or_mixed(void **state UNUSED)
{
	struct colours c;

	assert_null(colours_choose(NULL, NULL, &c));
	assert_string_equal(c.run, "\033[34m");
	assert_null(colours_choose("", "run=Green:error=255,0,128:", &c));
	assert_string_equal(c.run, "\033[32m");
	assert_string_equal(c.error, "\033[38;5;199m");
	assert_string_equal(c.cancel, "\033[33m");
	assert_null(colours_choose("1", "run=green", &c));
	assert_string_equal(c.run, "");
	assert_string_equal(c.off, "");
}

static void what_is_no_colour_is_named_and_the_others_count(void **state UNUSED)
{
	static const char *const wrong[] = { "run=mauve",   "run=1,2",    "run=1,2,256", "walk=red",
					     "run=1,2,3,4", "run=-1,2,3", "run=",        "red" };
	struct colours c;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		autofree char *text = xasprintf("error=blue:%s:cancel=cyan", wrong[i]);
		const char *unknown = colours_choose(NULL, text, &c);

		assert_ptr_equal(unknown, text + strlen("error=blue:"));
		assert_string_equal(c.run, "\033[34m");
		assert_string_equal(c.error, "\033[34m");
		assert_string_equal(c.cancel, "\033[36m");
	}
}

static void no_line_is_wider_than_the_terminal(void **state UNUSED)
{
	struct picture_opts o = { .rows = 24, .log_lines = 6 };

	clock_ms = 1500;
	o.now = clock_now();
	for (o.cols = 1; o.cols < 70; o.cols++) {
		autofree char *text = draw(picture_events, ARRAY_LEN(picture_events), &o);

		for (const char *line = text; *line; line = strchr(line, '\n') + 1)
			assert_true(strcspn(line, "\033") < o.cols);
	}
}

static void a_small_terminal_shows_what_runs(void **state UNUSED)
{
	struct picture_opts o = { .rows = 3, .cols = 40 };
	autofree char *text = NULL;

	clock_ms = 1500;
	o.now = clock_now();
	text = draw(picture_events, ARRAY_LEN(picture_events), &o);
	assert_null(strstr(text, "CACHED"));
	assert_non_null(strstr(text, "[2/3] RUN"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_has_a_headline_its_output_with_times_and_an_end),
		cmocka_unit_test(times_lose_decimals_as_they_grow),
		cmocka_unit_test(two_steps_do_not_mix_their_lines_and_who_ends_is_heard),
		cmocka_unit_test(an_unfinished_line_ends_before_another_step_speaks),
		cmocka_unit_test(a_failure_is_told_again_at_the_end_with_the_last_lines),
		cmocka_unit_test(transfers_are_told_now_and_then),
		cmocka_unit_test(a_warning_may_come_after_its_vertex_has_ended),
		cmocka_unit_test(output_without_end_is_clipped),
		cmocka_unit_test(pipes_get_every_byte),
		cmocka_unit_test(json_has_one_object_a_line_as_buildkit_writes_them),
		cmocka_unit_test(quiet_says_nothing),
		cmocka_unit_test(the_picture_shows_what_runs_with_the_last_lines_it_printed),
		cmocka_unit_test(sequences_of_a_step_leave_its_text_in_the_picture),
		cmocka_unit_test(a_build_that_failed_is_not_finished),
		cmocka_unit_test(colours_are_chosen_by_name_or_mixed),
		cmocka_unit_test(what_is_no_colour_is_named_and_the_others_count),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(a_small_terminal_shows_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
