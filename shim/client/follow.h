/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a container's log and writes what the container wrote: stdout to ours, stderr to ours. */
#ifndef SHIM_CLIENT_FOLLOW_H
#define SHIM_CLIENT_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "shim/io/stream.h"

/* What --tail can remember. */
#define FOLLOW_TAIL_MAX 1000000

struct follow {
	int fd;
	const char *path; /* for messages; the caller's */
	char *buf;        /* owned: bytes read, not understood yet */
	size_t len;
	uint64_t at;       /* of buf[0] in the log */
	uint64_t skip;     /* bytes of text still to be passed over */
	bool timestamps;   /* each line begins with its time */
	bool in_line[2];   /* stdout's, stderr's line was not ended yet */
	struct strbuf out; /* decoded, of one stream */
	int out_fd;
	/* In the place of file_write_all(), when set; it may write less to end the whole. */
	int (*write)(void *ctx, int fd, const char *data, size_t len, struct err *e);
	void *write_ctx;
};

int follow_open(struct follow *f, const char *path, struct err *e);
/* The same for a log that is open already: takes `fd`. */
void follow_begin(struct follow *f, int fd, const char *path);
/* A descriptor that is readable when the log grew, also when it has lost its name. */
int follow_watch(const struct follow *f, struct err *e);
void follow_done(struct follow *f);
AUTO_DEFINE_DONE(follow, follow_done)

/* Go on at a record's offset, less the first `skip` bytes of its text. */
void follow_seek(struct follow *f, uint64_t offset, uint64_t skip);
/* Go on where the last `lines` lines begin, counted over both streams. */
int follow_tail(struct follow *f, uint64_t lines, struct err *e);

/* Write what one read gives.  Returns 1, or 0 at the end of the log as it is now. */
int follow_step(struct follow *f, struct err *e);

#endif
