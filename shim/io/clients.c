/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/fd.h"

/* What a client's socket holds of output, and what it holds when the notice has to fit as well.
 * Both are below the kernel's net.core.wmem_max, so that no privilege is needed. */
#define BUFFER_OUTPUT 65536
#define BUFFER_NOTICE (2 * BUFFER_OUTPUT)

struct client_conn {
	struct client_conn *next;
	struct clients *all;
	struct loop_source src;
	int fd;
	bool behind; /* gets no more output here, and was told so */
	bool input_ended;
	/* CLIENTS_WAIT */
	uint64_t pos; /* where it is in the backlog */
	bool deaf;    /* cannot be sent anything any more */
	bool hung;    /* it went, but what it sent has not all been taken; in no loop */
};

void clients_init(struct clients *c, struct loop *loop, struct input *input, char *buffer)
{
	*c = (struct clients){
		.loop = loop,
		.listen = { .fd = -1 },
		.listenfd = -1,
		.max = CLIENTS_MAX,
		.input = input,
		.buffer = buffer,
	};
}

static void release(struct client_conn *conn)
{
	struct clients *c = conn->all;
	struct client_conn **slot = &c->first;

	while (*slot != conn)
		slot = &(*slot)->next;
	*slot = conn->next;
	c->n--;
	loop_remove(c->loop, &conn->src);
	(void)close(conn->fd);
	free(conn);
}

/* Forget what everybody has taken. */
static void settle(struct clients *c)
{
	uint64_t least = c->backlog.end;

	if (!clients_are_behind(c))
		return;
	for (const struct client_conn *conn = c->first; conn; conn = conn->next)
		if (!conn->deaf && conn->pos < least)
			least = conn->pos;
	backlog_forget(&c->backlog, least);
	if (!clients_are_behind(c))
		c->caught_up(c->ctx);
}

static void drop(struct client_conn *conn)
{
	struct clients *c = conn->all;

	release(conn);
	settle(c);
}

void clients_close(struct clients *c)
{
	while (c->first)
		release(c->first);
	backlog_done(&c->backlog);
}

void clients_done(struct clients *c)
{
	clients_close(c);
	loop_remove(c->loop, &c->listen);
	if (c->listenfd >= 0)
		(void)close(c->listenfd);
	c->listenfd = -1;
}

static uint32_t wanted_events(const struct client_conn *conn)
{
	uint32_t events = !conn->deaf && conn->pos < conn->all->backlog.end ? EPOLLOUT : 0;

	/* EPOLLHUP always comes. */
	if (!conn->input_ended && input_is_ready(conn->all->input))
		events |= EPOLLIN;
	return events;
}

static void watch(struct client_conn *conn)
{
	if (loop_modify(conn->all->loop, &conn->src, wanted_events(conn), NULL) < 0)
		drop(conn);
}

/* ---- output ---- */

