/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/swrk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "libutil/fd.h"
#include "libutil/log.h"
#include "libutil/proc.h"
#include "libutil/sig.h"
#include "libutil/sys.h"
#include "runtime/criu/log.h"

static int own_stream(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : fd;
}

static int spawn(struct criu_swrk *s, int theirs, const int *fds, size_t n_fds, bool job,
		 struct err *e)
{
	static const char *const argv[] = { "criu", "swrk", "3", NULL };
	autofree int *all = xcalloc(CRIU_FD_FIRST + n_fds, sizeof(*all));
	struct proc_spec spec = {
		.path = "criu",
		.search = true,
		.argv = (char *const *)(uintptr_t)argv,
		.fds = all,
		.n_fds = CRIU_FD_FIRST + n_fds,
		.new_session = !job,
	};
	int r;

	for (int i = 0; i <= 2; i++)
		all[i] = job ? own_stream(i) : -1;
	if (!job)
		all[2] = s->saidfd;
	all[CRIU_FD_SOCKET] = theirs;
	for (size_t i = 0; i < n_fds; i++)
		all[CRIU_FD_FIRST + i] = fds[i];
	r = proc_spawn(&spec, &s->pid, &s->pidfd, e);
	if (r == -ENOENT)
		return err_set(e, ENOENT,
			       "the program 'criu' is not in $PATH: install it (package criu)");
	return r < 0 ? err_wrap(e, r, "criu") : 0;
}

int criu_start(struct criu_swrk *s, const int *fds, size_t n_fds, bool job, struct err *e)
{
	autofd int theirs = -1;
	int pair[2];

	s->saidfd = memfd_create("criu", MFD_CLOEXEC);
	if (s->saidfd < 0)
		return err_sys(e, "make a memory file");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a pair of sockets");
	s->sock = pair[0];
	theirs = pair[1];
	return spawn(s, theirs, fds, n_fds, job, e);
}

int criu_send(const struct criu_swrk *s, const struct criu_req *req, struct err *e)
{
	auto_(strbuf) struct strbuf wire = { 0 };
	int r;

	pb_encode(&criu_req_message, req, &wire);
	log_debug("criu: send %s", criu_req_name(req->type.v));
	r = fd_send(s->sock, wire.data, wire.len, NULL, 0, e);
	return r < 0 ? err_wrap(e, r, "criu") : 0;
}

/* It ended without an answer: how, and what it said before its log was open. */
static int explain_end(struct criu_swrk *s, struct err *e)
{
	auto_(strbuf) struct strbuf said = { 0 };
	char text[PROC_STATUS_TEXT_SIZE];
	int status = 0;
	pid_t pid = s->pid;

	s->pid = 0;
	if (proc_wait(pid, &status, e) < 0)
		return err_set(e, EPROTO, "criu ended before it answered");
	criu_log_excerpt_fd(s->saidfd, &said);
	return err_set(e, EPROTO, "criu %s before it answered%s%s", proc_status_text(status, text),
		       said.len ? ": " : "", strbuf_str(&said));
}

static int interrupted(int sigfd, struct err *e)
{
	struct signalfd_siginfo info;

	if (read(sigfd, &info, sizeof(info)) != sizeof(info))
		return err_sys(e, "read a signal");
	return err_set(e, EINTR, "interrupted by %s", sig_name((int)info.ssi_signo));
}

/* A message that is there already wins. */
static int wait_for_message(const struct criu_swrk *s, struct err *e)
{
	struct pollfd fds[] = {
		{ .fd = s->sock, .events = POLLIN },
		{ .fd = s->sigfd, .events = POLLIN },
	};

	while (!fds[0].revents) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for criu");
		if (!fds[0].revents && fds[1].revents)
			return interrupted(s->sigfd, e);
	}
	return 0;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
}

/* That a peer ended without reading our last message is told first, and once; what it has sent is
 * still there. */
static int take_message(int sock, void *wire, int *fds, size_t *n_fds, struct err *e)
{
	int r = fd_recv(sock, wire, CRIU_MESSAGE_MAX, fds, n_fds, e);

	if (r != -ECONNRESET)
		return r;
	err_clear(e);
	return fd_recv(sock, wire, CRIU_MESSAGE_MAX, fds, n_fds, e);
}

int criu_receive(struct criu_swrk *s, struct arena *a, struct criu_resp *ret, int *ret_fd,
		 struct err *e)
{
	autofree char *wire = xcalloc(1, CRIU_MESSAGE_MAX);
	int fds[FD_PASS_MAX];
	size_t n_fds = 0;
	int r = wait_for_message(s, e);

	if (r >= 0)
		r = take_message(s->sock, wire, fds, &n_fds, e);
	if (r == 0 || r == -ECONNRESET)
		return explain_end(s, e);
	*ret = (struct criu_resp){ 0 };
	if (r > 0)
		r = pb_decode(&criu_resp_message, wire, (size_t)r, a, ret, e);
	if (r < 0 || n_fds != 1) {
		close_all(fds, n_fds);
		*ret_fd = -1;
	} else {
		*ret_fd = fds[0];
	}
	return r < 0 && r != -EINTR ? err_wrap(e, r, "criu") : r;
}

