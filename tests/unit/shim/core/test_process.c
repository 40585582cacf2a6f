/* SPDX-License-Identifier: Apache-2.0 */
/* Processes with a runtime of a few lines of shell. */
#include "shim/core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/strbuf.h"

/* Which verbs fail, and what the process does, is in files beside it.  As with a real one, nobody
 * but its subreaper collects the process, and it is dead once it is deleted; a shell collects what
 * it started itself. */
static const char script[] =
	"#!/bin/sh\n"
	"dir=${0%/*} verb=$1\n"
	"echo \"$verb\" >>$dir/calls\n"
	"while [ $# -gt 1 ]; do [ \"$1\" = --pid-file ] && pid=$2; shift; done\n"
	"if [ -e $dir/fail-$verb ]; then echo \"$verb: no\" >&2; exit 1; fi\n"
	"case $verb in\n"
	"create|exec|restore)\n"
	"	setsid --fork sh -c \"echo \\$\\$ >$pid; exec sh $dir/program\" </dev/null >/dev/null 2>&1\n"
	"	until [ -s $pid ]; do :; done\n"
	"	[ ! -e $dir/slow ] || sleep 0.3;;\n"
	"start) [ ! -e $dir/slow ] || sleep 0.3;;\n"
	"delete) pid=$(cat $dir/pid) && kill -9 $pid 2>/dev/null\n"
	"	while grep -q '^State:.[RSD]' /proc/$pid/status 2>/dev/null; do :; done;;\n"
	"esac\n"
	"exit 0\n";

struct world {
	char dir[32];
	char runtime[64], pid_file[64];
	int dirfd;
	struct loop loop;
	struct reaper reaper;
	struct container container;
	struct process p;
	struct strbuf told; /* "created started exited(3) " */
};

/* ---- the front: writes down what it is told ---- */

static int no_stdio(struct process *p UNUSED, int stdio[3] UNUSED, struct err *e UNUSED)
{
	return 0;
}

static void tell(struct process *p, const char *text)
{
	struct world *w = p->ctx;

	strbuf_adds(&w->told, text);
	strbuf_addc(&w->told, ' ');
}

static void on_created(struct process *p)
{
	tell(p, "created");
}

static void on_started(struct process *p)
{
	tell(p, "started");
}

static void on_failed(struct process *p, const struct err *why)
{
	tell(p, why->msg);
}

static void on_exited(struct process *p)
{
	struct world *w = p->ctx;

	assert_true(p->exited && p->end.known);
	strbuf_addf(&w->told, "exited(%d) ",
		    WIFSIGNALED(p->end.status) ? 128 + WTERMSIG(p->end.status)
					       : WEXITSTATUS(p->end.status));
}

static void on_deleted(struct process *p, const struct err *why)
{
	tell(p, why ? why->msg : "deleted");
}

static const struct process_front front = {
	.open_stdio = no_stdio,
	.created = on_created,
	.started = on_started,
	.failed = on_failed,
	.exited = on_exited,
	.deleted = on_deleted,
};

/* ---- the world ---- */

static void put(const struct world *w, const char *name, const char *text, mode_t mode)
{
	autofd int fd = openat(w->dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void no_signal(void *ctx UNUSED, int sig UNUSED)
{
}

static struct world *begin(enum process_kind kind, const char *program)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)strcpy(w->dir, "/tmp/test_process.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->dirfd = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(w->runtime, sizeof(w->runtime), "%s/runtime", w->dir);
	(void)snprintf(w->pid_file, sizeof(w->pid_file), "%s/pid", w->dir);
	put(w, "runtime", script, 0755);
	put(w, "program", program, 0644);
	w->told.max = 4096;
	assert_int_equal(loop_init(&w->loop, NULL), 0);
	assert_int_equal(reaper_init(&w->reaper, &w->loop, no_signal, NULL, NULL), 0);
	w->container = (struct container){
		.id = "c",
		.bundle = w->dir,
		.runtime = { .path = w->runtime },
		.reaper = &w->reaper,
		.dirfd = w->dirfd,
	};
	process_init(&w->p, &w->container, kind, &front, w);
	w->p.pid_file = w->pid_file;
	return w;
}

static void end(struct world *w)
{
	static const char *const names[] = { "runtime",    "program",     "pid",
					     "calls",      "slow",        "fail-create",
					     "fail-start", "fail-delete", "fail-exec" };

	if (process_lives(&w->p))
		(void)child_signal(&w->p.child, SIGKILL);
	process_done(&w->p);
	reaper_done(&w->reaper);
	loop_done(&w->loop);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(w->dirfd, names[i], 0);
	assert_int_equal(rmdir(w->dir), 0);
	(void)close(w->dirfd);
	strbuf_done(&w->told);
	free(w);
}

/* Until so many things were told. */
static void hear(struct world *w, const char *want)
{
	for (int i = 0; i < 200 && w->told.len < strlen(want); i++)
		assert_true(loop_once(&w->loop, 100, NULL) >= 0);
	assert_string_equal(strbuf_str(&w->told), want);
}

/* Let time pass in which nothing more is told. */
static void hear_no_more(struct world *w, const char *want)
{
	for (int i = 0; i < 5; i++)
		assert_true(loop_once(&w->loop, 50, NULL) >= 0);
	assert_string_equal(strbuf_str(&w->told), want);
}

/* Somebody who traces a process and never looks at it, until `until` ends. */
static void trace(pid_t pid, int say, int until)
{
	char byte = 0;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		byte = 1;
	(void)!write(say, &byte, 1);
	(void)!read(until, &byte, 1);
	_exit(0);
}

/* Returns the writer that ends it when it is closed. */
static int begin_tracer(pid_t pid)
{
	int said[2], until[2];
	char byte = 1;

	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	assert_int_equal(pipe2(until, O_CLOEXEC), 0);
	if (fork() == 0) {
		(void)close(until[1]);
		trace(pid, said[1], until[0]);
	}
	(void)close(until[0]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	assert_int_equal(byte, 0);
	(void)close(said[0]);
	(void)close(said[1]);
	return until[1];
}

/* ---- tests ---- */

static void a_container_lives_from_create_to_delete(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "sleep 0.2; exit 3");

	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "created ");
	assert_true(process_lives(&w->p));
	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "created started exited(3) ");
	assert_false(process_lives(&w->p));
	assert_int_equal(process_delete(&w->p, NULL), 0);
	hear(w, "created started exited(3) deleted ");
	end(w);
}

