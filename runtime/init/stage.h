/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stages of init.c share.  Only runtime/init includes this header: every
 * function below runs in the process that becomes the container's program.
 */
#ifndef RUNTIME_INIT_STAGE_H
#define RUNTIME_INIT_STAGE_H

#include "libutil/beneath.h"
#include "libutil/strv.h"
#include "runtime/init/init.h"
#include "runtime/init/mount_plan.h"

struct init {
	struct init_job *job;
	const struct runtime_spec *spec;
	const struct spec_linux *linux_; /* never NULL */
	const struct spec_process *process;
	struct mount_plan mounts;
	int failfd;         /* socket to report to: syncfd, later the start gate's connection */
	int rootfd;         /* root of the container's file system, as a mount of this namespace */
	int procfd;         /* root of a procfs; see procfs.h */
	int landlockfd;     /* ruleset to enforce, or -1 */
	int ptsfd;          /* the terminal's slave side */
	uint64_t caps_held; /* permitted to this process, and so what it can give */
	uint64_t dev_mount; /* mount_id() of the file system made for /dev; 0: none */
	bool in_cwd;        /* the working directory is process.cwd already */
	bool in_chroot;     /* the caller's root is not the mount namespace's; see chroot.c */
	bool may_go;        /* SYNC_GO has come */
	bool shares_mounts; /* its mounts are peers of the host's until the old root is gone */
	struct strv env;
	char *exe; /* the program, found */
};

static inline bool init_in_userns(const struct init *in)
{
	return in->job->plan.has[OCI_NS_USER];
}

/* guard.c: not dumpable, and killed with the parent: setuid() and its like clear both. */
int guard_raise(struct err *e);
/* guard.c: the container may outlive whoever made it. */
int guard_let_go(struct err *e);

/* entry.c: into the namespaces; an intermediate ends here and its child returns. */
int entry_join(struct init *in, struct err *e);
/* entry.c: the host's procfs, while it is in sight. */
int entry_open_procfs(struct init *in, struct err *e);
/* entry.c: id maps of a new user namespace, written by the host side. */
int entry_ids(struct init *in, struct err *e);
int entry_cgroup(struct init *in, struct err *e);
/* entry.c: namespaces that are made late; see ns/plan.h. */
int entry_late(struct init *in, struct err *e);
int entry_names(struct init *in, struct err *e);
int entry_network(struct init *in, struct err *e);

/* prepare.c: the host side's share of mounts[]: job->source_fds. */
int init_prepare_sources(struct init_job *job, struct err *e);

/* rootfs.c: this namespace's mounts apart from the host's, the root file system a mount. */
int rootfs_prepare(struct init *in, struct err *e);
/* rootfs.c: mounts[], in order. */
int rootfs_mounts(struct init *in, struct err *e);
/* rootfs.c: what had to wait: read-only flags, propagation of the root. */
int rootfs_finish(struct init *in, struct err *e);
/* chroot.c: mount(2) with `flags` (0: none) on the mount namespace's own root, and find out whether
 * the caller's root is another one; root and working directory stay. */
int chroot_propagate(struct init *in, unsigned long flags, struct err *e);
/* chroot.c: make the mount namespace's root this process's root and working directory. */
int chroot_leave(struct err *e);
/* pivot.c: make it "/" and let go of the host's tree. */
int pivot_enter(struct init *in, struct err *e);

/* dev.c: devices, default and asked for, and the links in /dev. */
int dev_setup(struct init *in, struct err *e);
/* dev.c: one of them.  `treefd`, if > 0, is the host's, detached: for a user namespace, which makes
 * no devices.  1: made, 0: it was there. */
int dev_make(struct init *in, const struct spec_device *d, int treefd, enum beneath_rule rule,
	     struct err *e);
/* mask.c: readonlyPaths, maskedPaths. */
int mask_paths(struct init *in, struct err *e);
/* notify.c: the service manager's socket at /run/notify. */
int notify_bind(struct init *in, struct err *e);
/* console.c: a pty of the container's own on 0, 1, 2; the master goes to the host side. */
int console_setup(struct init *in, struct err *e);
/* null.c: the container's own null device, and nothing else that somebody put there. */
int null_open(const struct init *in, int flags, struct err *e);
/* null.c: streams that are the caller's null device become the container's. */
int null_streams(struct init *in, struct err *e);

/* sysctl.c */
int sysctl_apply(struct init *in, struct err *e);
/* rlimit.c */
int rlimit_apply(const struct spec_process *process, struct err *e);
/* lsm.c: AppArmor and SELinux labels for the execve() to come. */
int lsm_exec_labels(struct init *in, struct err *e);
/* landlock.c: the ruleset, while paths can be opened; then, as late as can be, its force. */
int landlock_prepare(struct init *in, struct err *e);
int landlock_restrict(struct init *in, struct err *e);
/* keyring.c */
int keyring_join(struct init *in, struct err *e);
/* sched.c: scheduler, io priority, memory policy, personality. */
int sched_apply(struct init *in, struct err *e);
/* sched.c: the affinity inherited from the caller does not bind the container; exec may give one
 * for before and one for after the move to the container's cgroup. */
int sched_affinity_initial(struct init *in, struct err *e);
int sched_affinity_final(struct init *in, struct err *e);
/* user.c: root of the user namespace, so that files made have mapped owners. */
int user_become_root(struct init *in, struct err *e);
/* user.c: owner of stdio, groups and ids of process.user. */
int user_switch(struct init *in, struct err *e);
/* cwd.c: process.cwd exists; then, as the user, be there and nowhere outside the root. */
int cwd_make(struct init *in, struct err *e);
int cwd_enter_early(struct init *in, struct err *e);
int cwd_enter(struct init *in, struct err *e);
/* env.c: the environment, with HOME. */
int env_build(struct init *in, struct err *e);

/* caps.c: before ids change (bounding set, keep the rest), and after. */
int caps_before_ids(struct init *in, struct err *e);
int caps_after_ids(struct init *in, struct err *e);

/* seccomp_load.c */
int seccomp_install(struct init *in, struct err *e);
/* seccomp_load.c: true when the filter is loaded before READY, as its listener must be sent. */
bool seccomp_has_listener(const struct init *in);

/* exec.c: find the program as the container's user will. */
int exec_look_up(struct init *in, struct err *e);
/* exec.c: close everything else and execute; returns only on failure. */
int exec_program(struct init *in, struct err *e);

#endif
