/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/proc.h"
#include "libutil/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libutil/cleanup.h"

#define ARGV(...)                                                                                  \
	(char *const[])                                                                            \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
static char sh[] = "sh", dash_c[] = "-c";

/* Run a line of shell; the status is returned, output goes to `out`. */
static int shell(char *line, const char *input, struct strbuf *out)
{
	struct proc_spec spec = { .path = "/bin/sh", .argv = ARGV(sh, dash_c, line) };
	struct err e = { 0 };
	int status = -1;
	int r = proc_run(&spec, input, input ? strlen(input) : 0, out, 20000, &status, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
	return status;
}

static void output_of_both_streams_is_collected(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char line[] = "echo one; echo two >&2; exit 3";

	assert_int_equal(proc_exit_code(shell(line, NULL, &out)), 3);
	assert_string_equal(strbuf_str(&out), "one\ntwo\n");
}

static void input_larger_than_a_pipe_is_fed(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	autofree char *input = malloc(500001);
	char line[] = "wc -c";

	memset(input, 'i', 500000);
	input[500000] = '\0';
	assert_int_equal(shell(line, input, &out), 0);
	assert_int_equal(strtol(strbuf_str(&out), NULL, 10), 500000);
}

static void a_program_that_ignores_its_input_is_no_error(void **state UNUSED)
{
	autofree char *input = malloc(300001);
	char line[] = "exec <&-; sleep 0.05; exit 0";

	memset(input, 'i', 300000);
	input[300000] = '\0';
	assert_int_equal(shell(line, input, NULL), 0);
}

static void output_over_the_maximum_is_dropped(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { .max = 10 };
	char line[] = "yes | head -c 200000; exit 4";

	assert_int_equal(proc_exit_code(shell(line, NULL, &out)), 4);
	assert_int_equal(out.len, 10);
	assert_int_equal(strbuf_check(&out, "output", NULL), 0);
}

static void a_daemon_left_behind_does_not_hold_us(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char line[] = "sleep 5 & echo done";

	assert_int_equal(shell(line, NULL, &out), 0);
	assert_string_equal(strbuf_str(&out), "done\n");
}

static void a_program_over_its_time_is_killed(void **state UNUSED)
{
	static char sleep_name[] = "sleep", five[] = "30";
	struct proc_spec spec = { .path = "sleep", .search = true, .argv = ARGV(sleep_name, five) };
	struct err e = { 0 };
	int status = 0;

	assert_int_equal(proc_run(&spec, NULL, 0, NULL, 50, &status, &e), -ETIMEDOUT);
	assert_string_equal(e.msg, "run 'sleep': it took too long and was killed");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_program_is_killed_when_a_stop_descriptor_becomes_readable(void **state UNUSED)
{
	char *const argv[] = { (char[]){ "sleep" }, (char[]){ "100" }, NULL };
	struct proc_spec spec = { .path = "sleep", .search = true, .argv = argv, .may_stop = true };
	struct err e = { 0 };
	int status = 0;
	int p[2];

	assert_int_equal(pipe(p), 0);
	spec.stopfds[0] = -1;
	spec.stopfds[1] = p[0];
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(proc_run(&spec, NULL, 0, NULL, 20000, &status, &e), -EINTR);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)close(p[0]);
	(void)close(p[1]);
}

static void a_missing_program_is_reported_here(void **state UNUSED)
{
	struct proc_spec spec = { .path = "/no/such", .argv = ARGV(sh) };
	struct err e = { 0 };
	pid_t pid = 7;

	assert_int_equal(proc_spawn(&spec, &pid, NULL, &e), -ENOENT);
	assert_string_equal(e.msg, "run '/no/such': No such file or directory");
	assert_int_equal(pid, 7);
	spec.path = "no-such-program";
	spec.search = true;
	assert_int_equal(proc_spawn(&spec, &pid, NULL, &e), -ENOENT);
	assert_string_equal(e.msg, "run 'no-such-program': no such program in PATH");
	spec = (struct proc_spec){ .path = "/etc/passwd", .argv = ARGV(sh) };
	assert_int_equal(proc_spawn(&spec, &pid, NULL, &e), -EACCES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_failed_step_is_named(void **state UNUSED)
{
	int fds[] = { 0, 999 };
	struct proc_spec spec = { .path = "/bin/true", .argv = ARGV(sh), .fds = fds, .n_fds = 2 };
	struct err e = { 0 };
	pid_t pid;

	assert_int_equal(proc_spawn(&spec, &pid, NULL, &e), -EBADF);
	assert_string_equal(e.msg, "run '/bin/true': arrange descriptors: Bad file descriptor");
	spec.n_fds = 0;
	spec.cwdfd = 2;
	assert_int_equal(proc_spawn(&spec, &pid, NULL, &e) == 0, 0);
	assert_non_null(strstr(e.msg, "change directory"));
}

/* Descriptors that have to change places: 0 -> 1, 1 -> 0, and one that stays. */
static void descriptors_may_change_places(void **state UNUSED)
{
	static char line[] = "cat <&1; echo to-zero >&0; test ! -e /proc/self/fd/4 -a -e "
			     "/proc/self/fd/3 && exit 9";
	int in[2], out[2], status = 0;
	char buf[64] = "";
	pid_t pid = fork();

	if (pid == 0) {
		struct proc_spec spec = { .path = "/bin/sh", .argv = ARGV(sh, dash_c, line) };
		int fds[4];
		pid_t child;

		if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
			_exit(1);
		if (write(in[1], "from-one\n", 9) != 9)
			_exit(2);
		(void)close(in[1]);
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)dup2(out[1], 2);
		(void)dup2(0, 10);
		/* Now 0 reads the text and 1 writes; the child gets them the other way round. */
		fds[0] = 1;
		fds[1] = 0;
		fds[2] = 2;
		fds[3] = -1;
		spec.fds = fds;
		spec.n_fds = 4;
		/* The shell's cat writes to its descriptor 1, which is read-only there. */
		if (proc_spawn(&spec, &child, NULL, NULL) < 0)
			_exit(3);
		if (proc_wait(child, &status, NULL) < 0)
			_exit(4);
		(void)close(1);
		(void)close(2);
		(void)close(out[1]);
		if (read(out[0], buf, sizeof(buf) - 1) < 0)
			_exit(5);
		_exit(strstr(buf, "to-zero") && proc_exit_code(status) == 9 ? 0 : 6);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(proc_exit_code(status), 0);
}

static void the_child_starts_with_default_signals(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char line[] = "grep -E 'Sig(Blk|Ign)' /proc/self/status";
	sigset_t all, old, after;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	(void)signal(SIGUSR1, SIG_IGN);
	assert_int_equal(shell(line, NULL, &out), 0);
	(void)sigprocmask(SIG_SETMASK, &old, &after);
	(void)signal(SIGUSR1, SIG_DFL);
	assert_string_equal(strbuf_str(&out),
			    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	assert_int_equal(sigismember(&after, SIGUSR1), 1);
}

static void environment_directory_and_session_are_as_asked(void **state UNUSED)
{
	static char a[] = "A=b";
	static char line[] =
		"echo $A; pwd; test $$ = $(cut -d' ' -f6 /proc/$$/stat) && echo leader";
	auto_(strbuf) struct strbuf out = { 0 };
	autofd int dirfd = open("/usr/bin", O_PATH | O_CLOEXEC);
	struct proc_spec spec = { .path = "/bin/sh",
				  .argv = ARGV(sh, dash_c, line),
				  .envp = ARGV(a),
				  .cwdfd = dirfd,
				  .new_session = true };
	int status = -1;

	assert_int_equal(proc_run(&spec, NULL, 0, &out, 20000, &status, NULL), 0);
	assert_string_equal(strbuf_str(&out), "b\n/usr/bin\nleader\n");
}

static int status_of(const struct proc_spec *spec)
{
	struct err e = { 0 };
	int status = -1;
	pid_t pid;

	assert_int_equal(proc_spawn(spec, &pid, NULL, &e), 0);
	assert_int_equal(proc_wait(pid, &status, &e), 0);
	return proc_exit_code(status);
}

static void what_is_not_close_on_exec_stays_open_when_asked(void **state UNUSED)
{
	static char line[] = "test -e /proc/self/fd/9";
	struct proc_spec spec = {
		.path = "/bin/sh",
		.argv = ARGV(sh, dash_c, line),
		.fds = (const int[]){ -1, -1, -1 },
		.n_fds = 3,
	};

	assert_int_equal(dup2(STDERR_FILENO, 9), 9);
	assert_int_equal(status_of(&spec), 1);
	spec.inherit = true;
	assert_int_equal(status_of(&spec), 0);
	(void)close(9);
}

static void the_child_writes_its_own_pid_where_it_was_asked_to(void **state UNUSED)
{
	static char line[] = "test \"$OWN\" = $$";
	static char entry[] = "OWN=00000000000";
	struct proc_spec spec = {
		.path = "/bin/sh",
		.argv = ARGV(sh, dash_c, line),
		.envp = (char *const[]){ entry, NULL },
		.own_pid = entry + 4,
	};

	assert_int_equal(status_of(&spec), 0);
}

static void who_says_nothing_for_too_long_is_killed(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char line[] = "exec sleep 1000";
	struct proc_spec spec = { .path = "/bin/sh",
				  .argv = ARGV(sh, dash_c, line),
				  .silence_ms = 1000 };
	struct err e = { 0 };
	int status = 0;

	assert_int_equal(proc_run(&spec, NULL, 0, &out, -1, &status, &e), -ETIME);
	assert_string_equal(e.msg, "run '/bin/sh': it said nothing for 1 seconds and was killed");
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Its grandchild left the session and holds the pipe: end-of-file says that it has ended. */
static void with_pids_of_its_own_nothing_outlives_it(void **state UNUSED)
{
	char line[] = "setsid sh -c 'echo up; exec sleep 1000' & read x </dev/null; echo $$; wait";
	int p[2];
	pid_t pid = 0;
	int status = 0;
	char got[8] = "";

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	{
		const int fds[] = { -1, p[1], -1 };
		struct proc_spec spec = { .path = "/bin/sh",
					  .argv = ARGV(sh, dash_c, line),
					  .fds = fds,
					  .n_fds = 3,
					  .die_with_parent = true,
					  .own_pids = true };

		assert_int_equal(proc_spawn(&spec, &pid, NULL, NULL), 0);
	}
	close(p[1]);
	for (size_t n = 0; n < 5;) {
		ssize_t more = read(p[0], got + n, 5 - n);

		assert_true(more > 0);
		n += (size_t)more;
	}
	/* Whoever was first. */
	assert_true(strcmp(got, "1\nup\n") == 0 || strcmp(got, "up\n1\n") == 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(read(p[0], got, 1), 0);
	assert_int_equal(proc_wait(pid, &status, NULL), 0);
	close(p[0]);
}

static void a_pidfd_tells_when_the_child_ends(void **state UNUSED)
{
	static char line[] = "read x";
	int p[2], fds[3] = { 0, 1, 2 }, status = 0;
	autofd int pidfd = -1;
	struct proc_spec spec = { .path = "/bin/sh",
				  .argv = ARGV(sh, dash_c, line),
				  .fds = fds,
				  .n_fds = 3,
				  .die_with_parent = true };
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fds[0] = p[0];
	assert_int_equal(proc_spawn(&spec, &pid, &pidfd, NULL), 0);
	(void)close(p[0]);
	assert_int_equal(proc_wait_pidfd(pidfd, 0, NULL), 0);
	assert_int_equal(proc_wait_pidfd(pidfd, 10, NULL), 0);
	(void)close(p[1]);
	assert_int_equal(proc_wait_pidfd(pidfd, -1, NULL), 1);
	assert_int_equal(proc_wait(pid, &status, NULL), 0);
	assert_int_equal(proc_exit_code(status), 1);
	assert_int_equal(proc_wait(pid, &status, NULL), -ECHILD);
}

static void statuses_are_told_in_words(void **state UNUSED)
{
	char buf[PROC_STATUS_TEXT_SIZE];

	assert_string_equal(proc_status_text(3 << 8, buf), "exited with status 3");
	assert_string_equal(proc_status_text(SIGKILL, buf), "killed by SIGKILL");
	assert_string_equal(proc_status_text(SIGSEGV | 0x80, buf),
			    "killed by SIGSEGV (core dumped)");
	assert_int_equal(proc_exit_code(SIGTERM), 143);
	assert_int_equal(proc_exit_code(7 << 8), 7);
}

static void the_start_time_names_a_process(void **state UNUSED)
{
	uint64_t first = 0, second = 0, init = 0;
	char letter = '?';
	int status;
	pid_t pid;

	assert_int_equal(proc_start_time(getpid(), &first, &letter, NULL), 0);
	assert_int_equal(letter, 'R');
	/* A name made to look like the rest of the line must not confuse. */
	assert_int_equal(prctl(PR_SET_NAME, ") Z 1 2 3", 0, 0, 0), 0);
	assert_int_equal(proc_start_time(getpid(), &second, &letter, NULL), 0);
	assert_int_equal(letter, 'R');
	assert_true(first == second);
	assert_int_equal(proc_start_time(1, &init, NULL, NULL), 0);
	assert_true(init <= first);
	pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_start_time(pid, &second, &letter, NULL), 0);
	assert_int_equal(letter, 'Z');
	assert_int_equal(proc_wait(pid, &status, NULL), 0);
	assert_int_equal(proc_start_time(pid, &second, &letter, NULL), -ESRCH);
}

static void a_zombie_tells_its_status_and_after_it_a_descriptor(void **state UNUSED)
{
	uint64_t start = 0;
	int pidfd, seen = -1, status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	pidfd = sys_pidfd_open(pid, 0);
	assert_true(pidfd >= 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_start_time(pid, &start, NULL, NULL), 0);
	assert_false(proc_zombie_status(pid, start + 1, &seen));
	assert_true(proc_zombie_status(pid, start, &seen));
	assert_int_equal(seen, 7 << 8);
	assert_int_equal(proc_wait(pid, &status, NULL), 0);
	assert_false(proc_zombie_status(pid, start, &seen));
	seen = -1;
	/* Older kernels cannot say. */
	if (proc_pidfd_status(pidfd, &seen))
		assert_int_equal(seen, 7 << 8);
	else
		assert_int_equal(seen, -1);
	(void)close(pidfd);
}

static void a_live_process_has_no_status(void **state UNUSED)
{
	uint64_t start = 0;
	int pidfd = sys_pidfd_open(getpid(), 0), status = -1;

	assert_int_equal(proc_start_time(getpid(), &start, NULL, NULL), 0);
	assert_false(proc_zombie_status(getpid(), start, &status));
	assert_false(proc_pidfd_status(pidfd, &status));
	assert_false(proc_pidfd_status(-1, &status));
	(void)close(pidfd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_of_both_streams_is_collected),
		cmocka_unit_test(a_program_is_killed_when_a_stop_descriptor_becomes_readable),
		cmocka_unit_test(input_larger_than_a_pipe_is_fed),
		cmocka_unit_test(a_program_that_ignores_its_input_is_no_error),
		cmocka_unit_test(output_over_the_maximum_is_dropped),
		cmocka_unit_test(a_daemon_left_behind_does_not_hold_us),
		cmocka_unit_test(a_program_over_its_time_is_killed),
		cmocka_unit_test(a_missing_program_is_reported_here),
		cmocka_unit_test(a_failed_step_is_named),
		cmocka_unit_test(descriptors_may_change_places),
		cmocka_unit_test(the_child_starts_with_default_signals),
		cmocka_unit_test(environment_directory_and_session_are_as_asked),
		cmocka_unit_test(what_is_not_close_on_exec_stays_open_when_asked),
		cmocka_unit_test(the_child_writes_its_own_pid_where_it_was_asked_to),
		cmocka_unit_test(who_says_nothing_for_too_long_is_killed),
		cmocka_unit_test(with_pids_of_its_own_nothing_outlives_it),
		cmocka_unit_test(a_pidfd_tells_when_the_child_ends),
		cmocka_unit_test(statuses_are_told_in_words),
		cmocka_unit_test(the_start_time_names_a_process),
		cmocka_unit_test(a_zombie_tells_its_status_and_after_it_a_descriptor),
		cmocka_unit_test(a_live_process_has_no_status),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
