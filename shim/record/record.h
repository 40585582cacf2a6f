/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about one container, in STATE/ID/ (0700):
 *
 *   state.json   this struct: what was asked for, and who supervises whom
 *   exit         how it ended (exit_record.h); until then the reserved `.exit`
 *   problem      lines about what went wrong beside the container: lost log, failed clean-up
 *   log          its output (unless it was sent elsewhere)
 *   request      what a person wants of the supervisor (request.h)
 *   pid          the runtime's --pid-file
 *   runtime.log  the runtime's --log, JSON lines
 *   attach       socket (io/frame.h)
 *   ctl          FIFO (io/ctl.h), only with a terminal
 *
 * Only the supervisor writes, but for `request`, until `rm` removes all of it.
 * It makes the directory, for mkdir(2) is what makes an id unique, and
 * state.json last: who finds that finds the supervisor and every other file.
 * A supervisor of a container that had ended takes `exit` away, back to
 * `.exit`, for rename(2) is what makes it the only one.
 */
#ifndef SHIM_RECORD_RECORD_H
#define SHIM_RECORD_RECORD_H

#include <sys/types.h>

#include "oci-spec/codec.h"
#include "shim/core/runtime.h"

#define RECORD_STATE       "state.json"
#define RECORD_EXIT        "exit"
#define RECORD_EXIT_OPEN   ".exit"
#define RECORD_PROBLEM     "problem"
#define RECORD_LOG         "log"
#define RECORD_PID         "pid"
#define RECORD_RUNTIME_LOG "runtime.log"
#define RECORD_ATTACH      "attach"
#define RECORD_CTL         "ctl"

/* state.json holds a few paths and the runtime's arguments. */
#define RECORD_STATE_MAX   ((size_t)1 << 20)
#define RECORD_PROBLEM_MAX 4096

/* A process: the pid alone may be somebody else's by now. */
struct record_proc {
	struct opt_i64 pid;
	struct opt_u64 start; /* proc_start_time() */
};

struct record {
	const char *id;
	const char *bundle;  /* absolute */
	const char *runtime; /* absolute */
	const char *root;    /* the runtime's --root, or NULL */
	struct oci_strings runtime_args;
	const char *log_driver; /* NULL: k8s-file */
	const char *log_path;   /* absolute; NULL: the driver has no file */
	struct opt_u64 log_max_size;
	struct opt_u64 log_max_files;
	const char *log_tag; /* this and the next for the journal */
	struct oci_strings log_labels;
	const char *pid_file; /* a copy of `pid` somebody asked for, or NULL */
	const char *created;  /* RFC 3339 */
	bool terminal;
	bool interactive;        /* the container's stdin is open to attached clients */
	bool auto_remove;        /* the record goes when the container has ended */
	const char *restart;     /* solo/restart.h; NULL: no */
	const char *stop_signal; /* that asks it to end; NULL: SIGTERM */
	/* Of the life that goes on: */
	const char *started; /* RFC 3339 */
	struct opt_u64 restart_count;
	/* Of the one before, while the next is waited for or goes on: */
	bool restarting; /* it is waited for */
	struct opt_i64 last_code;
	const char *last_exited_at;
	struct record_proc supervisor;
	struct record_proc container;
};

/* Log drivers that have no file; those that do are in shim/log/codec.h. */
#define RECORD_LOG_JOURNALD    "journald"
#define RECORD_LOG_NONE        "none"
#define RECORD_LOG_PASSTHROUGH "passthrough"
static inline const char *record_log_driver(const struct record *rec)
{
	return rec->log_driver ? rec->log_driver : "k8s-file";
}

/* Hand a record to another process: to and from a descriptor of a regular file, from its beginning.
 */
int record_write_fd(int fd, const struct record *rec, struct err *e);
int record_read_fd(int fd, struct arena *a, struct record **ret, struct err *e);

/* Replace state.json atomically. */
int record_write(int dirfd, const struct record *rec, struct err *e);
/* Strings belong to `a`. */
int record_read(int dirfd, struct arena *a, struct record **ret, struct err *e);

/* The runtime it names; strings stay the record's.  Its log is for the caller to say. */
void record_runtime(const struct record *rec, struct runtime *ret);

/* Note which process `pid` is. */
int record_proc_set(struct record_proc *p, pid_t pid, struct err *e);
/* A pidfd of that very process, or -ESRCH when it has ended (no message in that case). */
int record_proc_open(const struct record_proc *p, struct err *e);

#endif
