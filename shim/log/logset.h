/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of one container: any number of drivers, each of which gets all
 * output.  Nothing here waits for long, and nothing stops the container: what a
 * driver could not take is counted.
 */
#ifndef SHIM_LOG_LOGSET_H
#define SHIM_LOG_LOGSET_H

#include "shim/log/filelog.h"
#include "shim/log/journal.h"

#define LOGSET_DRIVERS_MAX 8

enum log_kind { LOG_FILE, LOG_JOURNAL };

struct log_driver {
	enum log_kind kind;
	union {
		struct filelog file;
		struct journal journal;
	};
};

struct logset {
	struct log_driver *driver; /* owned */
	size_t n;
	bool passthrough; /* the container has our own descriptors: its output is not ours */
	char *buf;        /* mapped when first needed */
};

struct logset_opts {
	struct file_limits limits; /* of the drivers with a file */
	bool local_time;           /* in k8s-file */
	struct journal_source source;
	const char *journal_socket; /* NULL: JOURNAL_SOCKET */
};

/* Add a driver by what conmon's --log-path says: "[DRIVER:]PATH", where DRIVER is k8s-file (when
 * there is none), json-file, journald, none (or off, null), passthrough.  -EINVAL names the
 * drivers. */
int logset_add(struct logset *l, const char *spec, const struct logset_opts *o, struct err *e);
/* Writes what was kept back, then closes.  A logset of zeros is a closed one. */
void logset_close(struct logset *l);

/* A batch of one stream to all drivers.  True when the file that logset_where() is about took all
 * of it. */
bool logset_write(struct logset *l, enum stream stream, struct timespec when, const char *data,
		  size_t len);

/* Nothing has come for a while: give memory back. */
void logset_trim(struct logset *l);

/* Where a reader finds what the next logset_write() of a stream gives: in the first driver with a
 * file.  False when there is none. */
struct log_place {
	struct file_id file;
	uint64_t offset; /* of the record */
	uint64_t skip;   /* bytes of its text that came with earlier batches */
};
bool logset_where(const struct logset *l, enum stream stream, struct log_place *ret);

/* Somebody has renamed the files: go on in new ones. */
int logset_reopen(struct logset *l, struct err *e);
/* To the disk. */
int logset_sync(const struct logset *l, struct err *e);
/* Remove the files that did not exist before us. */
void logset_remove_made(const struct logset *l);

/* Has anything been lost, or could a file not be rotated? */
bool logset_is_troubled(const struct logset *l);
/* A line for each: "k8s-file: 12 bytes of output were lost: No space left on device". */
void logset_troubles(const struct logset *l, struct strbuf *out);
/* The same while it goes on: "k8s-file: output is being lost: No space left on device". */
void logset_troubles_now(const struct logset *l, struct strbuf *out);

#endif
