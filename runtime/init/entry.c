/* SPDX-License-Identifier: Apache-2.0 */
/* The way into the container's namespaces, and what belongs to each of them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/log.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/init/procfs.h"
#include "runtime/init/stage.h"
#include "runtime/ns/idmap.h"
#include "runtime/ns/join.h"
#include "runtime/ns/loopback.h"
#include "runtime/ns/timens.h"
#include "runtime/sync/sync.h"

/* By systemd; nothing of the container ran until then. */
static int be_put_into_cgroup(struct init *in, struct err *e)
{
	int r = sync_send(in->job->syncfd, SYNC_CGROUP_WANTED, 0, -1, e);

	if (r >= 0)
		r = sync_expect(in->job->syncfd, SYNC_CGROUP_MADE, "creel", NULL, NULL, e);
	return r < 0 || in->job->kind == INIT_EXEC ? r : cgroup_find_self(in->job->cgroup, e);
}

#define FIRST_FD 3

int entry_cgroup(struct init *in, struct err *e)
{
	struct cgroup *cg = in->job->cgroup;

	if (!cg)
		return 0;
	if (in->job->cgroup_attach || (in->job->kind == INIT_CREATE && cgroup_needs_process(cg)))
		return be_put_into_cgroup(in, e);
	return cgroup_enter_self(cg, in->job->cgroup_entered, e);
}

/* Taken before any join: inside, /proc is the container's word. */
int entry_open_procfs(struct init *in, struct err *e)
{
	const struct spec_process *p = in->process;
	bool create = in->job->kind == INIT_CREATE;
	bool offsets = create && (in->job->plan.late_flags & ns_clone_flag(OCI_NS_TIME));
	bool sysctls = create && in->linux_->sysctl.n > 0;

	if (!sysctls && !offsets && !p->apparmor_profile && !p->selinux_label)
		return 0;
	in->procfd = procfs_open_host(e);
	return in->procfd < 0 ? in->procfd : 0;
}

/* ---- joins ---- */

/* procfd is of before the joins, among which may be a mount namespace. */
static int check_maps(const struct init *in, int procfd, struct err *e)
{
	const struct ns_plan *plan = &in->job->plan;

	if (!plan->has[OCI_NS_USER] || plan->new_userns)
		return 0;
	return idmap_check_joined(procfd, &in->linux_->uid_mappings, &in->linux_->gid_mappings, e);
}

static int join_paths(const struct init *in, struct err *e)
{
	const struct ns_plan *plan = &in->job->plan;
	autofd int procfd = plan->n_joins ? open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = ns_join_plan(plan, e);

	if (r >= 0)
		r = check_maps(in, procfd, e);
	/* For the child only, and only where the host side could not: see ns/plan.h. */
	if (r >= 0 && plan->intermediate && plan->pid_path)
		r = ns_join_path(OCI_NS_PID, plan->pid_path, e);
	return r;
}

static int join(struct init *in, struct err *e)
{
	const struct ns_plan *plan = &in->job->plan;

	if (in->job->kind == INIT_CREATE)
		return join_paths(in, e);
	return ns_join_pidfd(in->job->pidfd, plan->has, OCI_NS_NONE, e);
}

/* The intermediate's last words.  The host side hears of the child before the child itself speaks:
 * both use one socket. */
