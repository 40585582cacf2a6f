/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's command lines, for runc and whatever takes the same words
 * (creel, crun), and what it said when it failed.  Pure but for
 * the last two.
 */
#ifndef SHIM_CORE_RUNTIME_H
#define SHIM_CORE_RUNTIME_H

#include <sys/types.h>

#include "libutil/err.h"
#include "libutil/strv.h"
#include "oci-spec/codec.h"

#define RUNTIME_VERBS(X)                                                                           \
	X(CREATE, "create")                                                                        \
	X(START, "start")                                                                          \
	X(EXEC, "exec")                                                                            \
	X(RESTORE, "restore")                                                                      \
	X(KILL, "kill")                                                                            \
	X(PAUSE, "pause")                                                                          \
	X(RESUME, "resume")                                                                        \
	X(UPDATE, "update")                                                                        \
	X(CHECKPOINT, "checkpoint")                                                                \
	X(DELETE, "delete")

#define X(name, text) RUNTIME_##name,
enum runtime_verb { RUNTIME_VERBS(X) RUNTIME_VERB_COUNT };
#undef X

const char *runtime_verb_name(enum runtime_verb v);
/* Does it leave a process behind that becomes our child? */
bool runtime_verb_makes(enum runtime_verb v);

/* Which runtime, and what every call of it begins with. */
struct runtime {
	const char *path; /* absolute */
	const char *root; /* --root, or NULL */
	const char *log;  /* absolute: --log, as JSON lines; NULL: its reasons come on stderr */
	bool systemd_cgroup;
	bool no_pivot;           /* create, restore */
	bool no_new_keyring;     /* create, restore */
	struct oci_strings args; /* after ours and before the verb, so that they win */
	struct oci_strings opts; /* after the verb: create, exec, restore */
};

/* What one call is about; which members count depends on the verb. */
struct runtime_ask {
	const char *id;
	const char *bundle;      /* create, restore */
	const char *pid_file;    /* create, exec, restore */
	const char *console;     /* create, exec, restore: path of a socket, or NULL */
	const char *process;     /* exec: the file of --process */
	const char *image_path;  /* restore, checkpoint */
	const char *work_path;   /* restore, checkpoint, or NULL */
	const char *resources;   /* update: the file of --resources */
	const char *parent_path; /* checkpoint, or NULL */
	int signal;              /* kill */
	bool all;                /* kill: every process of the container */
	bool force;              /* delete */
	struct oci_strings more; /* further options, after all others */
};

void runtime_argv(struct strv *argv, const struct runtime *rt, enum runtime_verb verb,
		  const struct runtime_ask *ask);

/* The reason of a failure: the last error in the JSON lines of `log`, else the last line of
 * `output` (what came on stderr), else how the program ended.  Sets `e` to that alone, without the
 * verb; returns -EREMOTEIO. */
int runtime_reason(const char *log, const char *output, int wait_status, struct err *e);

/* Call it and wait, at most timeout_ms; on failure the reason. */
int runtime_run(const struct runtime *rt, enum runtime_verb verb, const struct runtime_ask *ask,
		int timeout_ms, struct err *e);

/* What the runtime left in its --pid-file, a path from `dirfd` on; *ret is only set on success. */
int runtime_read_pid(int dirfd, const char *path, pid_t *ret, struct err *e);

#endif
