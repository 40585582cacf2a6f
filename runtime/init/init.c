/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/log.h"
#include "runtime/hook/hook.h"
#include "runtime/init/stage.h"
#include "runtime/sync/sync.h"

#define FIRST_FD   3
#define HOOK_UMASK 0022

static int plan_mounts(struct init *in, struct err *e)
{
	return mount_plan_make(in->spec, in->job->bundle, &in->mounts, e);
}

static int raise_guard(struct init *in UNUSED, struct err *e)
{
	/* Modes of files made are what is asked for; the program's own umask is set last. */
	(void)umask(0);
	return guard_raise(e);
}

static int oom_score(struct init *in, struct err *e)
{
	/* In a new user namespace the right is gone already, and the host side did it. */
	return in->job->plan.new_userns && !in->job->plan.intermediate
		       ? 0
		       : init_oom_score_adj(0, in->process, e);
}

static int limits(struct init *in, struct err *e)
{
	return rlimit_apply(in->process, e);
}

static int no_new_privileges(struct init *in, struct err *e)
{
	if (in->process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "process.noNewPrivileges");
	return 0;
}

static int open_joined_root(struct init *in, struct err *e)
{
	in->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return in->rootfd < 0 ? err_sys(e, "open the container's root") : 0;
}

static int run_hooks(struct init *in, enum hook_kind kind, int cwdfd, const struct oci_strings *env,
		     struct err *e)
{
	static const struct hook_output none = HOOK_OUTPUT_NONE;
	const struct hook_output *output = in->job->hook_output;
	struct hook_call call = { .state = in->job->state,
				  .pid = getpid(),
				  .cwdfd = cwdfd,
				  .env = env,
				  .output = output ? output : &none };
	int r;

	if (!hook_any(in->spec->hooks, kind))
		return 0;
	(void)umask(HOOK_UMASK);
	r = hook_run(in->spec->hooks, kind, &call, e);
	(void)umask(0);
	return r;
}

bool init_stops_at_root(const struct init_job *job)
{
	return job->kind == INIT_CREATE &&
	       (job->policy_after_mounts || hook_any(job->spec->hooks, HOOK_PRESTART) ||
		hook_any(job->spec->hooks, HOOK_CREATE_RUNTIME));
}

static int create_hooks(struct init *in, struct err *e)
{
	int sync = in->job->syncfd;
	int r = 0;

	if (init_stops_at_root(in->job)) {
		r = sync_send(sync, SYNC_ROOT_READY, 0, -1, e);
		if (r >= 0)
			r = sync_expect(sync, SYNC_HOOKS_DONE, "creel", NULL, NULL, e);
	}
	return r < 0 ? r : run_hooks(in, HOOK_CREATE_CONTAINER, in->rootfd, NULL, e);
}

static int start_hooks(struct init *in, struct err *e)
{
	/* As the program will have it, with HOME. */
	const struct oci_strings env = { .items = (const char **)(uintptr_t)in->env.v,
					 .n = in->env.n };

	if (!in->exe)
		return err_set(e, EINVAL, "process: config.json names no program to start");
	return run_hooks(in, HOOK_START_CONTAINER, 0, &env, e);
}

static int look_up(struct init *in, struct err *e)
{
	/* A container may be created without a process; `start` says so. */
	if (in->job->kind == INIT_CREATE && in->process->args.n == 0)
		return 0;
	return exec_look_up(in, e);
}

