/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First code inside.  The host side fills a struct init_job, clones, and the
 * child calls init_run(), which never returns: it execs the container's program
 * or sends why not and exits 1.  The child inherits the job by copy-on-write:
 * nothing is serialised.  The process is single-threaded, so malloc is allowed.
 */
#ifndef RUNTIME_INIT_INIT_H
#define RUNTIME_INIT_INIT_H

#include <linux/filter.h>

#include "oci-spec/runtime_spec.h"
#include "runtime/ns/plan.h"

struct cgroup; /* runtime/cgroup/cgroup.h */

enum init_kind {
	INIT_CREATE, /* a new container's first process: prepares the root file system */
	INIT_EXEC,   /* one more process in a running container: joins by pidfd */
};

struct init_job {
	enum init_kind kind;
	const char *id;
	const char *bundle;		    /* absolute */
	const struct runtime_spec *spec;
	const struct spec_process *process; /* of the spec, or exec's own */
	struct ns_plan plan;
	int syncfd;	     /* init's end of sync_pair(); closed on exec */
	int startfd;	     /* listening SOCK_SEQPACKET of the start gate, or -1: GO comes over syncfd (run, exec) */
	int pidfd;	     /* INIT_EXEC: the container's init */
	int rootfsfd;	     /* INIT_CREATE: O_PATH of the root file system, opened by the host side */
	const struct cgroup *cgroup;
	bool cgroup_entered; /* CLONE_INTO_CGROUP did it; else init calls cgroup_enter_self() */
	const struct sock_fprog *seccomp; /* compiled by the host side; NULL: none */
	uint32_t seccomp_flags;		  /* SECCOMP_FILTER_FLAG_* */
	bool no_pivot;
	bool no_new_keyring;
	bool rootless;	       /* ids are mapped by an unprivileged caller */
	unsigned preserve_fds; /* keep 3 .. 2 + LISTEN_FDS + preserve_fds */
	unsigned listen_fds;
	const char *state_json; /* the state document for createContainer and startContainer hooks, without pid
				   and status: see runtime/container/hooks.h */
	int notify_dirfd;	/* directory with notify.sock to bind at /run/notify, or -1 */
};

/* Runs in the cloned child.  Closes nothing of the host side's but what is close-on-exec. */
void init_run(struct init_job *job) NORETURN;

#endif
