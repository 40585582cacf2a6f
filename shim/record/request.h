/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person wants of a supervisor: a file in its record, and SIGUSR1 to say
 * that it is there.  A later one takes the place of one that was not read yet.
 */
#ifndef SHIM_RECORD_REQUEST_H
#define SHIM_RECORD_REQUEST_H

#include <stdint.h>

#include "libutil/err.h"
#include "shim/record/entry.h"

#define RECORD_REQUEST "request"

enum request_kind {
	REQUEST_NONE,
	REQUEST_STOP,
	REQUEST_RESTART, /* end it, and start it again whatever its restart policy says */
};

/* How long a container is given to end by itself, unless somebody says otherwise: docker's. */
#define REQUEST_TIMEOUT_S 10

struct request {
	enum request_kind kind;
	int signal;         /* that asks the container to end */
	int64_t timeout_ms; /* after which it is killed; -1: never */
};

/* -ESRCH when there is no supervisor any more. */
int request_send(const struct entry *en, const struct request *req, struct err *e);

/* The supervisor's side: read and remove it.  -ENOENT when there is none. */
int request_take(int dirfd, struct request *ret, struct err *e);

/* ---- pure ---- */

#define REQUEST_TEXT_MAX 64
size_t request_write(char text[REQUEST_TEXT_MAX], const struct request *req);
/* 0, or -EBADMSG. */
int request_read(const char *text, struct request *ret);

#endif
