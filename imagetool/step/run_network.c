/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of a step.  "default" is the host's: what a step downloads is downloaded by the
 * person who builds.  "private" is one of its own that a program connects, which needs no right of
 * the host's: pasta(1), else slirp4netns(1); either ends with the step's thread.  "cni" is one that
 * the host's administrator describes.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

#define OWN_NETNS "/proc/thread-self/ns/net"
#define READY_FD  3 /* as in its arguments */
#define ARGS_MAX  24

/* The namespace's path follows the arguments, and the device, if any, that. */
struct run_network_program {
	const char *name, *server;
	const char *const args[ARGS_MAX];
	const char *device;
	bool tells; /* writes to READY_FD once it works; else it goes into the background then */
};

static const struct run_network_program programs[] = {
	{ "pasta",
	  "169.254.1.1",
	  { "--config-net", "--dns-forward", "169.254.1.1", "-t", "none", "-u", "none", "-T",
	    "none", "-U", "none", "--no-map-gw", "--quiet", "--runas", "0:0", "--netns" },
	  NULL,
	  false },
	{ "slirp4netns",
	  "10.0.2.3",
	  { "--configure", "--mtu=65520", "--disable-host-loopback", "--ready-fd=3",
	    "--netns-type=path" },
	  "tap0",
	  true },
};

/* ---- Deciding ---- */

static int find_program(struct run_step *s, const char *word, struct err *e)
{
	bool any = streq(word, "private");

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		autofree char *path = NULL;

		if (!any && !streq(word, programs[i].name))
			continue;
		path = proc_search_path(programs[i].name);
		if (path) {
			s->network_program = &programs[i];
			return 0;
		}
	}
	return err_set(e, ENOENT,
		       "--network %s: %s is not in PATH: install it, or use --network host", word,
		       any ? "neither pasta nor slirp4netns" : word);
}

static bool is_program(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (streq(word, programs[i].name))
			return true;
	return false;
}

static int decide_common(struct run_step *s, const char *word, struct err *e)
{
	if (!word || streq(word, "default") || streq(word, "host")) {
		s->connection = RUN_CONNECT_HOST;
		return 0;
	}
	if (streq(word, "none")) {
		s->connection = RUN_CONNECT_NONE;
		return 0;
	}
	if (s->env->cni) {
		s->connection = RUN_CONNECT_CNI;
		return 0;
	}
	if (!streq(word, "private") && !is_program(word))
		return err_set(e, EINVAL,
			       "--network '%s': expected default, host, none, private, pasta or "
			       "slirp4netns",
			       word);
	s->connection = RUN_CONNECT_USER;
	return find_program(s, word, e);
}

int run_network_decide(struct run_step *s, struct err *e)
{
	if (s->run->network == RUN_NETWORK_NONE) {
		s->connection = RUN_CONNECT_NONE;
		return 0;
	}
	if (s->run->network == RUN_NETWORK_HOST && s->env->allow_host) {
		s->connection = RUN_CONNECT_HOST;
		return 0;
	}
	if (decide_common(s, s->env->options->network, e) < 0)
		return -EINVAL;
	if (s->run->network != RUN_NETWORK_HOST || s->connection == RUN_CONNECT_HOST)
		return 0;
	return err_set(e, EPERM,
		       "RUN --network=host: network.host is not allowed: allow it with --allow "
		       "network.host");
}

const char *run_network_server(const struct run_step *s)
{
	return s->network_program ? s->network_program->server : NULL;
}

/* ---- Doing ---- */

/* A namespace begins with everything down. */
static int bring_up_loopback(struct err *e)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return err_sys(e, "bring up the loopback interface");
	return 0;
}

/* A new namespace, kept as a file of the step's own; this thread goes back to where it was. */
static int make_netns(struct run_step *s, struct err *e)
{
	autofd int before = open(OWN_NETNS, O_RDONLY | O_CLOEXEC), fd = -1;
	int r = 0;

	s->netns = arena_printf(&s->arena, "%s/netns", s->private);
	fd = open(s->netns, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (before < 0 || fd < 0)
		return err_sys(e, "open '%s'", before < 0 ? OWN_NETNS : s->netns);
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(e, "make a network namespace");
	if (mount(OWN_NETNS, s->netns, NULL, MS_BIND, NULL) < 0)
		r = err_sys(e, "keep a network namespace");
	if (r >= 0)
		r = bring_up_loopback(e);
	if (setns(before, CLONE_NEWNET) < 0)
		r = err_sys(e, "return to the network");
	return r;
}

static int wait_ready(struct run_step *s, int readfd, struct err *e)
{
	const char *name = s->network_program->name;
	int status;
	char c;

	if (s->network_program->tells)
		return read(readfd, &c, 1) == 1
			       ? 0
			       : err_set(e, EIO, "'%s' could not connect a network", name);
	/* It goes on in the background, and ends with the namespace. */
	if (proc_wait(s->network_pid, &status, e) < 0)
		return -e->code;
	s->network_pid = 0;
	return proc_exit_code(status) == 0
		       ? 0
		       : err_set(e, EIO, "'%s' could not connect a network", name);
}

static int start(struct run_step *s, int writefd, struct err *e)
{
	const struct run_network_program *p = s->network_program;
	autofree char *path = proc_search_path(p->name);
	const char *argv[ARGS_MAX + 4];
	size_t n = 0;

	if (!path)
		return err_set(e, ENOENT, "'%s' is not in PATH any more", p->name);
	argv[n++] = path;
	for (size_t i = 0; p->args[i]; i++)
		argv[n++] = p->args[i];
	argv[n++] = s->netns;
	if (p->device)
		argv[n++] = p->device;
	argv[n] = NULL;
	return proc_spawn(&(struct proc_spec){ .path = path,
					       .argv = (char *const *)(const void *)argv,
					       .fds = (const int[]){ -1, -1, -1, writefd },
					       .n_fds = READY_FD + 1,
					       .die_with_parent = p->tells },
			  &s->network_pid, &s->network_pidfd, e);
}

static int start_program(struct run_step *s, struct err *e)
{
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	r = start(s, p[1], e);
	(void)close(p[1]);
	if (r >= 0)
		r = wait_ready(s, p[0], e);
	(void)close(p[0]);
	return r;
}

int run_network_start(struct run_step *s, struct err *e)
{
	int r;

	if (s->connection != RUN_CONNECT_USER && s->connection != RUN_CONNECT_CNI)
		return 0;
	r = make_netns(s, e);
	if (r >= 0)
		r = s->connection == RUN_CONNECT_CNI ? run_cni_start(s, e) : start_program(s, e);
	return r < 0 ? err_wrap(e, r, "--network") : 0;
}

void run_network_stop(struct run_step *s)
{
	int status;

	if (s->network_pid > 0) {
		(void)sys_pidfd_send_signal(s->network_pidfd, SIGKILL, NULL, 0);
		(void)proc_wait(s->network_pid, &status, NULL);
		s->network_pid = 0;
	}
	run_cni_stop(s);
	/* pasta watches its name. */
	if (s->netns) {
		(void)umount2(s->netns, MNT_DETACH);
		(void)unlink(s->netns);
	}
	if (s->network_pidfd >= 0)
		(void)close(s->network_pidfd);
	s->network_pidfd = -1;
}
