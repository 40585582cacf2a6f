/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of one container.  Each batch of output is appended at once; nothing
 * is buffered here.  A disk that is full never stops the container: what cannot
 * be written is counted and dropped, whole records stay whole, and writing is
 * tried again with the next batch.
 */
#ifndef SHIM_IO_LOGFILE_H
#define SHIM_IO_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "libutil/err.h"
#include "shim/io/stream.h"

struct logfile {
	int fd;
	bool made;      /* by us: it did not exist before */
	uint64_t lost;  /* bytes of output that are in no record */
	int lost_errno; /* why, the first time */
};

int logfile_open(struct logfile *l, const char *path, struct err *e);
void logfile_close(struct logfile *l);

/* Where the next record will begin. */
uint64_t logfile_end(const struct logfile *l);
/* Append a batch of one stream.  True when all of it is in the log. */
bool logfile_write(struct logfile *l, enum stream stream, struct timespec when, const char *data,
		   size_t len);

#endif
