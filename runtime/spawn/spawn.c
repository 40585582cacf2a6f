/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "libutil/proc.h"
#include "libutil/sys.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/ns/join.h"
#include "runtime/sync/sync.h"

#define KILL_TIMEOUT_MS 2000

int child_prepare(struct child *c, struct init_job *job, struct err *e)
{
	int pair[2];
	int r = sync_pair(pair, e);

	if (r < 0)
		return r;
	c->syncfd = pair[0];
	c->initfd = pair[1];
	job->syncfd = pair[1];
	return 0;
}

/* clone(2) for kernels, and seccomp filters around us, without clone3.  CLONE_NEWTIME does not fit
 * in its flags; ns_plan never asks for it in the clone. */
static pid_t clone_old(uint64_t flags, int *pidfd)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), NULL, pidfd, NULL, NULL);
}

static pid_t clone_once(uint64_t flags, int cgroupfd, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	if (cgroupfd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroupfd;
	}
	return sys_clone3(&args, sizeof(args));
}

/* execCPUAffinity.initial is for the time before the process is in its control group. */
static bool moves_later(const struct init_job *job)
{
	const struct spec_exec_cpu_affinity *a = job->process->exec_cpu_affinity;

	return job->kind == INIT_EXEC && a && a->initial;
}

/* In the child, 0.  The first try may fail for what a later one does not need: CLONE_INTO_CGROUP
 * is 5.7, and fails with EBUSY where moving afterwards would work (threaded groups). */
static pid_t clone_into(struct init_job *job, int *pidfd)
{
	int cgroupfd = job->cgroup && !moves_later(job) ? cgroup_clone_fd(job->cgroup) : -1;
	/* The intermediate makes the new namespaces itself, after what it joins. */
	uint64_t flags = job->plan.intermediate ? 0 : job->plan.clone_flags;
	pid_t pid;

	if (cgroupfd >= 0) {
		job->cgroup_entered = true;
		pid = clone_once(flags, cgroupfd, pidfd);
		if (pid >= 0)
			return pid;
		job->cgroup_attach = errno == EACCES && cgroup_can_attach(job->cgroup);
		log_debug("clone into the control group: %s", strerror(errno));
		job->cgroup_entered = false;
	}
	pid = clone_once(flags, -1, pidfd);
	if (pid < 0 && sys_is_refused(errno))
		pid = clone_old(flags | CLONE_PIDFD, pidfd);
	return pid;
}

/* A pid namespace is entered by the children of the process that joins it. */
struct pidns_visit {
	int homefd; /* -1: not away */
};

static int pidns_join(struct init_job *job, struct pidns_visit *v, struct err *e)
{
	struct ns_plan *plan = &job->plan;
	autofd int homefd = -1;
	int r;

	if (plan->intermediate || !plan->pid_path)
		return 0;
	homefd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	if (homefd < 0)
		return err_sys(e, "open '/proc/self/ns/pid'");
	/* Root of an outer user namespace has no right to where it came from, and would not find
	 * back: then somebody else goes. */
	if (setns(homefd, CLONE_NEWPID) < 0 && errno == EPERM) {
		plan->intermediate = true;
		return 0;
	}
	r = ns_join_path(OCI_NS_PID, plan->pid_path, e);
	if (r < 0)
		return r;
	v->homefd = steal_fd(&homefd);
	return 0;
}

static int pidns_return(struct pidns_visit *v, struct err *e)
{
	int r = 0;

	if (v->homefd < 0)
		return 0;
	if (setns(v->homefd, CLONE_NEWPID) < 0)
		r = err_sys(e, "return to our pid namespace");
	close_at_exit(&v->homefd);
	v->homefd = -1;
	return r;
}

int child_spawn(struct child *c, struct init_job *job, const int *close_fds, size_t n_close,
		struct err *e)
{
	struct pidns_visit visit = { .homefd = -1 };
	int pidfd = -1;
	pid_t pid;
	int r = pidns_join(job, &visit, e);

	if (r < 0)
		return r;
	pid = clone_into(job, &pidfd);
	if (pid == 0) {
		(void)close(c->syncfd);
		for (size_t i = 0; i < n_close; i++)
			if (close_fds[i] >= 0)
				(void)close(close_fds[i]);
		init_run(job);
	}
	if (pid < 0) {
		r = err_sys(e, "clone the container's first process");
		(void)pidns_return(&visit, NULL);
		return r;
	}
	c->pid = pid;
	c->pidfd = pidfd;
	/* Ours must go, or the death of init would never be end-of-file. */
	(void)close(steal_fd(&c->initfd));
	return pidns_return(&visit, e);
}

int child_wait(struct child *c, struct err *e)
{
	int r;

	if (c->reaped)
		return 0;
	r = proc_wait(c->pid, &c->status, e);
	if (r >= 0)
		c->reaped = true;
	return r;
}

void child_kill(struct child *c)
{
	if (c->pid == 0 || c->reaped)
		return;
	(void)sys_pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
	/* One that is frozen dies when it is thawed, one that hangs in a device perhaps never. */
	if (proc_wait_pidfd(c->pidfd, KILL_TIMEOUT_MS, NULL) > 0)
		(void)child_wait(c, NULL);
}

void child_done(struct child *c)
{
	child_kill(c);
	child_release(c);
}

void child_release(struct child *c)
{
	close_at_exit(&c->pidfd);
	close_at_exit(&c->syncfd);
	close_at_exit(&c->initfd);
	*c = (struct child)CHILD_NONE;
}
