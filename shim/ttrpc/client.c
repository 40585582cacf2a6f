/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libutil/path.h"
#include "shim/ttrpc/message.h"

#define NS_PER_MS INT64_C(1000000)

/* ---- Connect ---- */

/* A path that does not fit is reached through its directory. */
static int fit_address(const char *path, struct sockaddr_un *sa, int *ret_dirfd, struct err *e)
{
	autofree char *dir = path_parent(path);
	int n;

	sa->sun_family = AF_UNIX;
	if (strlen(path) < sizeof(sa->sun_path)) {
		memcpy(sa->sun_path, path, strlen(path) + 1);
		return 0;
	}
	*ret_dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dirfd < 0)
		return err_sys(e, "open '%s'", dir);
	n = snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *ret_dirfd,
		     path_base(path));
	if (n < 0 || (size_t)n >= sizeof(sa->sun_path))
		return err_set(e, ENAMETOOLONG, "socket '%s'", path);
	return 0;
}

int ttrpc_connect(const char *path, struct err *e)
{
	struct sockaddr_un sa = { 0 };
	autofd int fd = -1, dirfd = -1;
	int r = fit_address(path, &sa, &dirfd, e);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "make a socket");
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_sys(e, "connect to '%s'", path);
	return steal_fd(&fd);
}

static void disconnect(struct ttrpc_client *c)
{
	loop_remove(c->loop, &c->src);
	ttrpc_wire_done(&c->wire);
}

/* ---- Answers ---- */

static void finish(struct ttrpc_client *c, const struct ttrpc_outcome *o)
{
	if (!c->busy)
		return;
	c->busy = false;
	(void)loop_timer_set(c->timerfd, 0, 0, NULL);
	c->done(c->ctx, o);
}

static void give_up(struct ttrpc_client *c, int error, const char *message)
{
	disconnect(c);
	finish(c, &(struct ttrpc_outcome){ .error = error, .message = message });
}

/* Decoding copies: the buffer is free before the callback, which may ask again. */
static void take_response(struct ttrpc_client *c, const uint8_t *data, size_t len)
{
	auto_(arena) struct arena a = { 0 };
	struct ttrpc_response r = { 0 };
	struct err e = { 0 };

	if (pb_decode(&ttrpc_response_message, data, len, &a, &r, &e) < 0) {
		give_up(c, -EBADMSG, e.msg);
		return;
	}
	ttrpc_wire_settle(&c->wire);
	finish(c, &(struct ttrpc_outcome){
			  .code = r.status ? r.status->code.v : TTRPC_OK,
			  .message = r.status && r.status->message ? r.status->message : "",
			  .payload = r.payload,
		  });
}

/* At most one is awaited: others are late or nobody's. */
static void take_frames(struct ttrpc_client *c)
{
	struct ttrpc_header h;
	const uint8_t *data;

	while (ttrpc_wire_next(&c->wire, &h, &data)) {
		if (!c->busy || h.type != TTRPC_RESPONSE || h.stream != c->stream)
			continue;
		if (h.length > TTRPC_DATA_MAX)
			give_up(c, -EMSGSIZE, "the answer is longer than the limit of 4 MiB");
		else
			take_response(c, data, h.length);
		return;
	}
	ttrpc_wire_settle(&c->wire);
}

static int push(struct ttrpc_client *c)
{
	int r = ttrpc_wire_flush(&c->wire);
	bool wants_out = ttrpc_wire_pending(&c->wire) > 0;

	if (r < 0 || wants_out == c->wants_out)
		return r;
	c->wants_out = wants_out;
	return loop_modify(c->loop, &c->src, wants_out ? EPOLLIN | EPOLLOUT : EPOLLIN, NULL);
}

static int on_ready(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct ttrpc_client *c = src->ctx;
	int r = push(c);
	ssize_t n = r < 0 ? r : ttrpc_wire_read(&c->wire);

	if (n == 0)
		n = -ECONNRESET;
	if (n < 0 && n != -EAGAIN)
		give_up(c, (int)n, strerror((int)-n));
	else
		take_frames(c);
	return 0;
}

static int on_timer(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct ttrpc_client *c = src->ctx;
	uint64_t ticks;

	if (read(c->timerfd, &ticks, sizeof(ticks)) == sizeof(ticks) && c->busy)
		give_up(c, -ETIMEDOUT, strerror(ETIMEDOUT));
	return 0;
}

/* ---- Ask ---- */

static int need_timer(struct ttrpc_client *c, struct err *e)
{
	int r;

	if (c->timerfd >= 0)
		return 0;
	c->timerfd = loop_timer(e);
	if (c->timerfd < 0)
		return c->timerfd;
	r = loop_add(c->loop, &c->timer_src, c->timerfd, EPOLLIN, on_timer, c, e);
	if (r < 0)
		(void)close(steal_fd(&c->timerfd));
	return r;
}

static int need_connection(struct ttrpc_client *c, struct err *e)
{
	int r;

	if (c->wire.fd >= 0)
		return 0;
	r = ttrpc_connect(c->path, e);
	if (r < 0)
		return r;
	c->wire.fd = r;
	c->stream = 0;
	c->wants_out = false;
	r = loop_add(c->loop, &c->src, c->wire.fd, EPOLLIN, on_ready, c, e);
	if (r < 0)
		ttrpc_wire_done(&c->wire);
	return r;
}

/* Streams are odd; of the last one there is no next. */
static uint32_t next_stream(uint32_t last)
{
	return last ? last + 2 : 1;
}

int ttrpc_client_call(struct ttrpc_client *c, const char *service, const char *method,
		      struct pb_bytes payload, int timeout_ms, struct err *e)
{
	struct ttrpc_request q = {
		.service = service,
		.method = method,
		.payload = payload,
		.timeout_nano = pb_set(timeout_ms * NS_PER_MS),
	};
	int r;

	if (c->busy)
		return err_set(e, EBUSY, "ask '%s': another call is under way", c->path);
	if (c->stream == UINT32_MAX)
		disconnect(c);
	r = need_timer(c, e);
	if (r >= 0)
		r = need_connection(c, e);
	if (r < 0)
		return r;
	c->stream = next_stream(c->stream);
	if (!ttrpc_add_frame(&c->wire.out, TTRPC_REQUEST, c->stream, &ttrpc_request_message, &q))
		return err_set(e, EMSGSIZE, "ask '%s': the request is longer than 4 MiB", c->path);
	r = push(c);
	if (r >= 0)
		r = loop_timer_set(c->timerfd, timeout_ms * NS_PER_MS, 0, e);
	if (r < 0) {
		disconnect(c);
		return err_set(e, -r, "ask '%s': %s", c->path, strerror(-r));
	}
	c->busy = true;
	return 0;
}

void ttrpc_client_init(struct ttrpc_client *c, struct loop *loop, const char *path,
		       void (*done)(void *ctx, const struct ttrpc_outcome *o), void *ctx)
{
	*c = (struct ttrpc_client){
		.loop = loop,
		.path = path,
		.wire.fd = -1,
		.timerfd = -1,
		.done = done,
		.ctx = ctx,
	};
}

void ttrpc_client_done(struct ttrpc_client *c)
{
	loop_remove(c->loop, &c->timer_src);
	disconnect(c);
	if (c->timerfd >= 0)
		(void)close(steal_fd(&c->timerfd));
	c->busy = false;
}
