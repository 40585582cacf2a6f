/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conmon's command line: one row per option, every one that conmon 2.1 and 2.2
 * have.  Words that are no options are ignored, as conmon ignores them (the "1"
 * of `--api-version 1`).  Pure but for conmon_opts_check().
 */
#ifndef SHIM_CONMON_OPTIONS_H
#define SHIM_CONMON_OPTIONS_H

#include "libutil/log.h"
#include "libutil/opts.h"

struct conmon_opts {
	bool version;
	int api; /* 0: the keys of the old protocol on the sync pipe */

	const char *cid;
	const char *cuuid;
	const char *name;
	const char *bundle; /* NULL: an exec session that nobody attaches to */
	const char *runtime;
	struct strv runtime_args; /* before the runtime's verb */
	struct strv runtime_opts; /* after it */
	bool systemd_cgroup;
	bool no_pivot;
	bool no_new_keyring;
	bool replace_listen_pid;
	const char *restore; /* image path */

	bool exec;
	bool exec_attach;
	const char *exec_process_spec;

	bool terminal;
	bool interactive;
	bool leave_stdin_open;
	bool full_attach;
	const char *socket_dir;

	const char *conmon_pid_file;
	const char *pid_file;
	const char *persist_dir;
	const char *exit_dir;
	const char *exit_command;
	struct strv exit_args;
	int64_t exit_delay; /* seconds */
	int64_t timeout;    /* seconds; 0: none */
	const char *sdnotify_socket;

	struct strv log_paths; /* [DRIVER:]PATH */
	int64_t log_size_max;  /* -1: none */
	int64_t log_global_size_max;
	const char *log_tag;
	struct strv log_labels;
	bool log_rotate;
	int64_t log_max_files;
	struct strv log_allowlist; /* empty: a log may be anywhere */
	bool no_partial_message;
	bool no_sync_log;

	bool sync; /* stay in the foreground */
	bool syslog;
	const char *log_level;

	const char *ignored; /* of options that never did anything */
};

extern const struct opt conmon_opt_rows[];

void conmon_opts_defaults(struct conmon_opts *o);
/* Returns 1 when help was asked for. */
int conmon_opts_parse(struct conmon_opts *o, char *const *argv, struct err *e);
/* What an option needs of another, and paths that may be left out: `cwd` is where they are then. */
int conmon_opts_check(struct conmon_opts *o, const char *cwd, struct arena *a, struct err *e);
/* The level of our own messages; fatal and panic are error, trace is debug. */
int conmon_opts_level(const struct conmon_opts *o, enum log_level *ret, struct err *e);
void conmon_opts_done(struct conmon_opts *o);
AUTO_DEFINE_DONE(conmon_opts, conmon_opts_done)

#endif
