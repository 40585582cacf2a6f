/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation between the host side (create, run, exec, start) and the init
 * side (the process that becomes the container's).  One SOCK_SEQPACKET pair, one
 * message type, named steps: each wait names the step it expects.  A side that
 * fails sends its struct err and exits; the other returns it as its own.
 * End-of-file while a step is expected is a failure, but after SYNC_GO: there it
 * means that execve() closed the socket, that is, success.
 */
#ifndef RUNTIME_SYNC_SYNC_H
#define RUNTIME_SYNC_SYNC_H

#include <sys/types.h>

#include "libutil/err.h"

/* In the order they are sent.  Steps a container does not need are not sent; both sides know from
 * the plan. */
#define SYNC_STEPS(X)                                                                              \
	X(CGROUP_WANTED, "cgroup-wanted") /* init: make my control group around me */              \
	X(CGROUP_MADE, "cgroup-made")     /* host: go on in it */                                  \
	X(IDS_WANTED, "ids-wanted")       /* init: map my user namespace */                        \
	X(IDS_WRITTEN, "ids-written")     /* host: maps are in place */                            \
	X(PID, "pid")                     /* intermediate: my child's pid, as the host sees it */  \
	X(NET_WANTED, "net-wanted")       /* init: my namespaces exist, move devices */            \
	X(NET_DONE, "net-done")           /* host */                                               \
	X(ROOT_READY, "root-ready") /* init: mounts are done, run prestart and createRuntime */    \
	X(HOOKS_DONE, "hooks-done") /* host: go on and pivot */                                    \
	X(CONSOLE, "console")       /* init: the pty master rides along */                         \
	X(NOTIFY, "notify")         /* init: the seccomp listener rides along, or its number */    \
	X(NOTIFY_TAKEN, "notify-taken") /* host: got it by its number */                           \
	X(READY, "ready")               /* init: all is prepared */                                \
	X(GO, "go")         /* host: the state is written; `start`: execute (see init.h) */        \
	X(FAILED, "failed") /* either: message carries a struct err */

#define X(name, text) SYNC_##name,
enum sync_step { SYNC_STEPS(X) SYNC_STEP_COUNT };
#undef X

/* A pair of connected sockets, O_CLOEXEC; ret[0] for the host, ret[1] for init. */
int sync_pair(int ret[2], struct err *e);

/* `value` and `fd` (-1: none) ride along. */
int sync_send(int sock, enum sync_step step, int64_t value, int fd, struct err *e);
/* Without a descriptor, by the system call (SYS_write or SYS_sendto) that a filter lets through. */
int sync_send_by(int sock, long call, enum sync_step step, int64_t value, struct err *e);
/* Returns 0 when `want` arrived; *ret_value and *ret_fd (may be NULL; the descriptor is then
 * closed). A FAILED message returns its code with its words.  `who` names the other side: "init
 * died before 'ready'". */
int sync_expect(int sock, enum sync_step want, const char *who, int64_t *ret_value, int *ret_fd,
		struct err *e);
/* After SYNC_GO: 0 at end-of-file (the program runs), or the failure that was sent. */
int sync_expect_exec(int sock, const char *who, struct err *e);
/* Tell the other side why this one ends; errors here are ignored. */
void sync_fail(int sock, const struct err *why);

#endif
