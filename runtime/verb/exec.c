/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exec/exec.h"

#include <errno.h>

#include "runtime/selfexe.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

struct values {
	const char *console_socket, *pidfd_socket, *pid_file, *process;
	const char *cwd, *user, *apparmor, *label;
	struct strv env, groups, caps, cgroups;
	bool tty, detach, no_new_privs, ignore_paused;
	uint32_t preserve_fds;
};

#define AT(member) offsetof(struct values, member)

static const struct opt opts[] = {
	{ 'p', "process", OPT_STRING, 0, AT(process), "FILE",
	  "read the whole process from FILE, JSON as in config.json's process", NULL, NULL },
	{ 'd', "detach", OPT_FLAG, 0, AT(detach), NULL, "do not wait for the process", NULL, NULL },
	{ 't', "tty", OPT_FLAG, 0, AT(tty), NULL, "give the process a terminal", NULL, NULL },
	{ 0, "console-socket", OPT_STRING, 0, AT(console_socket), "SOCKET",
	  "unix socket that receives the terminal's master end", NULL, NULL },
	{ 0, "pidfd-socket", OPT_STRING, 0, AT(pidfd_socket), "SOCKET",
	  "unix socket that receives a pidfd", NULL, NULL },
	{ 0, "pid-file", OPT_STRING, 0, AT(pid_file), "FILE", "write the process id to FILE", NULL,
	  NULL },
	{ 0, "cwd", OPT_STRING, 0, AT(cwd), "DIR", "working directory in the container", NULL,
	  NULL },
	{ 'e', "env", OPT_LIST, 0, AT(env), "NAME=VALUE", "set a variable", NULL, NULL },
	{ 'u', "user", OPT_STRING, 0, AT(user), "UID[:GID]", "ids of the process", NULL, NULL },
	{ 'g', "additional-gids", OPT_LIST, 0, AT(groups), "GID", "one more group", NULL, NULL },
	{ 'c', "cap", OPT_LIST, 0, AT(caps), "CAPABILITY",
	  "add to the bounding, effective and permitted capabilities", NULL, NULL },
	{ 0, "no-new-privs", OPT_FLAG, 0, AT(no_new_privs), NULL,
	  "forbid to gain privileges by executing files", NULL, NULL },
	{ 0, "apparmor", OPT_STRING, 0, AT(apparmor), "PROFILE", "AppArmor profile of the process",
	  NULL, NULL },
	{ 0, "process-label", OPT_STRING, 0, AT(label), "LABEL", "SELinux label of the process",
	  NULL, NULL },
	{ 0, "preserve-fds", OPT_U32, 0, AT(preserve_fds), "N",
	  "pass N descriptors from 3 on (behind those of LISTEN_FDS) to the process", NULL, NULL },
	{ 0, "cgroup", OPT_LIST, 0, AT(cgroups), "[CONTROLLER[,...]:]PATH",
	  "run in a control group below the container's, in all hierarchies or in those of the controllers",
	  NULL, NULL },
	{ 0, "ignore-paused", OPT_FLAG, 0, AT(ignore_paused), NULL,
	  "enter a paused container; the process runs once it is resumed", NULL, NULL },
	OPT_END,
};

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	struct exec_request req = {
		.host = globals_host(global),
		.id = args[0],
		.process_file = v->process,
		.changes = {
			.args = args + 1,
			.n_args = (size_t)n - 1,
			.cwd = v->cwd,
			.user = v->user,
			.apparmor = v->apparmor,
			.label = v->label,
			.env = &v->env,
			.groups = &v->groups,
			.caps = &v->caps,
			.tty = v->tty,
			.no_new_privs = v->no_new_privs,
		},
		.console_socket = v->console_socket,
		.pidfd_socket = v->pidfd_socket,
		.pid_file = v->pid_file,
		.cgroups = &v->cgroups,
		.preserve_fds = v->preserve_fds,
		.detached = v->detach,
		.ignore_paused = v->ignore_paused,
	};
	int r = selfexe_protect(NULL, e);

	return r < 0 ? r : container_exec(&req, e);
}

const struct verb verb_exec = {
	.name = "exec",
	.args = "CONTAINER [PROGRAM [ARG...]]",
	.summary = "run one more process in a container",
	.details =
		"The process is like the container's own but for what options say, unless --process describes all of "
		"it. Without --detach the exit status is that of the process.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = -1,
	.stop_after = 1,
	.run = run,
};
