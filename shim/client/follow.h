/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a container's log and writes what the container wrote: stdout to ours, stderr to ours. */
#ifndef SHIM_CLIENT_FOLLOW_H
#define SHIM_CLIENT_FOLLOW_H

#include <time.h>

#include "libutil/cleanup.h"
#include "libutil/strbuf.h"
#include "shim/log/chain.h"
#include "shim/log/codec.h"

/* What --tail can remember. */
#define FOLLOW_TAIL_MAX 1000000

/* A container's log as its record names it. */
struct follow_log {
	const struct log_codec *codec;
	const char *path;
	unsigned files; /* that rotation keeps */
};

/* Lines are wanted from one time to another; a line has the time of its first byte. */
struct follow_window {
	bool has_since, has_until;
	struct timespec since, until; /* both included */
};

struct follow {
	struct follow_log log; /* strings are the caller's */
	struct chain chain;    /* what is still to be read */
	bool complete;         /* a newer file exists: no more comes into the last of the chain */
	int inotifyfd;         /* follow_watch() */
	int watch;             /* of the file that is read */
	char *buf;             /* owned: bytes read, not understood yet */
	size_t len;
	uint64_t at;   /* of buf[0] in chain.file[0] */
	uint64_t skip; /* bytes of text still to be passed over */
	struct follow_window window;
	bool past_window;  /* a line that begins later has been seen */
	bool timestamps;   /* each line begins with its time */
	bool in_line[2];   /* stdout's, stderr's line was not ended yet */
	bool hidden[2];    /* and it is not wanted */
	struct strbuf out; /* decoded, of one stream */
	int out_fd;
	/* In the place of file_write_all(), when set; it may write less to end the whole. */
	int (*write)(void *ctx, int fd, const char *data, size_t len, struct err *e);
	void *write_ctx;
};

#define FOLLOW_NONE                                                                                \
	{                                                                                          \
		.inotifyfd = -1, .watch = -1                                                       \
	}

/* All files of a log, from the beginning. */
int follow_open(struct follow *f, const struct follow_log *log, struct err *e);
/* The same; `firstfd` is one of them that may have lost its name.  Not taken; -1: none. */
int follow_open_with(struct follow *f, const struct follow_log *log, int firstfd, struct err *e);
void follow_done(struct follow *f);
AUTO_DEFINE_DONE(follow, follow_done)

/* A descriptor, ours, that is readable when the log grew or a new file began. */
int follow_watch(struct follow *f, struct err *e);

/* Go on at a record's offset in a file, less the first `skip` bytes of its text.  -ENOENT when the
 * file was rotated away. */
int follow_seek(struct follow *f, const struct file_id *file, uint64_t offset, uint64_t skip,
		struct err *e);
/* Go on where the last `lines` lines of the window begin, counted over both streams. */
int follow_tail(struct follow *f, uint64_t lines, struct err *e);

/* Write what one read gives.  Returns 1, or 0 at the end of the log as it is now. */
int follow_step(struct follow *f, struct err *e);

/* ---- between the files of this room ---- */

#define FOLLOW_BUFFER (2 * LOG_RECORD_MAX)

/* Is the line wanted that begins with this record?  Notes that the window is past. */
bool follow_wants(struct follow *f, const struct log_record *l);
/* Read on in a file.  Returns the bytes, 0 at its end. */
ssize_t follow_read(struct follow *f, size_t file, struct err *e);
/* The first `done` bytes of the buffer are dealt with. */
void follow_forget(struct follow *f, size_t done);
int follow_not_a_log(const struct follow *f, uint64_t at, struct err *e);

#endif
