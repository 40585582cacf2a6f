/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Requests are short: one page takes several.  Of a longer one more is read at a time. */
#define READ_SHORT ((size_t)2 << 10)
#define READ_LONG  ((size_t)64 << 10)

/* Header, data, one more read. */
#define IN_MAX (TTRPC_HEADER_SIZE + (size_t)TTRPC_DATA_MAX + READ_LONG)

void ttrpc_wire_done(struct ttrpc_wire *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	strbuf_done(&w->in);
	strbuf_done(&w->out);
	*w = (struct ttrpc_wire){ .fd = -1 };
}

static ssize_t receive(int fd, void *buf, size_t size)
{
	ssize_t n = recv(fd, buf, size, MSG_DONTWAIT);

	return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

/* Bytes of a frame that nobody wants. */
static ssize_t read_past(struct ttrpc_wire *w)
{
	char scrap[READ_SHORT];
	ssize_t n = receive(w->fd, scrap, w->skip < sizeof(scrap) ? w->skip : sizeof(scrap));

	if (n > 0)
		w->skip -= (uint32_t)n;
	return n;
}

ssize_t ttrpc_wire_read(struct ttrpc_wire *w)
{
	size_t size = w->in.len >= READ_SHORT ? READ_LONG : READ_SHORT;
	ssize_t n;
	char *to;

	if (w->skip)
		return read_past(w);
	w->in.max = IN_MAX;
	to = strbuf_reserve(&w->in, size);
	if (!to)
		return -EMSGSIZE;
	n = receive(w->fd, to, size);
	if (n > 0)
		strbuf_commit(&w->in, (size_t)n);
	else
		ttrpc_wire_settle(w);
	return n;
}

bool ttrpc_wire_next(struct ttrpc_wire *w, struct ttrpc_header *ret, const uint8_t **ret_data)
{
	size_t left = w->in.len - w->at;
	const uint8_t *start;
	size_t whole;

	if (left < TTRPC_HEADER_SIZE)
		return false;
	start = (const uint8_t *)w->in.data + w->at;
	ttrpc_header_read(start, ret);
	*ret_data = start + TTRPC_HEADER_SIZE;
	whole = TTRPC_HEADER_SIZE + (size_t)ret->length;
	if (left < whole && ret->length <= TTRPC_DATA_MAX)
		return false;
	if (left < whole)
		w->skip = (uint32_t)(whole - left);
	w->at += left < whole ? left : whole;
	return true;
}

void ttrpc_wire_settle(struct ttrpc_wire *w)
{
	if (w->at == w->in.len)
		strbuf_done(&w->in);
	else if (w->at)
		strbuf_consume(&w->in, w->at);
	w->at = 0;
}

int ttrpc_wire_flush(struct ttrpc_wire *w)
{
	while (ttrpc_wire_pending(w)) {
		ssize_t n = send(w->fd, w->out.data + w->sent, ttrpc_wire_pending(w),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		w->sent += (size_t)n;
	}
	strbuf_done(&w->out);
	w->sent = 0;
	return 0;
}
