/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/json.h"
#include "libutil/parse.h"

#define TEXT_MAX (1 << 18)

/* What a child that ran `f` wrote to stderr and to its log file. */
struct said {
	char err[TEXT_MAX], file[TEXT_MAX];
};

static char file_path[64];

static void slurp(int fd, char *text)
{
	ssize_t n = pread(fd, text, TEXT_MAX - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
}

/* The log sink is one per process, so each test logs in a child. */
static void run_child(void (*f)(void), struct said *said)
{
	autofd int errfd = memfd_create("stderr", MFD_CLOEXEC);
	autofd int filefd = memfd_create("log", 0);
	int status = 0;
	pid_t pid;

	assert_true(errfd >= 0 && filefd >= 0);
	(void)snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", filefd);
	pid = fork();
	if (pid == 0) {
		(void)dup2(errfd, STDERR_FILENO);
		log_init("creel");
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	slurp(errfd, said->err);
	slurp(filefd, said->file);
}

static void say_all(void)
{
	errno = EBUSY;
	log_error("create '%s': %d", "web", 7);
	log_warning("careful");
	log_info("for your information");
	log_debug("step");
	if (errno != EBUSY)
		_exit(1);
}

static void lines_on_stderr_name_program_and_level(void **state UNUSED)
{
	static struct said said;

	run_child(say_all, &said);
	assert_string_equal(said.err, "creel: error: create 'web': 7\ncreel: warning: careful\n");
	assert_string_equal(said.file, "");
}

static void say_all_debug(void)
{
	log_set_level(LOG_LEVEL_DEBUG);
	say_all();
}

static void the_level_decides_what_is_said(void **state UNUSED)
{
	static struct said said;

	run_child(say_all_debug, &said);
	assert_string_equal(said.err, "creel: error: create 'web': 7\ncreel: warning: careful\n"
				      "creel: info: for your information\ncreel: debug: step\n");
}

static void say_all_in_json(void)
{
	if (log_open_file(file_path, LOG_FORMAT_JSON, NULL) < 0)
		_exit(1);
	say_all();
}

/* podman decodes the whole file as one document; containerd wants this order and an RFC 3339 time.
 */
static void a_json_file_gets_the_error_as_its_only_document(void **state UNUSED)
{
	static struct said said;
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	struct timespec t;

	run_child(say_all_in_json, &said);
	assert_int_equal(json_parse("log", said.file, strlen(said.file), &a, &doc, NULL), 0);
	assert_int_equal(doc->len, 3);
	assert_string_equal(doc->keys[0], "level");
	assert_string_equal(doc->keys[1], "msg");
	assert_string_equal(doc->keys[2], "time");
	assert_string_equal(json_get_string(doc, "level"), "error");
	assert_string_equal(json_get_string(doc, "msg"), "create 'web': 7");
	assert_int_equal(strlen(json_get_string(doc, "time")), strlen("2026-01-02T03:04:05Z"));
	assert_int_equal(parse_time(json_get_string(doc, "time"), &t), 0);
	assert_true(t.tv_sec >= time(NULL) - 60 && t.tv_sec <= time(NULL) + 1);
	assert_string_equal(strchr(said.file, '\n'), "\n");
	/* And stderr, which may be the container's, stays free of all but errors. */
	assert_string_equal(said.err, "creel: error: create 'web': 7\n");
}

static void say_all_in_json_at_warning(void)
{
	log_set_level(LOG_LEVEL_WARNING);
	say_all_in_json();
}

static void a_level_that_was_asked_for_reaches_the_json_file(void **state UNUSED)
{
	static struct said said;

	run_child(say_all_in_json_at_warning, &said);
	assert_non_null(
		strstr(said.file, "{\"level\":\"warning\",\"msg\":\"careful\",\"time\":\""));
}

static void say_all_in_a_text_file(void)
{
	if (log_open_file(file_path, LOG_FORMAT_TEXT, NULL) < 0)
		_exit(1);
	say_all();
}

static void a_text_file_gets_warnings_too(void **state UNUSED)
{
	static struct said said;

	run_child(say_all_in_a_text_file, &said);
	assert_string_equal(said.file, "creel: error: create 'web': 7\ncreel: warning: careful\n");
	assert_string_equal(said.err, "creel: error: create 'web': 7\n");
}

static void say_controls(void)
{
	if (log_open_file(file_path, LOG_FORMAT_JSON, NULL) < 0)
		_exit(1);
	log_error("a\nb\x1b[31m\tc\xff\" \xc2\x9b \xc2\xa0");
}

static void control_characters_cannot_break_a_line_or_a_terminal(void **state UNUSED)
{
	static struct said said;

	run_child(say_controls, &said);
	assert_string_equal(said.err, "creel: error: a\\nb\\x1b[31m\tc\xff\" \\x9b \xc2\xa0\n");
	assert_true(starts_with(
		said.file,
		"{\"level\":\"error\",\"msg\":\"a\\nb\\u001b[31m\\tc\xef\xbf\xbd\\\" \xc2\x9b \xc2\xa0\",\"time\""));
}

static void say_long(void)
{
	static char text[200000];

	memset(text, 'x', sizeof(text) - 1);
	log_error("%s", text);
}

static void a_runaway_message_is_not_written(void **state UNUSED)
{
	static struct said said;

	run_child(say_long, &said);
	assert_string_equal(said.err, "creel: error: (message too long)\n");
}

static void say_json_on_stderr(void)
{
	log_set_format(LOG_FORMAT_JSON);
	log_error("x");
}

static void stderr_can_speak_json(void **state UNUSED)
{
	static struct said said;

	run_child(say_json_on_stderr, &said);
	assert_true(starts_with(said.err, "{\"level\":\"error\",\"msg\":\"x\",\"time\":\""));
}

static void an_unusable_log_file_is_named(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(log_open_file("no-such-dir/log", LOG_FORMAT_TEXT, &e), -ENOENT);
	assert_string_equal(e.msg, "open log file 'no-such-dir/log': No such file or directory");
}

static void levels_have_names(void **state UNUSED)
{
	enum log_level level = LOG_LEVEL_ERROR;
	struct err e = { 0 };

	assert_int_equal(log_parse_level("debug", &level, &e), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_parse_level("warn", &level, &e), 0);
	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_int_equal(log_parse_level("loud", &level, &e), -EINVAL);
	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_string_equal(e.msg, "unknown log level 'loud': use error, warning, info or debug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_on_stderr_name_program_and_level),
		cmocka_unit_test(the_level_decides_what_is_said),
		cmocka_unit_test(a_json_file_gets_the_error_as_its_only_document),
		cmocka_unit_test(a_level_that_was_asked_for_reaches_the_json_file),
		cmocka_unit_test(a_text_file_gets_warnings_too),
		cmocka_unit_test(control_characters_cannot_break_a_line_or_a_terminal),
		cmocka_unit_test(a_runaway_message_is_not_written),
		cmocka_unit_test(stderr_can_speak_json),
		cmocka_unit_test(an_unusable_log_file_is_named),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