/* A question criu answers at once and stays for more. */
static int ask(struct criu_swrk *s, const struct criu_req *req, struct arena *a,
	       struct criu_resp *ret, struct err *e)
{
	autofd int fd = -1;
	int r = criu_send(s, req, e);

	if (r >= 0)
		r = criu_receive(s, a, ret, &fd, e);
	if (r >= 0 && ret->type.v != req->type.v)
		return err_set(e, EPROTO, "criu answers '%s' to '%s'", criu_req_name(ret->type.v),
			       criu_req_name(req->type.v));
	return r < 0 ? r : 0;
}

/* Each was a property of no criu before that version. */
static int check_version(const struct criu_version *v, const struct criu_needs *needs,
			 struct err *e)
{
	const struct {
		bool needed;
		int major, minor;
		const char *why;
	} rows[] = {
		/* status-ready and external pid namespaces. */
		{ true, 3, 15, "is too old" },
		{ needs->no_new_privs, 3, 19, "forgets process.noNewPrivileges" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].needed && (v->major.v < rows[i].major ||
				       (v->major.v == rows[i].major && v->minor.v < rows[i].minor)))
			return err_set(e, EOPNOTSUPP, "criu %lld.%lld %s: %d.%d or newer is needed",
				       (long long)v->major.v, (long long)v->minor.v, rows[i].why,
				       rows[i].major, rows[i].minor);
	return 0;
}

static int ask_version(struct criu_swrk *s, const struct criu_needs *needs, struct err *e)
{
	const struct criu_req req = { .type = pb_set(CRIU_VERSION), .keep_open = pb_set(1) };
	auto_(arena) struct arena a = { 0 };
	struct criu_resp resp;
	int r = ask(s, &req, &a, &resp, e);

	if (r < 0)
		return r;
	if (!resp.version)
		return err_set(e, EPROTO, "criu does not tell its version");
	return check_version(resp.version, needs, e);
}

static int ask_features(struct criu_swrk *s, const struct criu_needs *needs, struct err *e)
{
	struct criu_features features = { .mem_track = pb_set(needs->mem_track),
					  .lazy_pages = pb_set(needs->lazy_pages) };
	const struct criu_req req = { .type = pb_set(CRIU_FEATURE_CHECK),
				      .keep_open = pb_set(1),
				      .features = &features };
	auto_(arena) struct arena a = { 0 };
	struct criu_resp resp;
	int r;

	if (!needs->mem_track && !needs->lazy_pages)
		return 0;
	r = ask(s, &req, &a, &resp, e);
	/* A criu that cannot even find out tells why when it gets the real request. */
	if (r < 0 || !resp.features)
		return r;
	if (needs->mem_track && !resp.features->mem_track.v)
		return err_set(e, EOPNOTSUPP,
			       "--pre-dump needs a kernel that tracks changed memory "
			       "(CONFIG_MEM_SOFT_DIRTY)");
	if (needs->lazy_pages && !resp.features->lazy_pages.v)
		return err_set(e, EOPNOTSUPP,
			       "--lazy-pages needs a kernel with userfaultfd (CONFIG_USERFAULTFD)");
	return 0;
}

int criu_check(struct criu_swrk *s, const struct criu_needs *needs, struct err *e)
{
	int r = ask_version(s, needs, e);

	return r < 0 ? r : ask_features(s, needs, e);
}

void criu_kill(const struct criu_swrk *s)
{
	if (s->pid > 0)
		(void)sys_pidfd_send_signal(s->pidfd, SIGKILL, NULL, 0);
}

/* It may serve memory pages to somebody who never comes. */
static void wait_for_end(const struct criu_swrk *s)
{
	struct pollfd fds[] = {
		{ .fd = s->pidfd, .events = POLLIN },
		{ .fd = s->sigfd, .events = POLLIN },
	};
	int status = 0;

	while (!fds[0].revents) {
		int r = poll(fds, ARRAY_LEN(fds), s->patience_ms ? s->patience_ms : -1);

		if (r < 0 && errno != EINTR)
			break;
		if (r == 0)
			criu_kill(s);
		if (r > 0 && fds[1].revents && interrupted(s->sigfd, NULL) == -EINTR)
			(void)sys_pidfd_send_signal(s->pidfd, SIGTERM, NULL, 0);
	}
	(void)proc_wait(s->pid, &status, NULL);
}

void criu_finish(struct criu_swrk *s)
{
	int sigfd = s->sigfd;

	close_at_exit(&s->sock);
	if (s->pid > 0)
		wait_for_end(s);
	close_at_exit(&s->pidfd);
	close_at_exit(&s->saidfd);
	*s = (struct criu_swrk)CRIU_SWRK_NONE;
	s->sigfd = sigfd;
}
