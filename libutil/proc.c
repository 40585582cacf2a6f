/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include "libutil/cleanup.h"
#include "libutil/sig.h"
#include "libutil/sys.h"

/* Numbers, and a name of at most 64 bytes: half of this is never reached. */
#define STAT_MAX 2048
/* Fields of /proc/PID/stat behind the state letter (3): the start time (22), and the last, the
 * status for wait(2) (52). */
#define FIELDS_STATE_TO_START  19
#define FIELDS_STATE_TO_STATUS 49

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
static const char *state_of_stat(const char *text)
{
	const char *at = strrchr(text, ')');

	return !at || at[1] != ' ' || at[2] == '\0' ? NULL : at + 2;
}

static int number_of_stat(const char *at, int fields_behind, uint64_t *ret)
{
	for (int i = 0; i < fields_behind; i++) {
		at = strchr(at, ' ');
		if (!at)
			return -EBADMSG;
		at++;
	}
	return sscanf(at, "%" SCNu64, ret) == 1 ? 0 : -EBADMSG;
}

static int parse_stat(const char *text, uint64_t *ret_ticks, char *ret_state)
{
	const char *state = state_of_stat(text);

	if (!state || number_of_stat(state, FIELDS_STATE_TO_START, ret_ticks) < 0)
		return -EBADMSG;
	if (ret_state)
		*ret_state = *state;
	return 0;
}

static int read_stat(pid_t pid, char text[STAT_MAX], struct err *e)
{
	char path[32];
	autofd int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ESRCH, "process %d: no such process", (int)pid);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	/* procfs gives the whole line to one read. */
	n = read(fd, text, STAT_MAX - 1);
	if (n < 0)
		return err_sys(e, "read '%s'", path);
	text[n] = '\0';
	return 0;
}

int proc_start_time(pid_t pid, uint64_t *ret_ticks, char *ret_state, struct err *e)
{
	char text[STAT_MAX];
	int r = read_stat(pid, text, e);

	if (r < 0)
		return r;
	if (parse_stat(text, ret_ticks, ret_state) < 0)
		return err_set(e, EBADMSG, "'/proc/%d/stat' holds no process state", (int)pid);
	return 0;
}

/* Who may not look into a process reads 0 for its status, which is also that of success; a link
 * that needs the same right tells the two apart. */
static bool may_look_into(pid_t pid)
{
	char path[40], target[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return readlink(path, target, sizeof(target)) > 0;
}

bool proc_zombie_status(pid_t pid, uint64_t start_ticks, int *ret_status)
{
	char text[STAT_MAX];
	const char *state;
	uint64_t ticks = 0, status = 0;

	if (!may_look_into(pid) || read_stat(pid, text, NULL) < 0)
		return false;
	state = state_of_stat(text);
	if (!state || *state != 'Z' || number_of_stat(state, FIELDS_STATE_TO_START, &ticks) < 0 ||
	    ticks != start_ticks || number_of_stat(state, FIELDS_STATE_TO_STATUS, &status) < 0)
		return false;
	*ret_status = (int)status;
	return true;
}

bool proc_pidfd_status(int pidfd, int *ret_status)
{
	struct sys_pidfd_info info = { .mask = SYS_PIDFD_INFO_EXIT };

	if (ioctl(pidfd, SYS_PIDFD_GET_INFO, &info) < 0 || !(info.mask & SYS_PIDFD_INFO_EXIT))
		return false;
	*ret_status = info.exit_code;
	return true;
}
