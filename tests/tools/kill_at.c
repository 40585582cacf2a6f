/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a program and kill it as it enters its Nth system call.
 *
 *     kill_at [-i] N COMMAND...
 *
 * The call is not carried out.  Without -i it is the program itself that is counted and killed, and
 * its children run free; with -i it is its children (a container's first process), as one count,
 * and the program runs free.  Exit status: 0 when something was killed, 1 when there were fewer
 * calls than N, 2 for a wrong use.  The number of calls goes to descriptor 3 if that is open.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* PTRACE_O_TRACESYSGOOD marks stops at calls so. */
#define CALL_STOP (SIGTRAP | 0x80)

struct killer {
	pid_t program;
	bool children;
	long at;
	long seen;
	bool killed;
};

static void start(struct killer *k, char **argv)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	int status;

	if (k->children)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	k->program = fork();
	if (k->program == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		(void)execvp(argv[0], argv);
		(void)fprintf(stderr, "kill_at: '%s': %s\n", argv[0], strerror(errno));
		_exit(2);
	}
	if (k->program < 0 || waitpid(k->program, &status, 0) < 0 || !WIFSTOPPED(status)) {
		perror("kill_at: start");
		exit(2);
	}
	(void)ptrace(PTRACE_SETOPTIONS, k->program, NULL, options);
	(void)ptrace(PTRACE_CONT, k->program, NULL, NULL);
}

static bool is_target(const struct killer *k, pid_t pid)
{
	return (pid == k->program) != k->children;
}

/* Calls are counted on the way in only. */
static bool is_entry(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

static void handle_stop(struct killer *k, pid_t pid, int status)
{
	int sig = WSTOPSIG(status);
	bool target = is_target(k, pid);

	if (sig == CALL_STOP && target && is_entry(pid) && ++k->seen == k->at) {
		k->killed = true;
		(void)kill(pid, SIGKILL);
		return;
	}
	/* Stops that ptrace itself makes carry no signal to pass on; a new child begins with one.
	 */
	if (sig == CALL_STOP || status >> 16 != 0 || sig == SIGSTOP || sig == SIGTRAP)
		sig = 0;
	(void)ptrace(target ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (void *)(long)sig);
}

/* Until the program has ended; children that go on are let go when this process exits. */
static void watch(struct killer *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			handle_stop(k, pid, status);
		else if (pid == k->program)
			return;
	}
}

int main(int argc, char **argv)
{
	struct killer k = { 0 };
	int arg = 1;

	if (argc > 1 && strcmp(argv[1], "-i") == 0) {
		k.children = true;
		arg++;
	}
	if (argc - arg < 2) {
		(void)fprintf(stderr, "usage: kill_at [-i] N COMMAND...\n");
		return 2;
	}
	k.at = strtol(argv[arg], NULL, 10);
	start(&k, argv + arg + 1);
	watch(&k);
	(void)dprintf(3, "%ld\n", k.seen);
	return k.killed ? 0 : 1;
}