static int early_seccomp(struct init *in, struct err *e)
{
	int r;

	if (!seccomp_has_listener(in))
		return 0;
	/* Afterwards the filter might refuse it. */
	r = landlock_restrict(in, e);
	return r < 0 ? r : seccomp_install(in, e);
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Descriptors of the host would keep its mounts busy for as long as nobody calls `start`. */
static int close_host_files(const struct init *in, struct err *e)
{
	const struct hook_output *output = in->job->hook_output;
	int keep[] = { in->job->syncfd, in->job->startfd, in->landlockfd,
		       output ? output->outfd : -1, output ? output->errfd : -1 };
	unsigned first = FIRST_FD + in->job->listen_fds + in->job->preserve_fds;

	qsort(keep, ARRAY_LEN(keep), sizeof(keep[0]), compare_fds);
	/* The log file is among them, and its number will be the connection of `start`: a debug
	 * line would go there. */
	log_set_level(LOG_LEVEL_ERROR);
	return fd_close_from(-1, (int)first, keep, ARRAY_LEN(keep), e);
}

/* From here on whoever finds the container by its record may join it: nothing of the host is in
 * sight any more.  And still as who owns the state directory. */
static int become_known(struct init *in, struct err *e)
{
	struct init_job *job = in->job;
	int r;

	if (job->recordfd < 0)
		return 0;
	r = sync_expect(job->syncfd, SYNC_GO, "creel", NULL, NULL, e);
	if (r < 0)
		return r;
	if (renameat(job->recordfd, job->record_made, job->recordfd, job->record) < 0)
		return err_sys(e, "replace '%s'", job->record);
	close_at_exit(&job->recordfd);
	job->recordfd = -1;
	in->may_go = true;
	return 0;
}

static int ready(struct init *in, struct err *e)
{
	int sync = in->job->syncfd;
	int r = close_host_files(in, e);

	in->rootfd = in->procfd = in->ptsfd = -1;
	/* The host side may exit as soon as it has heard, unless its end is to be ours. */
	if (r >= 0 && !in->job->tied)
		r = guard_let_go(e);
	if (r >= 0)
		r = sync_send(sync, SYNC_READY, 0, -1, e);
	if (r >= 0 && !in->may_go)
		r = sync_expect(sync, SYNC_GO, "creel", NULL, NULL, e);
	return r;
}

/* Who connects and leaves without a word was killed; the next may mean it. */
static int wait_for_start(struct init *in, struct err *e)
{
	if (in->job->startfd < 0)
		return 0;
	(void)close(in->job->syncfd);
	in->failfd = -1;
	for (;;) {
		autofd int fd = accept4(in->job->startfd, NULL, NULL, SOCK_CLOEXEC);
		struct err why = { 0 };

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return err_sys(e, "wait for start");
		if (fd < 0 || sync_expect(fd, SYNC_GO, "start", NULL, NULL, &why) < 0)
			continue;
		in->failfd = steal_fd(&fd);
		return 0;
	}
}

enum { CREATE = 1 << INIT_CREATE, EXEC = 1 << INIT_EXEC, BOTH = CREATE | EXEC };

struct stage {
	const char *name;
	int (*run)(struct init *in, struct err *e);
	int kinds;
};

/*
 * In this order.  Where two stages look exchangeable a comment says why they are not; the comments
 * at the functions say the rest.
 */
static const struct stage stages[] = {
	{ "guard", raise_guard, BOTH },
	/* A document that can't work fails before anything is touched. */
	{ "plan-mounts", plan_mounts, CREATE },
	/* Rights of the first user namespace, and its /proc: before any join. */
	{ "oom-score", oom_score, BOTH },
	{ "affinity-initial", sched_affinity_initial, BOTH },
	{ "cgroup", entry_cgroup, BOTH },
	{ "affinity-final", sched_affinity_final, BOTH },
	{ "procfs", entry_open_procfs, BOTH },
	{ "join", entry_join, BOTH },
	{ "ids", entry_ids, CREATE },
	/* After "cgroup" and before "become-root". */
	{ "late-namespaces", entry_late, CREATE },
	{ "become-root", user_become_root, BOTH },
	{ "names", entry_names, CREATE },
	{ "network", entry_network, CREATE },
	/* Keys belong to ids of the user namespace. */
	{ "keyring", keyring_join, BOTH },
	{ "root", rootfs_prepare, CREATE },
	{ "joined-root", open_joined_root, EXEC },
	{ "mounts", rootfs_mounts, CREATE },
	{ "devices", dev_setup, CREATE },
	{ "notify", notify_bind, CREATE },
	/* prestart, createRuntime and createContainer see all mounts and still the host's tree. */
	{ "create-hooks", create_hooks, CREATE },
	{ "pivot", pivot_enter, CREATE },
	/* After the hooks: a hook may mount devpts or replace terminals. */
	{ "console", console_setup, BOTH },
	{ "null", null_streams, BOTH },
	/* Makes a directory: before the root becomes read-only. */
	{ "make-cwd", cwd_make, CREATE },
	{ "sysctl", sysctl_apply, CREATE },
	{ "mask", mask_paths, CREATE },
	/* Read-only comes last: everything above may have to create its place. */
	{ "finish-mounts", rootfs_finish, CREATE },
	{ "record", become_known, CREATE },
	{ "environment", env_build, BOTH },
	{ "scheduling", sched_apply, BOTH },
	/* AppArmor refuses most changes of profile once no_new_privs is set. */
	{ "labels", lsm_exec_labels, BOTH },
	{ "no-new-privileges", no_new_privileges, BOTH },
	/* As root, who may open what the user may not. */
	{ "landlock", landlock_prepare, BOTH },
	/* A small limit on descriptors or file size would hinder the stages above. */
	{ "limits", limits, BOTH },
	/* With all rights, as the directory may be closed to the user; else again after. */
	{ "enter-cwd", cwd_enter_early, BOTH },
	/* The bounding set shrinks while CAP_SETPCAP is there, sets follow the ids. */
	{ "bounding-set", caps_before_ids, BOTH },
	{ "user", user_switch, BOTH },
	{ "capabilities", caps_after_ids, BOTH },
	{ "cwd", cwd_enter, BOTH },
	/* As the user will see it; a missing program is an error of `create`. */
	{ "look-up", look_up, BOTH },
	/* With a listener, since `create` must hand it over; else in exec_program(). */
	{ "seccomp", early_seccomp, BOTH },
	{ "ready", ready, BOTH },
	{ "start", wait_for_start, CREATE },
	{ "start-hooks", start_hooks, CREATE },
	{ "exec", exec_program, BOTH },
};

static int run_stages(struct init *in, struct err *e)
{
	int kind = 1 << in->job->kind;

	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		int r;

		if (!(stages[i].kinds & kind))
			continue;
		log_debug("init: %s", stages[i].name);
		r = stages[i].run(in, e);
		if (r < 0) {
			err_stage(e, stages[i].name);
			return r;
		}
	}
	return 0;
}

void init_run(struct init_job *job)
{
	static const struct spec_linux no_linux;
	static const struct spec_process no_process = { .cwd = "/" };
	struct init in = {
		.job = job,
		.spec = job->spec,
		.linux_ = job->spec->linux_ ? job->spec->linux_ : &no_linux,
		.process = job->process ? job->process : &no_process,
		.failfd = job->syncfd,
		.rootfd = -1,
		.procfd = -1,
		.landlockfd = -1,
		.ptsfd = -1,
	};
	struct err e = { 0 };

	(void)run_stages(&in, &e);
	if (in.failfd >= 0)
		sync_fail(in.failfd, &e);
	_exit(1);
}
