/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/dir.h"
#include "libutil/file.h"

/* wait(2) statuses. */
#define EXITED(code)   ((code) << 8)
#define SIGNALLED(sig) (sig)
#define DUMPED         0x80

static void shows(struct ending_facts facts, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct oci_exit how;
	struct oci_state state = { .oci_version = "1",
				   .id = "x",
				   .status = OCI_STATUS_STOPPED,
				   .bundle = "/b",
				   .exit = &how };
	const char *member;

	ending_decide(&facts, &how);
	oci_encode(&oci_state_type, &state, 0, &out);
	member = strstr(strbuf_str(&out), "\"exit\":");
	assert_non_null(member);
	assert_string_equal(member + strlen("\"exit\":"), want);
}

static void an_exit_shows_its_code_also_that_of_success(void **state UNUSED)
{
	shows((struct ending_facts){ .known = true, .status = EXITED(0) },
	      "{\"reason\":\"exited\",\"exitCode\":0}}");
	shows((struct ending_facts){ .known = true, .status = EXITED(255), .oom_kills = 2 },
	      "{\"reason\":\"exited\",\"exitCode\":255,\"oomKills\":2}}");
}

static void a_signal_shows_its_name_and_a_core_dump(void **state UNUSED)
{
	shows((struct ending_facts){ .known = true, .status = SIGNALLED(11) | DUMPED },
	      "{\"reason\":\"signal\",\"signal\":\"SIGSEGV\",\"signalNumber\":11,\"coreDumped\":true}}");
}

static void sigkill_is_an_oom_kill_only_when_the_group_counts_one(void **state UNUSED)
{
	shows((struct ending_facts){ .known = true, .status = SIGNALLED(9) },
	      "{\"reason\":\"signal\",\"signal\":\"SIGKILL\",\"signalNumber\":9}}");
	shows((struct ending_facts){ .known = true, .status = SIGNALLED(9), .oom_kills = 1 },
	      "{\"reason\":\"oom-kill\",\"signal\":\"SIGKILL\",\"signalNumber\":9,\"oomKills\":1}}");
}

static void sigsys_is_a_seccomp_violation_only_with_a_filter(void **state UNUSED)
{
	shows((struct ending_facts){ .known = true, .status = SIGNALLED(31) },
	      "{\"reason\":\"signal\",\"signal\":\"SIGSYS\",\"signalNumber\":31}}");
	shows((struct ending_facts){ .known = true, .status = SIGNALLED(31), .filtered = true },
	      "{\"reason\":\"seccomp\",\"signal\":\"SIGSYS\",\"signalNumber\":31}}");
}

static void what_nobody_was_told_is_unknown(void **state UNUSED)
{
	shows((struct ending_facts){ .known = false }, "{\"reason\":\"unknown\"}}");
	shows((struct ending_facts){ .oom_kills = 1 }, "{\"reason\":\"unknown\",\"oomKills\":1}}");
}

static void a_program_that_never_ran_is_told_from_one_that_failed_to(void **state UNUSED)
{
	shows((struct ending_facts){ .never_started = true, .known = true, .status = SIGNALLED(9) },
	      "{\"reason\":\"not-started\",\"signal\":\"SIGKILL\",\"signalNumber\":9}}");
	shows((struct ending_facts){ .failure = "exec '/x': gone" },
	      "{\"reason\":\"start-failure\",\"message\":\"exec '/x': gone\"}}");
}

static void what_was_kept_is_read_back(void **state UNUSED)
{
	char dir[] = "/tmp/test-ending-XXXXXX";
	struct ending_facts f = { 0 };
	autofree char *text = NULL;
	struct arena a = { 0 };
	int status = SIGNALLED(6) | DUMPED;
	size_t len = 0;
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ending_keep(fd, &status, "why", NULL), 0);
	assert_int_equal(file_read_at(fd, ENDING_FILE, ENDING_MAX, &text, &len, NULL), 0);
	assert_string_equal(text, "{\"waitStatus\":134,\"error\":\"why\"}");
	assert_int_equal(ending_parse(text, len, &a, &f, NULL), 0);
	assert_true(f.known);
	assert_int_equal(f.status, status);
	assert_string_equal(f.failure, "why");
	(void)close(fd);
	assert_true(dir_remove_all_at(AT_FDCWD, dir, NULL) >= 0);
	arena_done(&a);
}

static void a_status_of_no_ended_process_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "{\"waitStatus\":127}",
					   "{\"waitStatus\":65535}",
					   "{\"waitStatus\":-1}",
					   "{\"waitStatus\":\"0\"}",
					   "[]",
					   "" };
	struct ending_facts f = { 0 };
	struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(ending_parse(bad[i], strlen(bad[i]), &a, &f, NULL) < 0);
		assert_false(f.known);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_shows_its_code_also_that_of_success),
		cmocka_unit_test(a_signal_shows_its_name_and_a_core_dump),
		cmocka_unit_test(sigkill_is_an_oom_kill_only_when_the_group_counts_one),
		cmocka_unit_test(sigsys_is_a_seccomp_violation_only_with_a_filter),
		cmocka_unit_test(what_nobody_was_told_is_unknown),
		cmocka_unit_test(a_program_that_never_ran_is_told_from_one_that_failed_to),
		cmocka_unit_test(what_was_kept_is_read_back),
		cmocka_unit_test(a_status_of_no_ended_process_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
