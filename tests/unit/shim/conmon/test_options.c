/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/conmon/conmon.h"

#define ARGS(...) ((char *const[]){ arg("conmon"), __VA_ARGS__, NULL })

/* Arguments are never written to. */
static char *arg(const char *text)
{
	union {
		const char *in;
		char *out;
	} u = { .in = text };

	return u.out;
}
#define A(text) arg(text)

static struct conmon_opts parse(char *const *argv)
{
	struct conmon_opts o;
	struct err e = { 0 };

	conmon_opts_defaults(&o);
	assert_int_equal(conmon_opts_parse(&o, argv, &e), 0);
	return o;
}

static void what_podman_passes_is_understood(void **state UNUSED)
{
	struct conmon_opts o = parse(
		ARGS(A("--api-version"), A("1"), A("-c"), A("ID"), A("-u"), A("U"), A("-r"),
		     A("/bin/true"), A("-b"), A("/b"), A("-p"), A("/p"), A("-n"), A("NAME"),
		     A("--exit-dir"), A("/x"), A("--full-attach"), A("-l"), A("k8s-file:/l"),
		     A("--log-level"), A("warning"), A("--runtime-arg"), A("--log-format=json"),
		     A("--runtime-arg"), A("--log"), A("--runtime-arg=/oci-log"), A("-t"), A("-s"),
		     A("--conmon-pidfile"), A("/c"), A("--exit-command"), A("/e"),
		     A("--exit-command-arg"), A("--root"), A("--exit-command-arg"), A("/r")));

	assert_int_equal(o.api, 1);
	assert_string_equal(o.cid, "ID");
	assert_string_equal(o.cuuid, "U");
	assert_string_equal(o.name, "NAME");
	assert_true(o.full_attach && o.terminal && o.systemd_cgroup && !o.interactive);
	assert_int_equal(o.runtime_args.n, 3);
	assert_string_equal(o.runtime_args.v[2], "/oci-log");
	assert_string_equal(o.exit_args.v[0], "--root");
	assert_string_equal(o.log_paths.v[0], "k8s-file:/l");
	conmon_opts_done(&o);
}

static void spellings_of_conmon_all_count(void **state UNUSED)
{
	struct conmon_opts o =
		parse(ARGS(A("--api-version=1"), A("-eti"), A("-T5"), A("--log-size-max=-1"),
			   A("-0"), A("/persist"), A("--pidfile"), A("/p"), A("--restore-arg=--x"),
			   A("--exit-delay"), A("7"), A("stray")));

	assert_int_equal(o.api, 1);
	assert_true(o.exec && o.terminal && o.interactive);
	assert_int_equal(o.timeout, 5);
	assert_int_equal(o.log_size_max, -1);
	assert_string_equal(o.persist_dir, "/persist");
	assert_string_equal(o.pid_file, "/p");
	assert_string_equal(o.runtime_opts.v[0], "--x");
	assert_int_equal(o.exit_delay, 7);
	conmon_opts_done(&o);
}

static void what_never_worked_is_taken_and_forgotten(void **state UNUSED)
{
	struct conmon_opts o = parse(ARGS(A("--seccomp-notify-socket"), A("/s"),
					  A("--seccomp-notify-plugins=x"), A("-c"), A("ID")));

	assert_string_equal(o.cid, "ID");
	assert_int_equal(o.api, 0);
	conmon_opts_done(&o);
}

/* The words of the failure, for these arguments. */
static void refused(char *const *argv, const char *why)
{
	auto_(arena) struct arena a = { 0 };
	struct conmon_opts o = parse(argv);
	struct err e = { 0 };

	assert_true(conmon_opts_check(&o, "/cwd", &a, &e) < 0);
	assert_string_equal(e.msg, why);
	conmon_opts_done(&o);
}

#define NEEDED A("-c"), A("ID"), A("-u"), A("U"), A("-r"), A("/bin/sh"), A("-l"), A("/log")

static void what_is_missing_is_asked_for(void **state UNUSED)
{
	refused(ARGS(A("-u"), A("U")), "no id of the container: give --cid ID");
	refused(ARGS(A("-c"), A("ID")), "no id of the attach socket: give --cuuid ID");
	refused(ARGS(A("-c"), A("ID"), A("-u"), A("U")), "no runtime: give --runtime FILE");
	refused(ARGS(A("-c"), A("ID"), A("-u"), A("U"), A("-r"), A("/no/such")),
		"runtime '/no/such': No such file or directory");
	refused(ARGS(A("-c"), A("ID"), A("-u"), A("U"), A("-r"), A("/bin/sh")),
		"no log: give --log-path PATH, or --log-path none");
	refused(ARGS(NEEDED, A("-e")), "option '--exec' needs --exec-process-spec FILE");
	refused(ARGS(NEEDED, A("--exec-attach")), "option '--exec-attach' needs --exec");
	refused(ARGS(NEEDED, A("-e"), A("--exec-attach")),
		"option '--exec-attach' needs --api-version 1");
}

