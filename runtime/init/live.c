/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/live.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "libutil/cleanup.h"
#include "runtime/init/live_acts.h"
#include "runtime/init/procfs.h"
#include "runtime/ns/join.h"
#include "runtime/sync/sync.h"

static const struct act {
	/* On the host, then inside. */
	int (*prepare)(struct live *l, struct err *e);
	int (*perform)(struct live *l, struct err *e);
} acts[] = {
	[LIVE_MOUNT] = { live_mount_prepare, live_mount },
	[LIVE_UNMOUNT] = { live_unmount_prepare, live_unmount },
	[LIVE_MAKE_DEVICE] = { live_device_prepare, live_device_make },
	[LIVE_REMOVE_DEVICE] = { NULL, live_device_remove },
};

static int enter(struct live *l, struct err *e)
{
	struct init *in = &l->in;
	int r = ns_join_pidfd(l->job->pidfd, in->job->plan.has, OCI_NS_PID, e);

	if (r >= 0)
		r = user_become_root(in, e);
	if (r < 0)
		return r;
	in->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return in->rootfd < 0 ? err_sys(e, "open the container's root") : 0;
}

static int visit(struct live *l, struct err *e)
{
	const struct act *act = &acts[l->job->act];
	int r = guard_raise(e);

	(void)umask(0);
	if (r >= 0)
		l->in.procfd = r = procfs_open_host(e);
	if (r >= 0 && act->prepare)
		r = act->prepare(l, e);
	if (r >= 0)
		r = enter(l, e);
	return r < 0 ? r : act->perform(l, e);
}

static void NORETURN run_visitor(const struct live_job *job, int sock)
{
	static const struct spec_process no_process = { .cwd = "/" };
	struct init_job as_init = {
		.kind = INIT_EXEC,
		.spec = job->spec,
		.process = &no_process,
		.bundle = job->bundle,
		.syncfd = sock,
		.startfd = -1,
		.pidfd = job->pidfd,
		.rootfsfd = -1,
		.notify_dirfd = -1,
		.homefd = -1,
		.root_treefd = -1,
	};
	struct live l = {
		.job = job,
		.in = { .job = &as_init,
			.spec = job->spec,
			.linux_ = job->spec->linux_,
			.process = job->spec->process ? job->spec->process : &no_process,
			.failfd = sock,
			.rootfd = -1,
			.procfd = -1,
			.ptsfd = -1 },
	};
	struct err e = { 0 };

	ns_plan_exec(job->spec, &as_init.plan);
	if (visit(&l, &e) < 0)
		sync_fail(sock, &e);
	else
		(void)sync_send(sock, SYNC_READY, 0, -1, NULL);
	_exit(0);
}

int live_run(const struct live_job *job, struct err *e)
{
	int pair[2], r = sync_pair(pair, e);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		run_visitor(job, pair[1]);
	}
	(void)close(pair[1]);
	r = pid < 0 ? err_sys(e, "fork")
		    : sync_expect(pair[0], SYNC_READY, "the visitor", NULL, NULL, e);
	(void)close(pair[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return r;
}