/* False with errno: EAGAIN when its socket is full. */
static bool send_piece(int fd, enum stream tag, const char *data, size_t len)
{
	char head = (char)tag;
	union {
		const char *in;
		void *out;
	} base = { .in = data };
	struct iovec iov[2] = { { .iov_base = &head, .iov_len = 1 },
				{ .iov_base = base.out, .iov_len = len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* How much of the batch the client took. */
static size_t send_batch(int fd, enum stream tag, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < STREAM_PIECE_MAX ? len - done : STREAM_PIECE_MAX;

		if (!send_piece(fd, tag, data + done, n))
			break;
		done += n;
	}
	return done;
}

static void set_buffer(int fd, int size)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* The notice is sent at once, for the container may end before the client reads again. */
static void leave_behind(struct client_conn *conn, const struct frame_behind *where)
{
	char packet[FRAME_BEHIND_SIZE];
	size_t len = frame_write_behind(packet, where);

	conn->behind = true;
	set_buffer(conn->fd, BUFFER_NOTICE);
	/* It fails only for a client that is gone, which is noticed by its EPOLLHUP. */
	(void)send(conn->fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void mark_deaf(struct client_conn *conn, int error)
{
	conn->deaf = conn->deaf || (error != EAGAIN && error != EINTR && error != ENOBUFS);
}

static void send_backlog(struct client_conn *conn)
{
	struct backlog_piece p;

	while (!conn->deaf && backlog_at(&conn->all->backlog, conn->pos, &p)) {
		if (!send_piece(conn->fd, p.tag, p.data, p.len)) {
			mark_deaf(conn, errno);
			return;
		}
		conn->pos += p.len;
	}
}

/* True when all of them could take it whole. */
static bool send_to_all(struct clients *c, enum stream tag, const char *data, size_t len)
{
	uint64_t start = c->backlog.end;
	bool all = true;

	for (struct client_conn *conn = c->first; conn; conn = conn->next) {
		if (conn->deaf)
			continue;
		conn->pos = start + send_batch(conn->fd, tag, data, len);
		if (conn->pos < start + len)
			mark_deaf(conn, errno);
		all = all && (conn->deaf || conn->pos == start + len);
	}
	return all;
}

/* While somebody is behind, what comes is added behind that, so that the order stays. */
static void send_or_keep(struct clients *c, enum stream tag, const char *data, size_t len)
{
	bool behind = clients_are_behind(c);

	if (!behind && send_to_all(c, tag, data, len)) {
		/* Nothing is kept of it, so it has no place in the backlog. */
		for (struct client_conn *conn = c->first; conn; conn = conn->next)
			conn->pos = c->backlog.end;
		return;
	}
	backlog_add(&c->backlog, tag, data, len);
	for (struct client_conn *conn = c->first; conn; conn = conn->next)
		if (!conn->hung)
			(void)loop_modify(c->loop, &conn->src, wanted_events(conn), NULL);
}

void clients_send(struct clients *c, enum stream tag, const char *data, size_t len,
		  const struct frame_behind *where)
{
	if (c->slow == CLIENTS_WAIT) {
		send_or_keep(c, tag, data, len);
		return;
	}
	for (struct client_conn *conn = c->first; conn; conn = conn->next) {
		size_t done = conn->behind ? len : send_batch(conn->fd, tag, data, len);
		struct frame_behind there = where ? *where : (struct frame_behind){ 0 };

		if (done == len)
			continue;
		there.skip += done;
		leave_behind(conn, &there);
	}
}

/* ---- input ---- */

static void end_of_input(struct client_conn *conn)
{
	conn->input_ended = true;
	if (conn->all->interactive)
		input_close(conn->all->input);
	watch(conn);
}

static void take_input(struct client_conn *conn)
{
	struct clients *c = conn->all;
	ssize_t n = recv(conn->fd, c->buffer, FRAME_INPUT_MAX, MSG_DONTWAIT);

	if (n > 0)
		input_write(c->input, c->buffer, (size_t)n);
	else if (n == 0)
		end_of_input(conn);
	else if (errno != EAGAIN && errno != EINTR)
		drop(conn);
}

/* Bytes may still wait behind a hang-up: `echo x | attach` that was killed.  They count. */
static void take_rest(struct client_conn *conn)
{
	struct clients *c = conn->all;

	while (input_is_ready(c->input)) {
		ssize_t n = recv(conn->fd, c->buffer, FRAME_INPUT_MAX, MSG_DONTWAIT);

		if (n > 0) {
			input_write(c->input, c->buffer, (size_t)n);
			continue;
		}
		if (c->hangup_ends_input && c->interactive)
			input_close(c->input);
		drop(conn);
		return;
	}
	/* It would hang up again and again.  Output is nothing to it any more. */
	loop_remove(c->loop, &conn->src);
	conn->hung = true;
	conn->deaf = true;
	settle(c);
}

static struct client_conn *first_hung(const struct clients *c)
{
	struct client_conn *conn = c->first;

	while (conn && !conn->hung)
		conn = conn->next;
	return conn;
}

void clients_want_input(struct clients *c, bool want UNUSED)
{
	struct client_conn *next, *gone;

	for (struct client_conn *conn = c->first; conn; conn = next) {
		next = conn->next;
		if (!conn->hung)
			watch(conn);
	}
	/* Each either goes or fills the input again. */
	while (input_is_ready(c->input) && (gone = first_hung(c)))
		take_rest(gone);
}

static int on_client(struct loop *l UNUSED, struct loop_source *s, uint32_t events,
		     struct err *e UNUSED)
{
	struct client_conn *conn = s->ctx;

	if (events & EPOLLHUP) {
		take_rest(conn);
		return 0;
	}
	if (events & EPOLLOUT) {
		struct clients *c = conn->all;

		send_backlog(conn);
		watch(conn);
		settle(c);
		return 0;
	}
	if (events & (EPOLLIN | EPOLLERR))
		take_input(conn);
	return 0;
}

/* ---- arrival ---- */

int clients_add(struct clients *c, int fd, struct err *e)
{
	struct client_conn *conn;
	int r;

	if (c->n >= c->max) {
		(void)close(fd);
		return err_set(e, EMFILE, "more than %u clients", c->max);
	}
	conn = xcalloc(1, sizeof(*conn));
	*conn = (struct client_conn){
		.next = c->first,
		.all = c,
		.fd = fd,
		.src = { .fd = -1 },
		.pos = c->backlog.end,
	};
	c->first = conn;
	c->n++;
	set_buffer(fd, BUFFER_OUTPUT);
	r = loop_add(c->loop, &conn->src, fd, wanted_events(conn), on_client, conn, e);
	if (r < 0)
		drop(conn);
	return r;
}

static int on_arrival(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		      struct err *e UNUSED)
{
	struct clients *c = s->ctx;
	int fd;

	/* One client too many is turned away; the container does not suffer for it. */
	while ((fd = accept4(c->listenfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		(void)clients_add(c, fd, NULL);
	return 0;
}

int clients_listen(struct clients *c, int dirfd, const char *name, struct err *e)
{
	int r;

	c->listenfd = fd_unix_listen_at(dirfd, name, SOCK_SEQPACKET, 0700, e);
	if (c->listenfd < 0)
		return c->listenfd;
	r = fd_set_nonblock(c->listenfd, true, e);
	if (r < 0)
		return r;
	/* By edges: without a descriptor to spare the loop does not spin, and who waits gets in
	 * with the next. */
	return loop_add(c->loop, &c->listen, c->listenfd, EPOLLIN | EPOLLET, on_arrival, c, e);
}
