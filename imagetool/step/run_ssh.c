/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN --mount=type=ssh: an agent's socket in the container, and behind it the person's agent.
 *
 * Of the agent's protocol (draft-ietf-sshm-ssh-agent) a step gets what BuildKit lets through: it
 * may ask which keys there are, and have something signed.  Whatever else it asks for, to add,
 * remove or lock keys, or an extension, is answered with "failure" here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/step/run_agent.h"
#include "imagetool/step/run_internal.h"
#include "libutil/dir.h"
#include "libutil/fd.h"

#define AGENT_FAILURE            5
#define AGENT_REQUEST_IDENTITIES 11
#define AGENT_SIGN_REQUEST       13
#define CONNECTIONS_MAX          64

/* One request in, one answer out, until either side has had enough. */
struct agent_connection {
	int clientfd, agentfd; /* owned; -1: free */
};

struct run_agent {
	int listenfd, stopfd; /* owned */
	const char *socket;   /* of the agent */
	pthread_t thread;
	struct run_keys *keys; /* owned; NULL: the person's own agent */
	struct agent_connection c[CONNECTIONS_MAX];
};

/* ---- Messages ---- */

static bool read_all(int fd, void *data, size_t len)
{
	char *at = data;

	while (len) {
		ssize_t n = recv(fd, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool run_agent_allows(const uint8_t *message, size_t len)
{
	return len > 0 &&
	       (message[0] == AGENT_REQUEST_IDENTITIES || message[0] == AGENT_SIGN_REQUEST);
}

size_t run_agent_length(const uint8_t head[RUN_AGENT_HEAD])
{
	return (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

/* Head and body into `buf`; the body's length, 0: no such message. */
static size_t receive(int fd, uint8_t *buf)
{
	size_t len;

	if (!read_all(fd, buf, RUN_AGENT_HEAD))
		return 0;
	len = run_agent_length(buf);
	if (len == 0 || len > RUN_AGENT_MAX || !read_all(fd, buf + RUN_AGENT_HEAD, len))
		return 0;
	return len;
}

static bool answer(const struct agent_connection *c)
{
	static const uint8_t failure[] = { 0, 0, 0, 1, AGENT_FAILURE };
	autofree uint8_t *buf = xcalloc(1, RUN_AGENT_HEAD + RUN_AGENT_MAX);
	size_t len = receive(c->clientfd, buf);

	if (!len)
		return false;
	if (!run_agent_allows(buf + RUN_AGENT_HEAD, len))
		return write_all(c->clientfd, failure, sizeof(failure));
	if (!write_all(c->agentfd, buf, RUN_AGENT_HEAD + len))
		return false;
	len = receive(c->agentfd, buf);
	return len && write_all(c->clientfd, buf, RUN_AGENT_HEAD + len);
}

/* ---- Connections ---- */

static void forget(struct agent_connection *c)
{
	fd_close(&c->clientfd);
	fd_close(&c->agentfd);
}

static void welcome(struct run_agent *a)
{
	/* A client that stops in the middle of a message must not stop the others for ever. */
	static const struct timeval patience = { .tv_sec = 30 };
	int fd = accept4(a->listenfd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct agent_connection *c = &a->c[i];

		if (c->clientfd >= 0)
			continue;
		c->agentfd = fd_unix_connect_at(AT_FDCWD, a->socket, SOCK_STREAM, NULL);
		if (c->agentfd < 0)
			break;
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		c->clientfd = fd;
		return;
	}
	(void)close(fd);
}

static void *serve(void *arg)
{
	struct run_agent *a = arg;

	for (;;) {
		struct pollfd p[CONNECTIONS_MAX + 2] = { { .fd = a->stopfd, .events = POLLIN },
							 { .fd = a->listenfd, .events = POLLIN } };

		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			p[i + 2] = (struct pollfd){ .fd = a->c[i].clientfd, .events = POLLIN };
		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return NULL;
		if (p[0].revents)
			return NULL;
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			if (p[i + 2].fd >= 0 && p[i + 2].revents && !answer(&a->c[i]))
				forget(&a->c[i]);
		if (p[1].revents)
			welcome(a);
	}
}

/* ---- Start and end ---- */

static int listen_at(struct run_step *s, struct run_place *p, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, s->private, e);
	autofree char *name = xasprintf("agent%zu", (size_t)(p - s->places));
	int fd;

	if (dirfd < 0)
		return dirfd;
	fd = fd_unix_listen_at(dirfd, name, SOCK_STREAM, p->mode, e);
	if (fd < 0)
		return fd;
	p->source = arena_printf(&s->arena, "%s/%s", s->private, name);
	if (fchownat(dirfd, name, p->uid, p->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dirfd, name, p->mode, 0) < 0) {
		int r = err_sys(e, "give the agent's socket to user %u", p->uid);

		(void)close(fd);
		return r;
	}
	return fd;
}

static int begin(struct run_step *s, struct run_place *p, struct run_agent *a, struct err *e)
{
	int r = 0, error;

	a->socket = p->ssh->socket;
	if (!a->socket)
		r = run_keys_start(s, p->ssh, &a->keys, &a->socket, e);
	if (r < 0)
		return r;
	a->listenfd = listen_at(s, p, e);
	if (a->listenfd < 0)
		return a->listenfd;
	a->stopfd = eventfd(0, EFD_CLOEXEC);
	if (a->stopfd < 0)
		return err_sys(e, "make an eventfd");
	error = pthread_create(&a->thread, NULL, serve, a);
	if (!error)
		return 0;
	fd_close(&a->stopfd);
	return err_set(e, error, "start a thread: %s", strerror(error));
}

static void agent_init(struct run_agent *a)
{
	a->listenfd = a->stopfd = -1;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		a->c[i] = (struct agent_connection){ -1, -1 };
}

static void agent_end(struct run_agent *a)
{
	uint64_t one = 1;

	if (a->stopfd >= 0) {
		(void)!write(a->stopfd, &one, sizeof(one));
		(void)pthread_join(a->thread, NULL);
	}
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		forget(&a->c[i]);
	fd_close(&a->stopfd);
	fd_close(&a->listenfd);
	run_keys_stop(a->keys);
}

int run_agents_start(struct run_step *s, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_places; i++)
		n += s->places[i].kind == PLACE_SOCKET;
	if (!n)
		return 0;
	s->agents = xcalloc(n, sizeof(*s->agents));
	for (size_t i = 0; i < s->n_places; i++) {
		struct run_place *p = &s->places[i];
		int r;

		if (p->kind != PLACE_SOCKET)
			continue;
		agent_init(&s->agents[s->n_agents++]);
		r = begin(s, p, &s->agents[s->n_agents - 1], e);
		if (r < 0)
			return err_wrap(e, r, "--ssh '%s'", p->ssh->id);
	}
	return 0;
}

void run_agents_stop(struct run_step *s)
{
	for (size_t i = 0; i < s->n_agents; i++)
		agent_end(&s->agents[i]);
	free(s->agents);
	s->agents = NULL;
	s->n_agents = 0;
}
