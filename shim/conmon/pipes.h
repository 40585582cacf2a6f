/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipes that the caller hands down, by numbers in the environment:
 *
 *     _OCI_STARTPIPE    from it: we are in our control group now, go on; with
 *                       --exec-attach once more: somebody has attached
 *     _OCI_SYNCPIPE     to it: the process id or why there is none, later an exit code
 *     _OCI_ATTACHPIPE   to it: the attach socket is there (--exec-attach)
 *
 * What goes to the caller is one JSON object a line.
 */
#ifndef SHIM_CONMON_PIPES_H
#define SHIM_CONMON_PIPES_H

#include "shim/conmon/options.h"

struct pipes {
	int startfd, syncfd, attachfd; /* -1: none */
};

/* Find them and mark them close-on-exec; with --exec-attach all of them have to be there. */
int pipes_init(struct pipes *p, const struct conmon_opts *o, struct err *e);
void pipes_done(struct pipes *p);

/* Wait until the caller has written to the start pipe, or closed it. */
int pipes_wait_start(const struct pipes *p, struct err *e);

/* The line that says `value`, with a text when `message` is neither NULL nor empty.  Pure. */
void pipes_line(struct strbuf *out, const struct conmon_opts *o, int64_t value,
		const char *message);

/* Tell the caller by one of the pipes.  A caller that went away is told nothing any more: *fd
 * becomes -1. */
void pipes_tell(int *fd, const struct conmon_opts *o, int64_t value, const char *message);

#endif
