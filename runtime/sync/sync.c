/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sync/sync.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/log.h"

/* Both sides are one program, so the struct crosses the socket as it is. */
struct sync_message {
	int step;
	int64_t value;
	struct err why; /* SYNC_FAILED */
};

#define X(name, text) [SYNC_##name] = text,
static const char *const step_names[SYNC_STEP_COUNT] = { SYNC_STEPS(X) };
#undef X

int sync_pair(int ret[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
		return err_sys(e, "make the socket between creel and the container");
	return 0;
}

int sync_send(int sock, enum sync_step step, int64_t value, int fd, struct err *e)
{
	struct sync_message m = { .step = (int)step, .value = value };
	int r = fd_send(sock, &m, sizeof(m), &fd, fd >= 0 ? 1 : 0, e);

	log_debug("sync: sent '%s'", step_names[step]);
	return r < 0 ? err_wrap(e, r, "send '%s'", step_names[step]) : 0;
}

int sync_send_by(int sock, long call, enum sync_step step, int64_t value, struct err *e)
{
	struct sync_message m = { .step = (int)step, .value = value };
	/* sendto(2) without flags and address is write(2). */
	long n = syscall(call, sock, &m, sizeof(m), 0, NULL, 0);

	return n < 0 ? err_sys(e, "send '%s'", step_names[step]) : 0;
}

void sync_fail(int sock, const struct err *why)
{
	struct sync_message m = { .step = SYNC_FAILED, .why = *why };

	if (m.why.code <= 0)
		m.why.code = EIO;
	(void)fd_send(sock, &m, sizeof(m), NULL, 0, NULL);
}

/* Receive one message and at most one descriptor; 1 for a message, 0 at end-of-file. */
static int receive(int sock, struct sync_message *m, int *ret_fd, struct err *e)
{
	int fds[FD_PASS_MAX];
	size_t n_fds = 0;
	struct err why = { 0 };
	int r = fd_recv(sock, m, sizeof(*m), fds, &n_fds, &why);

	/* That it ended with a message of ours unread is told before its own last words are. */
	if (r == -ECONNRESET)
		r = fd_recv(sock, m, sizeof(*m), fds, &n_fds, e);
	else if (r < 0)
		return err_take(e, &why);
	if (r <= 0)
		return r;
	*ret_fd = n_fds > 0 ? fds[0] : -1;
	for (size_t i = 1; i < n_fds; i++)
		(void)close(fds[i]);
	if (r != (int)sizeof(*m) || m->step < 0 || m->step >= SYNC_STEP_COUNT)
		return err_set(e, EPROTO, "a message of %d bytes is none of ours", r);
	m->why.msg[sizeof(m->why.msg) - 1] = '\0';
	m->why.stage[sizeof(m->why.stage) - 1] = '\0';
	return 1;
}

/* The other side's failure becomes this side's. */
static int take_failure(const struct sync_message *m, struct err *e)
{
	struct err why = m->why;

	if (why.code <= 0)
		why.code = EIO;
	return err_take(e, &why);
}

int sync_expect(int sock, enum sync_step want, const char *who, int64_t *ret_value, int *ret_fd,
		struct err *e)
{
	struct sync_message m = { 0 };
	autofd int fd = -1;
	int r = receive(sock, &m, &fd, e);

	/* A side that was killed with our message unread resets the connection. */
	if (r == 0 || r == -ECONNRESET)
		return err_set(e, ECONNRESET, "%s died before '%s'", who, step_names[want]);
	if (r < 0)
		return err_wrap(e, r, "wait for '%s' from %s", step_names[want], who);
	if (m.step == SYNC_FAILED)
		return take_failure(&m, e);
	if (m.step != (int)want)
		return err_set(e, EPROTO, "%s sent '%s' where '%s' was due", who,
			       step_names[m.step], step_names[want]);
	log_debug("sync: got '%s'", step_names[want]);
	if (ret_value)
		*ret_value = m.value;
	if (ret_fd)
		*ret_fd = steal_fd(&fd);
	return 0;
}

int sync_expect_exec(int sock, const char *who, struct err *e)
{
	struct sync_message m = { 0 };
	autofd int fd = -1;
	int r = receive(sock, &m, &fd, e);

	if (r == 0 || r == -ECONNRESET)
		return 0;
	if (r < 0)
		return err_wrap(e, r, "wait for %s to execute its program", who);
	if (m.step == SYNC_FAILED)
		return take_failure(&m, e);
	return err_set(e, EPROTO, "%s sent '%s' where it should execute its program", who,
		       step_names[m.step]);
}
