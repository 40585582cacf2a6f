/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First code inside.  The host side fills a struct init_job, clones, and the
 * child calls init_run(), which never returns: it execs the container's program
 * or sends why not and exits 1.  The child inherits the job by copy-on-write:
 * nothing is serialised.  The process is single-threaded, so malloc is allowed.
 *
 * Which steps of sync.h are sent, and when; the host side waits for exactly these:
 *
 *   CGROUP_WANTED INIT_CREATE with cgroup_needs_process(); INIT_EXEC with cgroup_attach
 *   PID          plan.intermediate
 *   IDS_WANTED   plan.new_userns
 *   NET_WANTED   INIT_CREATE with linux.netDevices
 *   ROOT_READY   init_stops_at_root()
 *   CONSOLE      process->terminal (the host side sets consoleSize on the master)
 *   NOTIFY       seccomp_flags has SECCOMP_FILTER_FLAG_NEW_LISTENER; NOTIFY_TAKEN is the answer
 * when seccomp_handover is not SECCOMP_BY_SENDMSG READY        always, with everything done that
 * may fail: also the program was looked up GO           always awaited on syncfd.  It says that the
 * state file names this process: before it, end-of-file (the host side died) ends init, so that
 * nobody is left whom `delete` does not know GO           again when startfd >= 0: init accepts one
 * connection there, waits for GO on it, and reports a failing startContainer hook or execve() to
 * it; without startfd they are reported to syncfd
 *
 * Resource limits: the host side has raised its own hard limits to what `process` asks for as far
 * as it may, so init lowers them, with no privilege, in whatever user namespace it is.
 * oomScoreAdj: written by init, but by the host side before IDS_WRITTEN when plan.new_userns:
 * lowering it takes a right in the first user namespace (init_oom_score_adj()).
 *
 * User namespaces: their root may not search every directory of the host, so the host side calls
 * init_prepare() before the clone and init_prepare_undo() after it, whether it succeeded or not.
 *
 * INIT_EXEC: `plan` comes from ns_plan_exec(); init enters, with setns(pidfd), the namespaces in
 * `plan.has`; the pid namespace was entered by the host side before the clone unless there is an
 * intermediate.  LISTEN_FDS and LISTEN_PID=1 are put in the environment by init when listen_fds >
 * 0.
 */
#ifndef RUNTIME_INIT_INIT_H
#define RUNTIME_INIT_INIT_H

#include <linux/filter.h>

#include "oci-spec/runtime_spec.h"
#include "runtime/hook/output.h"
#include "runtime/ns/plan.h"
#include "runtime/seccomp/seccomp.h"

struct cgroup; /* runtime/cgroup/cgroup.h */

enum init_kind {
	INIT_CREATE, /* a new container's first process: prepares the root file system */
	INIT_EXEC,   /* one more process in a running container: joins by pidfd */
};

struct init_job {
	enum init_kind kind;
	const char *id;
	const char *bundle; /* absolute */
	const struct runtime_spec *spec;
	const struct spec_process *process; /* of the spec, or exec's own */
	struct ns_plan plan;
	int syncfd;  /* init's end of sync_pair(); closed on exec */
	int startfd; /* listening SOCK_SEQPACKET of the start gate, or -1: GO comes over syncfd
			(run, exec) */
	int pidfd;   /* INIT_EXEC: the container's init */
	/*
	 * >= 0: the container's state directory.  SYNC_GO comes before SYNC_READY then, when
	 * `record_made` is there: init makes it `record` once the container's mounts are complete,
	 * and waits no more.
	 */
	int recordfd;
	const char *record_made, *record;
	int rootfsfd; /* INIT_CREATE: O_PATH of the root file system, opened by the host side */
	struct cgroup *cgroup;
	bool cgroup_entered; /* CLONE_INTO_CGROUP did it for the v2 tree; cgroup_enter_self() does
				the rest */
	bool cgroup_attach;  /* exec: the host side has systemd do it, as with CGROUP_WANTED of a
				creation */
	const struct sock_fprog *seccomp;       /* compiled by the host side; NULL: none */
	enum seccomp_handover seccomp_handover; /* of a listener */
	uint32_t seccomp_flags;                 /* SECCOMP_FILTER_FLAG_* */
	bool no_pivot;
	bool tied; /* the host side's death ends the container, for all its life */
	bool no_new_keyring;
	bool rootless;            /* ids are mapped by an unprivileged caller */
	bool not_root;            /* the caller is not user 0: it may write to init's files in /proc
				     only while init is dumpable */
	bool loopback_by_host;    /* the host side sets "lo" up meanwhile */
	bool policy_after_mounts; /* the host side restricts devices at ROOT_READY */
	unsigned preserve_fds;    /* keep 3 .. 2 + LISTEN_FDS + preserve_fds */
	unsigned listen_fds;
	const struct oci_state *state; /* for createContainer and startContainer hooks; hook_run()
					  fills in pid and status */
	const struct hook_output *hook_output; /* for the same hooks; NULL: none run */
	int notify_dirfd; /* directory with notify.sock to bind at /run/notify, or -1 */
	/* Of init_prepare(). */
	int *source_fds; /* owned: for each of mounts[] a detached tree to attach, or -1 */
	size_t n_sources;
	int root_treefd; /* the root file system with its ids mapped, to attach; or -1 */
	int homefd;      /* working directory to return to, or -1 */
};

/* Host side, around the clone; a job without a user namespace costs nothing.  The child finds the
 * root file system as its working directory, and bind sources as detached mounts. */
int init_prepare(struct init_job *job, struct err *e);
void init_prepare_undo(struct init_job *job);

/* Write process.oomScoreAdj of a process (0: this one) if it is given (`process` may be NULL); see
 * above for who calls it.
 */
int init_oom_score_adj(pid_t pid, const struct spec_process *process, struct err *e);

/* Whether it waits for the host side when all is mounted: hooks.prestart, hooks.createRuntime, and
 * policy_after_mounts; INIT_CREATE alone. */
bool init_stops_at_root(const struct init_job *job);

/* Runs in the cloned child.  Closes nothing of the host side's but what is close-on-exec. */
void init_run(struct init_job *job) NORETURN;

#endif