static void what_makes_no_sense_is_refused(void **state UNUSED)
{
	refused(ARGS(NEEDED, A("-e"), A("--restore"), A("/i")),
		"options '--exec' and '--restore' exclude each other");
	refused(ARGS(NEEDED, A("--exit-delay"), A("-1")),
		"option '--exit-delay': -1 lies in the past");
	refused(ARGS(NEEDED, A("--log-rotate"), A("--log-max-files"), A("0")),
		"option '--log-rotate' keeps old files: give --log-max-files 1 or more");
	refused(ARGS(NEEDED, A("-c"), A("../x")), "option '--cid': '../x' is no name for a file");
}

static void paths_that_are_left_out_are_in_the_working_directory(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct conmon_opts o = parse(ARGS(NEEDED));
	struct err e = { 0 };

	assert_int_equal(conmon_opts_check(&o, "/cwd", &a, &e), 0);
	assert_string_equal(o.bundle, "/cwd");
	assert_string_equal(o.pid_file, "/cwd/pidfile-ID");
	conmon_opts_done(&o);
}

static void an_old_exec_needs_neither_bundle_nor_cuuid(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct conmon_opts o = parse(ARGS(A("-c"), A("ID"), A("-r"), A("/bin/sh"), A("-l"), A("/l"),
					  A("-e"), A("--exec-process-spec"), A("/s")));
	struct err e = { 0 };

	assert_int_equal(conmon_opts_check(&o, "/cwd", &a, &e), 0);
	assert_null(o.bundle);
	conmon_opts_done(&o);
}

static void levels_of_logrus_are_known(void **state UNUSED)
{
	struct conmon_opts o = { .log_level = "Fatal" };
	enum log_level level = LOG_LEVEL_INFO;
	struct err e = { 0 };

	assert_int_equal(conmon_opts_level(&o, &level, &e), 0);
	assert_int_equal(level, LOG_LEVEL_ERROR);
	o.log_level = "trace";
	assert_int_equal(conmon_opts_level(&o, &level, &e), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	o.log_level = "loud";
	assert_int_equal(conmon_opts_level(&o, &level, &e), -EINVAL);
}

static const struct opt globals[] = {
	{ .name = "log-level", .kind = OPT_STRING },
	{ .name = "debug", .kind = OPT_FLAG },
	OPT_END,
};

static void check_call(bool want, char *const *argv)
{
	assert_int_equal(conmon_is_called(argv, globals), want);
}

static void who_is_called_follows_from_name_and_first_option(void **state UNUSED)
{
#define CALL(...) ((char *const[]){ __VA_ARGS__, NULL })
	check_call(true, CALL(A("/usr/bin/conmon")));
	check_call(true, CALL(A("creel-conmon"), A("run")));
	check_call(false, CALL(A("-conmon"), A("run")));
	check_call(true, CALL(A("creel-shim"), A("--api-version"), A("1")));
	check_call(true, CALL(A("creel-shim"), A("-b"), A("/b")));
	check_call(true, CALL(A("creel-shim"), A("--log-level"), A("debug"), A("-c"), A("ID")));
	check_call(true, CALL(A("creel-shim"), A("--log-level=x"), A("--cid=ID")));
	check_call(false, CALL(A("creel-shim"), A("--log-level"), A("debug"), A("run"), A("-b")));
	check_call(false, CALL(A("creel-shim"), A("--debug"), A("run")));
	check_call(false, CALL(A("creel-shim"), A("run"), A("-c"), A("ID")));
	check_call(false, CALL(A("creel-shim"), A("--version")));
	check_call(false, CALL(A("creel-shim"), A("--help")));
	check_call(false, CALL(A("creel-shim")));
	check_call(false, (char *const[]){ NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_podman_passes_is_understood),
		cmocka_unit_test(spellings_of_conmon_all_count),
		cmocka_unit_test(what_never_worked_is_taken_and_forgotten),
		cmocka_unit_test(what_is_missing_is_asked_for),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(paths_that_are_left_out_are_in_the_working_directory),
		cmocka_unit_test(an_old_exec_needs_neither_bundle_nor_cuuid),
		cmocka_unit_test(levels_of_logrus_are_known),
		cmocka_unit_test(who_is_called_follows_from_name_and_first_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
