/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/parse.h"
#include "libutil/path.h"
#include "libutil/proc.h"
#include "shim/conmon/command.h"

#define CONSOLE_PREFIX "creel-term-"
#define LISTEN_PID     "LISTEN_PID"

void launch_init(struct launch *l, struct reaper *reaper)
{
	*l = (struct launch){
		.reaper = reaper,
		.child = CHILD_NONE,
		.console = CONSOLE_NONE,
		.console_dirfd = -1,
	};
}

static void drop_console(struct launch *l)
{
	console_close(&l->console);
	if (l->console_dirfd >= 0)
		(void)close(l->console_dirfd);
	l->console_dirfd = -1;
	if (l->console_dir)
		(void)rmdir(l->console_dir);
	free(l->console_dir);
	l->console_dir = NULL;
}

void launch_done(struct launch *l)
{
	child_forget(&l->child);
	drop_console(l);
}

/* In a directory that is ours alone: the bundle may be anybody's. */
static int open_console(struct launch *l, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	autofree char *prefix = path_join(tmp && *tmp ? tmp : "/tmp", CONSOLE_PREFIX);
	int r = dir_make_temp_at(AT_FDCWD, prefix, 0700, &l->console_dir, e);

	if (r < 0)
		return r;
	l->console_dirfd = dir_open_at(AT_FDCWD, l->console_dir, e);
	if (l->console_dirfd < 0)
		return l->console_dirfd;
	return console_listen(&l->console, l->console_dirfd, 0, e);
}

/*
 * A service manager's sockets are for the process that LISTEN_PID names: the
 * runtime, if it named us.  *ret_pid points to where its number goes, NULL when
 * the environment stays as it is.
 */
static int make_env(struct strv *env, const struct conmon_opts *o, char **ret_pid, struct err *e)
{
	static const char room[PROC_PID_TEXT_SIZE] = "00000000000";
	const char *text = getenv(LISTEN_PID);
	pid_t named;

	*ret_pid = NULL;
	if (!text)
		return 0;
	if (parse_pid(text, &named) < 0)
		return err_set(e, EINVAL, LISTEN_PID " is '%s', not a process id", text);
	if (!o->replace_listen_pid && named != getpid())
		return 0;
	strv_add_all(env, environ);
	strv_env_set(env, LISTEN_PID, room);
	for (size_t i = 0; i < env->n; i++)
		if (starts_with(env->v[i], LISTEN_PID "="))
			*ret_pid = env->v[i] + strlen(LISTEN_PID "=");
	return 0;
}

static int spawn(struct launch *l, const struct conmon_opts *o, const struct oom_score *score,
		 const int stdio[3], child_ended_fn *ended, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	auto_(strv) struct strv env = { 0 };
	char console[CONSOLE_PATH_SIZE];
	struct proc_spec spec = {
		.path = o->runtime,
		.fds = stdio,
		.n_fds = 3,
		.inherit = true,
		.die_with_parent = true,
	};
	int pidfd = -1, r;
	pid_t pid = 0;

	r = make_env(&env, o, &spec.own_pid, e);
	if (r < 0)
		return r;
	conmon_command(&argv, o, o->terminal ? console_path(&l->console, console) : NULL);
	spec.argv = strv_argv(&argv);
	spec.envp = spec.own_pid ? env.v : NULL;
	oom_score_give_back(score);
	r = proc_spawn(&spec, &pid, &pidfd, e);
	oom_score_again(score);
	if (r < 0)
		return r;
	reaper_expect(l->reaper);
	r = child_watch(&l->child, l->reaper, pid, pidfd, ended, e);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* not collected yet, so the pid is its own */
	return r;
}

int launch_start(struct launch *l, const struct conmon_opts *o, const struct oom_score *score,
		 const int stdio[3], child_ended_fn *ended, struct err *e)
{
	int r = o->terminal ? open_console(l, e) : 0;

	return r < 0 ? r : spawn(l, o, score, stdio, ended, e);
}

int launch_terminal(struct launch *l, struct err *e)
{
	int master = console_receive(&l->console, e);

	drop_console(l);
	return master;
}