static void NORETURN hand_over(const struct init *in, pid_t child, int gatefd)
{
	if (sync_send(in->job->syncfd, SYNC_PID, child, -1, NULL) < 0)
		(void)kill(child, SIGKILL);
	(void)close(gatefd);
	_exit(0);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* exec's process will be in sight of the container, of whom some may look at its descriptors: those
 * of the host (groups, log, procfs) are closed before, as nothing needs them any more. */
static int hide_host_files(struct init *in, int listfd, const int gate[2], struct err *e)
{
	unsigned first = FIRST_FD + in->job->listen_fds + in->job->preserve_fds;
	int keep[3] = { in->job->syncfd, gate[0], gate[1] };

	qsort(keep, ARRAY_LEN(keep), sizeof(keep[0]), by_number);
	log_set_level(LOG_LEVEL_ERROR);
	return fd_close_from(listfd, (int)first, keep, ARRAY_LEN(keep), e);
}

/* A procfs of the container's processes alone. */
static int renew_procfs(struct init *in, bool had, struct err *e)
{
	in->procfd = had ? procfs_private(e) : -1;
	return had && in->procfd < 0 ? in->procfd : 0;
}

/* Must exec's process be kept from showing what is open here? */
static bool hides(const struct init *in)
{
	return in->job->plan.intermediate && in->job->kind == INIT_EXEC && !init_in_userns(in);
}

/* `listfd` is of before the joins: see fd_close_from(). */
static int split(struct init *in, int listfd, struct err *e)
{
	/* As a sibling the child is the host side's to wait for. */
	unsigned long flags = (unsigned long)in->job->plan.clone_flags | CLONE_PARENT | SIGCHLD;
	bool hide = hides(in);
	bool had_procfs = in->procfd >= 0;
	int gate[2];
	long child;
	char c;
	int r;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	if (hide) {
		r = hide_host_files(in, listfd, gate, e);
		if (r < 0)
			return r;
	}
	child = syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (child < 0)
		return err_sys(e, "clone into the container's namespaces");
	if (child > 0)
		hand_over(in, (pid_t)child, gate[1]);
	(void)close(gate[1]);
	/* End-of-file: the intermediate is gone, and its message sent. */
	while (read(gate[0], &c, 1) < 0 && errno == EINTR)
		continue;
	(void)close(gate[0]);
	r = guard_raise(e);
	return r < 0 || !hide ? r : renew_procfs(in, had_procfs, e);
}

int entry_join(struct init *in, struct err *e)
{
	int listfd = -1;
	int r = hides(in) ? fd_list_if_needed(&listfd, e) : 0;

	if (r >= 0)
		r = join(in, e);
	return r < 0 || !in->job->plan.intermediate ? r : split(in, listfd, e);
}

/* ---- after the joins ---- */

int entry_ids(struct init *in, struct err *e)
{
	int r;

	if (!in->job->plan.new_userns)
		return 0;
	/* newuidmap(1), and a caller who is not root, need the files of this process in /proc to be
	 * the caller's: they are root's while it is not dumpable.  Nothing of the container is in
	 * sight of this process yet. */
	if (in->job->rootless || in->job->not_root)
		(void)prctl(PR_SET_DUMPABLE, 1);
	r = sync_send(in->job->syncfd, SYNC_IDS_WANTED, 0, -1, e);
	if (r >= 0)
		r = sync_expect(in->job->syncfd, SYNC_IDS_WRITTEN, "creel", NULL, NULL, e);
	return r;
}

/* A mount namespace that was joined may have any file by the name of "/proc/self/timens_offsets".
 */
static int enter_time(struct init *in, struct err *e)
{
	char self[PROCFS_SELF_SIZE];
	autofd int selffd = -1;
	int r = procfs_self(in->procfd, self, e);

	if (r >= 0)
		r = selffd = procfs_open(in->procfd, self, O_PATH | O_DIRECTORY, e);
	return r < 0 ? r : timens_enter(selffd, &in->linux_->time_offsets, e);
}

/* A cgroup namespace's root is where its maker is: after the move.  Offsets of a time namespace are
 * in a file of this process that a user namespace's root would not own: before ids change. */
int entry_late(struct init *in, struct err *e)
{
	uint64_t flags = in->job->plan.late_flags;
	int r = 0;

	if (flags && unshare((int)flags) < 0)
		return err_sys(e, "make cgroup or time namespaces");
	if (flags & ns_clone_flag(OCI_NS_TIME))
		r = enter_time(in, e);
	return r;
}

int entry_names(struct init *in, struct err *e)
{
	const char *host = in->spec->hostname;
	const char *domain = in->spec->domainname;

	if (host && host[0] && sethostname(host, strlen(host)) < 0)
		return err_sys(e, "hostname: set '%s'", host);
	if (domain && domain[0] && setdomainname(domain, strlen(domain)) < 0)
		return err_sys(e, "domainname: set '%s'", domain);
	return 0;
}

int entry_network(struct init *in, struct err *e)
{
	bool ours = in->job->plan.is_new[OCI_NS_NETWORK] && !in->job->loopback_by_host;
	int r = ours ? loopback_up(e) : 0;

	if (r < 0 || in->linux_->net_devices.n == 0)
		return r;
	r = sync_send(in->job->syncfd, SYNC_NET_WANTED, 0, -1, e);
	if (r >= 0)
		r = sync_expect(in->job->syncfd, SYNC_NET_DONE, "creel", NULL, NULL, e);
	return r;
}
