/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/log.h"
#include "shim/ttrpc/call.h"

#define NS_PER_S INT64_C(1000000000)
/* Who comes next waits for the next round of the loop: nobody can keep it here. */
#define ACCEPTS_PER_ROUND 16
#define REST_NS           NS_PER_S

int64_t ttrpc_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ---- Who comes ---- */

static bool is_same_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid() &&
	       peer.gid == getegid();
}

static void welcome(struct ttrpc_server *s, int fd)
{
	if (!is_same_user(fd) || s->n_conns >= TTRPC_CONNECTIONS_MAX) {
		log_debug("a connection was refused: %s", s->n_conns >= TTRPC_CONNECTIONS_MAX
								  ? "there are too many"
								  : "it is another user's");
		(void)close(fd);
		return;
	}
	ttrpc_conn_new(s, fd);
	if (s->connected)
		s->connected(s->ctx);
}

static void rest(struct ttrpc_server *s, bool on)
{
	if (s->listenfd < 0 || s->resting == on)
		return;
	s->resting = on;
	(void)loop_modify(s->loop, &s->listen_src, on ? 0 : EPOLLIN, NULL);
	if (on)
		ttrpc_server_wake_by(s, ttrpc_now() + REST_NS);
}

static int on_connect(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		      struct err *e UNUSED)
{
	struct ttrpc_server *s = src->ctx;

	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		int fd = accept4(s->listenfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(s, fd);
			continue;
		}
		/* No descriptor or no memory for one: trying again at once would spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			rest(s, true);
		if (errno != EINTR && errno != ECONNABORTED)
			return 0;
	}
	return 0;
}

/* ---- Time ---- */

static void note_earlier(int64_t *next, int64_t when)
{
	if (when && (!*next || when < *next))
		*next = when;
}

/* Expire what is due; what is left says when to look again.  To expire may end a call, never a
 * connection. */
static void expire_calls(struct ttrpc_conn *c, int64_t now, int64_t *next)
{
	struct ttrpc_call *following;

	for (struct ttrpc_call *call = c->calls; call; call = following) {
		following = call->next;
		if (call->deadline_ns && call->deadline_ns <= now)
			ttrpc_call_expire(call);
		else
			note_earlier(next, call->deadline_ns);
	}
}

static int on_timer(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct ttrpc_server *s = src->ctx;
	int64_t now = ttrpc_now(), next = 0;
	uint64_t ticks;

	if (read(s->timerfd, &ticks, sizeof(ticks)) < 0)
		return 0;
	s->next_ns = 0;
	rest(s, false);
	for (struct ttrpc_conn *c = s->first; c; c = c->next)
		expire_calls(c, now, &next);
	if (next)
		ttrpc_server_wake_by(s, next);
	return 0;
}

static int need_timer(struct ttrpc_server *s, struct err *e)
{
	int r;

	if (s->timerfd >= 0)
		return 0;
	s->timerfd = loop_timer(e);
	if (s->timerfd < 0)
		return s->timerfd;
	r = loop_add(s->loop, &s->timer_src, s->timerfd, EPOLLIN, on_timer, s, e);
	if (r < 0)
		(void)close(steal_fd(&s->timerfd));
	return r;
}

void ttrpc_server_wake_by(struct ttrpc_server *s, int64_t when_ns)
{
	int64_t in = when_ns - ttrpc_now();
	struct err e = { 0 };

	if (s->next_ns && s->next_ns <= when_ns)
		return;
	/* Without a timer a call just has no limit. */
	if (need_timer(s, &e) < 0 || loop_timer_set(s->timerfd, in > 0 ? in : -1, 0, &e) < 0)
		log_debug("%s", e.msg);
	else
		s->next_ns = when_ns;
}

/* ---- Life ---- */

int ttrpc_server_init(struct ttrpc_server *s, struct loop *loop, int listenfd,
		      const struct ttrpc_service *services, size_t n_services, void *ctx,
		      struct err *e)
{
	int r;

	*s = (struct ttrpc_server){
		.loop = loop,
		.services = services,
		.n_services = n_services,
		.ctx = ctx,
		.listenfd = listenfd,
		.timerfd = -1,
	};
	r = fd_set_nonblock(listenfd, true, e);
	if (r >= 0)
		r = loop_add(loop, &s->listen_src, listenfd, EPOLLIN, on_connect, s, e);
	if (r < 0)
		(void)close(steal_fd(&s->listenfd));
	return r;
}

void ttrpc_server_deaf(struct ttrpc_server *s)
{
	if (s->listenfd < 0)
		return;
	loop_remove(s->loop, &s->listen_src);
	(void)close(steal_fd(&s->listenfd));
}

void ttrpc_server_done(struct ttrpc_server *s)
{
	ttrpc_server_deaf(s);
	loop_remove(s->loop, &s->timer_src);
	while (s->first)
		ttrpc_conn_close(s->first);
	if (s->timerfd >= 0)
		(void)close(steal_fd(&s->timerfd));
}

bool ttrpc_server_is_flushed(const struct ttrpc_server *s)
{
	for (const struct ttrpc_conn *c = s->first; c; c = c->next)
		if (ttrpc_wire_pending(&c->wire))
			return false;
	return true;
}