static void started_is_told_before_the_exit_of_one_who_ended_meanwhile(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "sleep 0.4; exit 4");

	put(w, "slow", "", 0644);
	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "created ");
	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "created started exited(4) ");
	end(w);
}

static void the_status_of_an_exec_that_ends_before_its_runtime_is_known(void **state UNUSED)
{
	struct world *w = begin(PROCESS_EXECED, "exit 5");

	put(w, "slow", "", 0644);
	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "started exited(5) ");
	assert_int_equal(w->reaper.expected, 0);
	end(w);
}

static void a_failed_create_is_undone(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "exit 0");

	put(w, "fail-create", "", 0644);
	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "create: exited with status 1 ");
	assert_int_equal(w->p.state, PROCESS_FAILED);
	end(w);
}

static void after_a_failed_start_the_created_one_can_be_deleted(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "exec sleep 60");

	put(w, "fail-start", "", 0644);
	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "created ");
	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "created start: start: no ");
	assert_int_equal(w->p.state, PROCESS_CREATED);
	assert_int_equal(process_delete(&w->p, NULL), 0);
	hear(w, "created start: start: no deleted ");
	assert_true(w->p.exited);
	assert_int_equal(WTERMSIG(w->p.end.status), SIGKILL);
	end(w);
}

static void a_created_one_that_could_not_be_deleted_can_still_be_started(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "sleep 0.3; exit 6");

	put(w, "fail-delete", "", 0644);
	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "created ");
	assert_int_equal(process_delete(&w->p, NULL), 0);
	hear(w, "created delete: delete: no ");
	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "created delete: delete: no started exited(6) ");
	end(w);
}

static void how_a_traced_process_ended_is_told_when_its_tracer_lets_go(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "exec sleep 60");
	int tracer;

	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "created ");
	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "created started ");
	tracer = begin_tracer(w->p.pid);
	assert_int_equal(child_signal(&w->p.child, SIGKILL), 0);
	hear_no_more(w, "created started ");
	(void)close(tracer);
	hear(w, "created started exited(137) ");
	end(w);
}

static void a_failed_delete_can_be_tried_again(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "exit 0");

	put(w, "fail-delete", "", 0644);
	assert_int_equal(process_create(&w->p, NULL), 0);
	hear(w, "created exited(0) ");
	assert_int_equal(process_delete(&w->p, NULL), 0);
	hear(w, "created exited(0) delete: delete: no ");
	assert_int_equal(unlinkat(w->dirfd, "fail-delete", 0), 0);
	assert_int_equal(process_delete(&w->p, NULL), 0);
	hear(w, "created exited(0) delete: delete: no deleted ");
	end(w);
}

static void abandoning_a_create_kills_the_runtime(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "exit 0");

	put(w, "slow", "", 0644);
	assert_int_equal(process_create(&w->p, NULL), 0);
	process_abandon(&w->p);
	hear(w, "create: killed by SIGKILL ");
	assert_int_equal(w->p.state, PROCESS_FAILED);
	end(w);
}

static void what_the_state_does_not_allow_changes_nothing(void **state UNUSED)
{
	struct world *w = begin(PROCESS_INIT, "exec sleep 60");
	struct err e = { 0 };

	assert_int_equal(process_create(&w->p, NULL), 0);
	assert_int_equal(process_start(&w->p, &e), -EPROTO);
	assert_string_equal(e.msg, "cannot start a process that is creating");
	hear(w, "created ");
	end(w);
}

static void orphans_are_collected_when_no_call_may_name_them(void **state UNUSED)
{
	/* The program leaves a child behind that ends later. */
	struct world *w = begin(PROCESS_EXECED, "(exec sleep 0.3) & exit 0");

	assert_int_equal(process_start(&w->p, NULL), 0);
	hear(w, "started exited(0) ");
	for (int i = 0;
	     i < 50 && waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT) >= 0; i++)
		assert_true(loop_once(&w->loop, 100, NULL) >= 0);
	assert_int_equal(waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT), -1);
	assert_int_equal(errno, ECHILD);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_lives_from_create_to_delete),
		cmocka_unit_test(started_is_told_before_the_exit_of_one_who_ended_meanwhile),
		cmocka_unit_test(the_status_of_an_exec_that_ends_before_its_runtime_is_known),
		cmocka_unit_test(a_failed_create_is_undone),
		cmocka_unit_test(after_a_failed_start_the_created_one_can_be_deleted),
		cmocka_unit_test(a_created_one_that_could_not_be_deleted_can_still_be_started),
		cmocka_unit_test(how_a_traced_process_ended_is_told_when_its_tracer_lets_go),
		cmocka_unit_test(a_failed_delete_can_be_tried_again),
		cmocka_unit_test(abandoning_a_create_kills_the_runtime),
		cmocka_unit_test(what_the_state_does_not_allow_changes_nothing),
		cmocka_unit_test(orphans_are_collected_when_no_call_may_name_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
