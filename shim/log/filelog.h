/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log in a file.  Each batch of output is appended at once; nothing is kept
 * back but the first bytes of a character that a batch of JSON ends in.  A disk
 * that is full never stops the container: what cannot be written is counted and
 * dropped, whole records stay whole, and writing is tried again with the next
 * batch.
 */
#ifndef SHIM_LOG_FILELOG_H
#define SHIM_LOG_FILELOG_H

#include <time.h>

#include "libutil/err.h"
#include "shim/log/codec.h"
#include "shim/log/log_time.h"
#include "shim/log/loss.h"
#include "shim/log/rotate.h"

/* What a file may hold; 0 is no limit. */
struct file_limits {
	uint64_t max_size;  /* bytes of one file; a single longer record is an exception */
	uint64_t total_max; /* bytes of all that is written in a supervisor's life: then no more */
	unsigned max_files; /* 0 and 1: a full file is begun anew, and what it held goes */
};

struct filelog {
	const struct log_codec *codec;
	char *path; /* owned */
	int fd;
	bool made; /* by us: it did not exist before */
	struct file_limits limits;
	struct log_clock clock;
	uint64_t size, total;
	uint64_t retry_size; /* a rotation failed: not again below this size */
	struct err rotation; /* why, the first time */
	char carry[2][4];    /* stdout's, stderr's last bytes: the beginning of a character */
	unsigned carry_len[2];
	struct log_loss loss;
};

int filelog_open(struct filelog *l, const struct log_codec *codec, const char *path,
		 const struct file_limits *limits, struct err *e);
void filelog_close(struct filelog *l, char *buf, size_t size);

/* Append a batch of one stream; `buf` is memory to work in.  True when all of it is in the log. */
bool filelog_write(struct filelog *l, enum stream stream, struct timespec when, const char *data,
		   size_t len, char *buf, size_t size);
/* Where the next record will begin. */
uint64_t filelog_end(const struct filelog *l);
/* Go on in whatever PATH is now: somebody has renamed the log. */
int filelog_reopen(struct filelog *l, struct err *e);

#endif
