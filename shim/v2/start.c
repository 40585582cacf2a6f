/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `start`: options and more on standard input, the bundle is the working
 * directory.  What is printed says where the server listens.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/proc.h"
#include "libutil/strv.h"
#include "shim/core/memory.h"
#include "shim/v2/actions.h"
#include "shim/v2/address.h"
#include "shim/v2/bootstrap.h"
#include "shim/v2/options.h"
#include "shim/v2/place.h"

#define CONFIG_MAX   ((size_t)16 << 20)
#define ADDRESS_FILE "address"
#define SELF         "/proc/self/exe"

struct start {
	const struct v2_args *args;
	pid_t containerd_pid; /* who called us */
	struct arena a;
	struct v2_boot boot;
	struct v2_options options;
	const char *ns, *id, *containerd, *publish_binary;
	char *path;   /* owned: of the socket */
	int listenfd; /* owned; -1: another shim serves it */
};

static const char *first_of(const char *a, const char *b)
{
	return a && *a ? a : b && *b ? b : NULL;
}

/* The command line counts; containerd 2.3 says the same in its message. */
static int take_names(struct start *s, struct err *e)
{
	const struct msg_bootstrap_params *p = &s->boot.params;

	s->ns = first_of(s->args->namespace_name, p->namespace_name);
	s->id = first_of(s->args->id, p->instance_id);
	s->containerd = first_of(s->args->address, p->grpc_address);
	s->publish_binary = first_of(s->args->publish_binary, p->containerd_binary);
	if (!s->ns)
		return err_set(e, EINVAL, "option '-namespace' is missing");
	return s->id ? 0 : err_set(e, EINVAL, "option '-id' is missing");
}

static int read_input(struct start *s, struct err *e)
{
	auto_(strbuf) struct strbuf input = { 0 };
	int r = v2_read_input(&input, e);
	const void *data;

	if (r < 0)
		return r;
	/* What is decoded points into it. */
	data = arena_strndup(&s->a, strbuf_str(&input), input.len);
	r = v2_boot_decode(data, input.len, &s->a, &s->boot, e);
	if (r >= 0)
		r = v2_options_decode(s->boot.options.type_url ? &s->boot.options : NULL, &s->a,
				      &s->options, e);
	return r < 0 ? r : take_names(s, e);
}

static int choose_path(struct start *s, struct err *e)
{
	autofree char *text = NULL, *group = NULL;
	size_t len = 0;
	int r = file_read_at(AT_FDCWD, "config.json", CONFIG_MAX, &text, &len, e);

	if (r >= 0)
		r = address_group(text, len, &group, e);
	if (r < 0)
		return r;
	s->path = address_path(first_of(s->boot.params.socket_dir, ADDRESS_DIR),
			       s->containerd ? s->containerd : "", s->ns, group ? group : s->id);
	return 0;
}

/* ---- The server ---- */

static void server_argv(const struct start *s, struct strv *argv)
{
	strv_add(argv, s->args->program);
	strv_add(argv, "-namespace");
	strv_add(argv, s->ns);
	strv_add(argv, "-id");
	strv_add(argv, s->id);
	if (s->containerd) {
		strv_add(argv, "-address");
		strv_add(argv, s->containerd);
	}
	if (s->publish_binary) {
		strv_add(argv, "-publish-binary");
		strv_add(argv, s->publish_binary);
	}
	if (s->args->debug)
		strv_add(argv, "-debug");
}

/* containerd waits for the end of our outputs, so the server gets none of them. */
static int spawn(const struct start *s, pid_t *ret, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	const int fds[] = { -1, -1, -1, s->listenfd };
	struct proc_spec spec = {
		.path = SELF,
		.fds = fds,
		.n_fds = ARRAY_LEN(fds),
		.new_session = true,
	};

	memory_frugal_child();
	server_argv(s, &argv);
	spec.argv = strv_argv(&argv);
	return proc_spawn(&spec, ret, NULL, e);
}

static int place(const struct start *s, pid_t server, struct err *e)
{
	int r = 0;

	/* Nobody would ever hear of the server: the next containerd has cleared the bundle away. */
	if (getppid() != s->containerd_pid)
		return err_set(e, ECANCELED, "who called 'start' is gone");
	if (s->options.shim_cgroup)
		r = place_in_cgroup(server, s->options.shim_cgroup, e);
	return r < 0 ? r : place_oom_score(server, s->containerd_pid, e);
}

static int save_address(const char *text, struct err *e)
{
	return file_replace_at(AT_FDCWD, ADDRESS_FILE, text, strlen(text), 0600, FILE_NO_SYNC, e);
}

static bool wants_core(void)
{
	const char *text = getenv("SCHED_CORE");

	return text && *text;
}

/* Events go where 2.3 says in its message, and others in the environment. */
static void pass_addresses(const struct start *s)
{
	const struct msg_bootstrap_params *p = &s->boot.params;

	if (p->ttrpc_address && *p->ttrpc_address)
		(void)setenv("TTRPC_ADDRESS", p->ttrpc_address, 1);
	if (p->grpc_address && *p->grpc_address)
		(void)setenv("GRPC_ADDRESS", p->grpc_address, 1);
}

static int run_server(const struct start *s, const char *answer, struct err *e)
{
	pid_t server = 0;
	int status, r = wants_core() ? place_core(e) : 0;

	pass_addresses(s);
	if (r >= 0)
		r = save_address(answer, e);
	if (r >= 0)
		r = spawn(s, &server, e);
	if (r < 0)
		return r;
	r = place(s, server, e);
	if (r >= 0)
		return r;
	/* When we have said that nothing was started, nothing runs. */
	(void)kill(server, SIGKILL);
	(void)proc_wait(server, &status, NULL);
	return r;
}

static int start(struct start *s, struct strbuf *out, struct err *e)
{
	autofree char *address = NULL;
	int r = read_input(s, e);

	if (r >= 0)
		r = choose_path(s, e);
	if (r >= 0)
		r = address_claim(s->path, &s->listenfd, e);
	if (r < 0)
		return r;
	address = xasprintf(ADDRESS_SCHEME "%s", s->path);
	v2_boot_answer(&s->boot, getenv(V3_VARIABLE), address, out);
	if (s->listenfd < 0)
		return save_address(strbuf_str(out), e);
	r = run_server(s, strbuf_str(out), e);
	if (r < 0)
		(void)unlink(s->path);
	return r;
}

int v2_start(const struct v2_args *args, struct strbuf *out, struct err *e)
{
	struct start s = { .args = args, .containerd_pid = getppid(), .listenfd = -1 };
	int r = start(&s, out, e);

	if (s.listenfd >= 0)
		(void)close(s.listenfd);
	free(s.path);
	arena_done(&s.a);
	return r;
}
