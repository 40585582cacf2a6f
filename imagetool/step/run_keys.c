/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --ssh ID=KEYFILE: ssh-agent(1) on a socket in the step's own file system, and ssh-add(1) for each
 * key.  Both are the person's: to read keys is not done twice in the world.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "imagetool/step/run_agent.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

#define AGENT_PROGRAM "ssh-agent"
#define ADD_PROGRAM   "ssh-add"
#define OUTPUT_MAX    4096
#define START_MS      10000

struct run_keys {
	pid_t pid;
	int pidfd;
};

void run_keys_stop(struct run_keys *k)
{
	int status;

	if (!k)
		return;
	if (k->pid > 0) {
		(void)sys_pidfd_send_signal(k->pidfd, SIGKILL, NULL, 0);
		(void)proc_wait(k->pid, &status, NULL);
	}
	if (k->pidfd >= 0)
		(void)close(k->pidfd);
	free(k);
}
AUTO_DEFINE(run_keys, run_keys_stop)

/* In the foreground, so that it ends with us; the line it prints says that it listens. */
static int start_agent(struct run_keys *k, const char *program, const char *socket, struct err *e)
{
	const char *argv[] = { program, "-D", "-a", socket, NULL };
	int p[2];
	char c;
	int r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	r = proc_spawn(&(struct proc_spec){ .path = program,
					    .argv = (char *const *)(const void *)argv,
					    .fds = (const int[]){ -1, p[1], STDERR_FILENO },
					    .n_fds = 3,
					    .die_with_parent = true },
		       &k->pid, &k->pidfd, e);
	(void)close(p[1]);
	if (r >= 0 && read(p[0], &c, 1) != 1)
		r = err_set(e, EIO, "'%s' did not start", program);
	(void)close(p[0]);
	return r;
}

static int add_key(const char *program, const char *socket, const char *key, struct err *e)
{
	const char *argv[] = { program, "-q", key, NULL };
	auto_(strbuf) struct strbuf out = { .max = OUTPUT_MAX };
	auto_(strv) struct strv env = { 0 };
	int status = 0, r;

	strv_addf(&env, "SSH_AUTH_SOCK=%s", socket);
	strv_add(&env, "PATH=" RUN_ROOT_PATH);
	/* Nobody is there to type a passphrase. */
	strv_add(&env, "SSH_ASKPASS=/bin/false");
	strv_add(&env, "SSH_ASKPASS_REQUIRE=force");
	r = proc_run(&(struct proc_spec){ .path = program,
					  .argv = (char *const *)(const void *)argv,
					  .envp = strv_argv(&env),
					  .new_session = true },
		     NULL, 0, &out, START_MS, &status, e);
	if (r < 0)
		return r;
	if (proc_exit_code(status) == 0)
		return 0;
	if (out.len)
		out.data[strcspn(out.data, "\r\n")] = '\0';
	return err_set(e, EINVAL,
		       "key '%s': ssh-add: %s (a key with a passphrase has to be in your "
		       "own agent: give its socket)",
		       key, strbuf_str(&out));
}

int run_keys_start(struct run_step *s, const struct run_ssh *ssh, struct run_keys **ret,
		   const char **ret_socket, struct err *e)
{
	autofree char *agent = proc_search_path(AGENT_PROGRAM),
		      *add = proc_search_path(ADD_PROGRAM);
	auto_(run_keys) struct run_keys *k = xcalloc(1, sizeof(*k));
	const char *socket = arena_printf(&s->arena, "%s/keys-%zu", s->private, s->n_agents);
	int r;

	k->pidfd = -1;
	if (!agent || !add)
		return err_set(e, ENOENT,
			       "keys are read by ssh-agent and ssh-add, which are not in PATH: "
			       "install OpenSSH's client, or give the socket of an agent");
	r = start_agent(k, agent, socket, e);
	for (size_t i = 0; i < ssh->n_keys && r >= 0; i++)
		r = add_key(add, socket, ssh->keys[i], e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&k);
	*ret_socket = socket;
	return 0;
}
