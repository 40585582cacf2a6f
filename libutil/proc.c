/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "libutil/cleanup.h"
#include "libutil/sig.h"

/* Numbers, and a name of at most 64 bytes: half of this is never reached. */
#define STAT_MAX 2048
/* Fields of /proc/PID/stat between the state letter (3) and the start time (22). */
#define FIELDS_STATE_TO_START 19

int proc_wait(pid_t pid, int *ret_status, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for process %d", (int)pid);
	*ret_status = status;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int proc_wait_pidfd(int pidfd, int timeout_ms, struct err *e)
{
	int64_t end = timeout_ms > 0 ? now_ms() + timeout_ms : 0;

	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int n = poll(&p, 1, timeout_ms);

		if (n > 0 && (p.revents & POLLNVAL))
			return err_set(e, EBADF, "wait for a process: not a descriptor");
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return err_sys(e, "wait for a process");
		if (timeout_ms > 0) {
			int64_t left = end - now_ms();

			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
}

int proc_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

const char *proc_status_text(int status, char buf[PROC_STATUS_TEXT_SIZE])
{
	const char *core = WCOREDUMP(status) ? " (core dumped)" : "";
	const char *name;

	if (!WIFSIGNALED(status)) {
		(void)snprintf(buf, PROC_STATUS_TEXT_SIZE, "exited with status %d",
			       WEXITSTATUS(status));
		return buf;
	}
	name = sig_name(WTERMSIG(status));
	if (name)
		(void)snprintf(buf, PROC_STATUS_TEXT_SIZE, "killed by %s%s", name, core);
	else
		(void)snprintf(buf, PROC_STATUS_TEXT_SIZE, "killed by signal %d%s",
			       WTERMSIG(status), core);
	return buf;
}

/* The name in field 2 may hold anything, also ") Z 1"; only the last parenthesis ends it. */
static int parse_stat(const char *text, uint64_t *ret_ticks, char *ret_state)
{
	const char *at = strrchr(text, ')');
	uint64_t ticks;
	char state;

	if (!at || at[1] != ' ' || at[2] == '\0')
		return -EBADMSG;
	at += 2;
	state = *at;
	for (int i = 0; i < FIELDS_STATE_TO_START; i++) {
		at = strchr(at, ' ');
		if (!at)
			return -EBADMSG;
		at++;
	}
	if (sscanf(at, "%" SCNu64, &ticks) != 1)
		return -EBADMSG;
	*ret_ticks = ticks;
	if (ret_state)
		*ret_state = state;
	return 0;
}

int proc_start_time(pid_t pid, uint64_t *ret_ticks, char *ret_state, struct err *e)
{
	char path[32], text[STAT_MAX];
	autofd int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ESRCH, "process %d: no such process", (int)pid);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	/* procfs gives the whole line to one read. */
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_sys(e, "read '%s'", path);
	text[n] = '\0';
	if (parse_stat(text, ret_ticks, ret_state) < 0)
		return err_set(e, EBADMSG, "'%s' holds no process state", path);
	return 0;
}
