/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One `criu swrk`: a child of ours that serves requests over a SEQPACKET socket.
 *
 * A dump must not be torn off: criu sits inside the container's processes, and
 * dies without letting go of them.  So it is in a session of its own, where the
 * terminal's signals do not reach it, and lives on when we are killed; it notices
 * the closed socket at its next message, and takes back what it did.
 */
#ifndef RUNTIME_CRIU_SWRK_H
#define RUNTIME_CRIU_SWRK_H

#include <sys/types.h>

#include "libutil/cleanup.h"
#include "runtime/criu/rpc.h"

/* criu's messages are some hundred bytes; cr_errmsg may hold a few lines of its log. */
#define CRIU_MESSAGE_MAX ((size_t)64 << 10)

/* Descriptors of criu: 0 to 2 its own standard streams, then these. */
enum { CRIU_FD_SOCKET = 3, CRIU_FD_FIRST = 4 };

/* What a request needs of criu and the kernel beyond the ordinary. */
struct criu_needs {
	bool mem_track, lazy_pages;
	bool no_new_privs; /* of process.noNewPrivileges, which an older criu forgets */
};

struct criu_swrk {
	pid_t pid; /* 0: none, or ended */
	int pidfd; /* owned, as the next two */
	int sock;
	int saidfd; /* what it wrote to its standard error */
	int sigfd;  /* borrowed; -1, or readable when a signal asks us to give up */
	/* criu_finish() kills it after that time; 0: never, for it may be inside of processes that
	 * are to live on. */
	int patience_ms;
};
#define CRIU_SWRK_NONE                                                                             \
	{                                                                                          \
		.pidfd = -1, .sock = -1, .saidfd = -1, .sigfd = -1                                 \
	}

/* Start it.  fds[i] becomes its descriptor CRIU_FD_FIRST + i.  `job`: our own terminal is to be
 * the container's (--shell-job), so it gets our standard streams and stays in our session. */
int criu_start(struct criu_swrk *s, const int *fds, size_t n_fds, bool job, struct err *e);

int criu_send(const struct criu_swrk *s, const struct criu_req *req, struct err *e);
/* Wait for one message.  *ret_fd (-1: none) rides along and is the caller's.  A signal on sigfd is
 * -EINTR. */
int criu_receive(struct criu_swrk *s, struct arena *a, struct criu_resp *ret, int *ret_fd,
		 struct err *e);

/* Refuse a criu that is too old for what is needed, or that says that it lacks it. */
int criu_check(struct criu_swrk *s, const struct criu_needs *needs, struct err *e);

/* When what it restored is dead already: criu would wait for the first process, whose end waits for
 * the others, which criu holds. */
void criu_kill(const struct criu_swrk *s);
/* Say good-bye and wait for its end; a signal on sigfd ends it.  Harmless when there is none. */
void criu_finish(struct criu_swrk *s);
AUTO_DEFINE_DONE(criu_swrk, criu_finish)

#endif
