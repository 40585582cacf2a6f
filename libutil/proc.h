/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: start a program, wait by pidfd, tell one process from another. */
#ifndef LIBUTIL_PROC_H
#define LIBUTIL_PROC_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "libutil/err.h"
#include "libutil/strbuf.h"

#define PROC_STOP_FDS 2
/* The digits of a process id and a NUL. */
#define PROC_PID_TEXT_SIZE 12

/* What proc_spawn() starts.  Zero means the default everywhere. */
struct proc_spec {
	const char *path;     /* executed as it is, no PATH search, unless search is set */
	bool search;          /* look `path` up in PATH */
	char *const *argv;    /* NULL-terminated, argv[0] included */
	char *const *envp;    /* NULL: this process's environment */
	const int *fds;       /* fds[i] becomes descriptor i; -1 opens /dev/null there */
	size_t n_fds;         /* 0: keep 0,1,2.  Everything else is closed on exec */
	bool inherit;         /* but not here: what is not close-on-exec already stays open */
	int cwdfd;            /* fchdir() there first when > 0 */
	bool new_session;     /* setsid() */
	bool die_with_parent; /* PR_SET_PDEATHSIG SIGKILL */
	/* The first process of a pid namespace, where we may make one: what it starts ends with it,
	 * however it ends itself. */
	bool own_pids;
	rlim_t nofile; /* soft limit of its descriptors; 0: ours */
	/* PROC_PID_TEXT_SIZE bytes, in `envp` for example, where the child writes its own pid. */
	char *own_pid;
	const char *argv0_label; /* for messages; NULL: path */
	/* proc_run() only: when one of these becomes readable the program is killed and the result
	 * is -EINTR.  -1 is none. */
	int stopfds[PROC_STOP_FDS];
	bool may_stop; /* stopfds are set */
	/* proc_run() only: killed when it wrote nothing for so long; then -ETIME.  0: no limit. */
	int silence_ms;
	/* proc_run() only: descriptors for its stdout and stderr, in place of `out`; 0: `out`. */
	int outfd, errfd;
};

/* Start a program (vfork-like; an exec failure is reported here, not by exit status).
 * Signal mask and dispositions are reset to default.  *ret_pidfd (may be NULL) is owned by the
 * caller. */
int proc_spawn(const struct proc_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *e);

/* The first program of that name in PATH, as a copy, or NULL; a name with a slash is itself.  An
 * empty entry of PATH is skipped: it is not the working directory. */
char *proc_search_path(const char *name);

/* Wait for a child of ours.  *ret_status is a wait(2) status. */
int proc_wait(pid_t pid, int *ret_status, struct err *e);

/* Wait until a pidfd's process has ended or timeout_ms has passed (-1: for ever).
 * Returns 1 when it ended, 0 on timeout. */
int proc_wait_pidfd(int pidfd, int timeout_ms, struct err *e);

/* Run to the end, feed `input` (may be NULL) to its stdin, collect at most out->max bytes of stdout
 * and stderr together into `out` (may be NULL: /dev/null), kill after timeout_ms (-1: never; then
 * -ETIMEDOUT). EPIPE on its stdin is not an error.  *ret_status is a wait(2) status. */
int proc_run(const struct proc_spec *spec, const char *input, size_t input_len, struct strbuf *out,
	     int timeout_ms, int *ret_status, struct err *e);

/* Shell-like exit status of a wait(2) status: code, or 128 + signal. */
int proc_exit_code(int status);
/* "exited with status 3", "killed by SIGKILL (core dumped)". */
#define PROC_STATUS_TEXT_SIZE 64
const char *proc_status_text(int status, char buf[PROC_STATUS_TEXT_SIZE]);

/* Field 22 of /proc/PID/stat, in clock ticks since boot: pid and start time together name a
 * process. *ret_state (may be NULL) is the state letter.  -ESRCH when there is no such process. */
int proc_start_time(pid_t pid, uint64_t *ret_ticks, char *ret_state, struct err *e);

/* The wait(2) status of a process that has ended and that its parent has not reaped; false when it
 * is no such process any more, or when we may not know. */
bool proc_zombie_status(pid_t pid, uint64_t start_ticks, int *ret_status);
/* The same of a process that was reaped, by a descriptor from before (Linux 6.15). */
bool proc_pidfd_status(int pidfd, int *ret_status);

#endif
