/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "shim/v2/actions.h"
#include "shim/v2/address.h"
#include "shim/v2/serve.h"

#define INPUT_MAX ((size_t)4 << 20)
#define LOG_FIFO  "log" /* in the bundle; containerd reads it */
#define LISTEN_FD 3

int v2_read_input(struct strbuf *ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_fd(STDIN_FILENO, "standard input", INPUT_MAX, &text, &len, e);

	if (r >= 0)
		strbuf_add(ret, text, len);
	return r;
}

static int version(const struct v2_args *args, struct strbuf *out, struct err *e UNUSED)
{
	strbuf_addf(out, "%s:\n  Version:  %s\n", args->program, PACKAGE_VERSION);
	return 0;
}

static int help(const struct v2_args *args, struct strbuf *out, struct err *e UNUSED)
{
	v2_args_help(args->program, out);
	return 0;
}

/* ---- Server ---- */

/* Whoever reads it may be away, or slow: then lines are lost, and nothing waits. */
static void open_log(const struct v2_args *args)
{
	int fd = open(LOG_FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	log_init(args->program);
	if (args->debug)
		log_set_level(LOG_LEVEL_DEBUG);
	if (fd < 0)
		return;
	(void)dup2(fd, STDERR_FILENO);
	(void)close(fd);
}

/* The name that `start` bound, to be removed at the end. */
static const char *bound_path(int fd, struct sockaddr_un *sa)
{
	socklen_t len = sizeof(*sa);

	memset(sa, 0, sizeof(*sa));
	if (getsockname(fd, (struct sockaddr *)sa, &len) < 0 || sa->sun_family != AF_UNIX)
		return NULL;
	return sa->sun_path[0] == '/' ? sa->sun_path : NULL;
}

static int find_socket(const struct v2_args *args, struct err *e)
{
	int listening = 0, fd = -1, r;
	socklen_t len = sizeof(listening);

	if (args->socket && *args->socket) {
		r = address_claim(args->socket, &fd, e);
		if (r >= 0 && fd < 0)
			return err_set(e, EADDRINUSE, "another shim serves '%s'", args->socket);
		return r < 0 ? r : fd;
	}
	if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening)
		return err_set(e, EBADF,
			       "descriptor %d is no listening socket: containerd calls 'start', "
			       "by hand use -socket",
			       LISTEN_FD);
	r = fd_set_cloexec(LISTEN_FD, true, e);
	return r < 0 ? r : LISTEN_FD;
}

static int serve(const struct v2_args *args, struct strbuf *out UNUSED, struct err *e)
{
	struct sockaddr_un sa;
	struct v2_serve s = {
		.listenfd = find_socket(args, e),
		.namespace_name = args->namespace_name,
		.grpc_address = args->address,
		.ttrpc_address = getenv("TTRPC_ADDRESS"),
		.publish_binary = args->publish_binary,
	};

	if (s.listenfd < 0)
		return s.listenfd;
	s.socket_path = bound_path(s.listenfd, &sa);
	/* It was executed as /proc/self/exe. */
	(void)prctl(PR_SET_NAME, args->program, 0, 0, 0);
	open_log(args);
	return v2_serve(&s, e);
}

/* ---- Dispatch ---- */

typedef int action_fn(const struct v2_args *args, struct strbuf *out, struct err *e);

static action_fn *const actions[] = {
	[V2_SERVE] = serve,  [V2_START] = v2_start,  [V2_DELETE] = v2_delete,
	[V2_INFO] = v2_info, [V2_VERSION] = version, [V2_HELP] = help,
};

static int run(char *const *argv, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct v2_args args = { 0 };
	int r = v2_args_parse(argv, &args, e);

	if (r >= 0)
		r = actions[args.action](&args, &out, e);
	if (r >= 0)
		r = strbuf_check(&out, "answer", e) < 0 ? -EMSGSIZE : r;
	if (r >= 0 && out.len > 0 && file_write_all(STDOUT_FILENO, out.data, out.len, e) < 0)
		r = -EIO;
	return r;
}

/* containerd shows what is printed as the reason. */
int v2_main(char *const *argv)
{
	struct err e = { 0 };
	int r = run(argv, &e);

	if (r >= 0)
		return r;
	(void)dprintf(STDERR_FILENO, "%s\n", e.msg);
	return EXIT_FAILURE;
}
