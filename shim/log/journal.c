/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "shim/log/codec.h"

/* How long a journal that does not read may hold us up, once. */
#define SEND_TIMEOUT_S 1

static int address(struct sockaddr_un *to, const char *path, struct err *e)
{
	size_t len = strlen(path);

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(to->sun_path))
		return err_set(e, ENAMETOOLONG, "socket '%s'", path);
	memcpy(to->sun_path, path, len + 1);
	return 0;
}

/* Whether somebody listens is asked by another socket: ours stays unconnected, so that it finds a
 * journal that was started anew. */
static int probe(const struct sockaddr_un *to, struct err *e)
{
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "make a socket");
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) >= 0)
		return 0;
	return err_set(e, errno,
		       "journald: nobody listens at '%s': %s; start systemd-journald or choose "
		       "another log driver",
		       to->sun_path, strerror(errno));
}

int journal_open(struct journal *j, const char *path, const struct journal_source *src,
		 struct err *e)
{
	auto_(strbuf) struct strbuf fixed = { 0 };
	struct timeval timeout = { .tv_sec = SEND_TIMEOUT_S };
	struct sockaddr_un to;
	autofd int fd = -1;
	int r = address(&to, path, e);

	if (r >= 0)
		r = journal_fixed_fields(&fixed, src, e);
	if (r >= 0)
		r = probe(&to, e);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		return err_sys(e, "make a socket");
	*j = (struct journal){
		.fd = steal_fd(&fd),
		.path = path,
		.fixed_len = fixed.len,
		.partial_mark = !src->no_partial_mark,
	};
	j->fixed = strbuf_steal(&fixed);
	return 0;
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = -1;
	free(j->fixed);
	j->fixed = NULL;
}

/* ---- sending ---- */

/* More than a datagram holds travels as a file in memory, sealed, as the journal demands. */
static int send_as_file(int sock, struct msghdr *msg)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	autofd int fd = memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct cmsghdr *c;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		int r = file_write_all(fd, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len, NULL);

		if (r < 0)
			return r;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	msg->msg_iov = NULL;
	msg->msg_iovlen = 0;
	msg->msg_control = control.room;
	msg->msg_controllen = sizeof(control.room);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_record(struct journal *j, struct iovec *iov, size_t n)
{
	struct sockaddr_un to;
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = iov,
		.msg_iovlen = n,
	};
	ssize_t sent;
	int r = address(&to, j->path, NULL);

	if (r < 0)
		return r;
	do
		sent = sendmsg(j->fd, &msg, MSG_NOSIGNAL | (j->stuck ? MSG_DONTWAIT : 0));
	while (sent < 0 && errno == EINTR);
	r = sent < 0 ? -errno : 0;
	if (r == -EMSGSIZE || r == -ENOBUFS)
		r = send_as_file(j->fd, &msg);
	j->stuck = r == -EAGAIN;
	return r;
}

static struct iovec piece(const char *text, size_t len)
{
	union {
		const char *in;
		void *out;
	} base = { .in = text };

	return (struct iovec){ .iov_base = base.out, .iov_len = len };
}

static int write_record(struct journal *j, enum stream stream, const char *text, size_t len,
			bool whole)
{
	static const char partial[] = "CONTAINER_PARTIAL_MESSAGE=true\n";
	char priority[] = "PRIORITY=6\nMESSAGE=";
	char *level = priority + strlen("PRIORITY=");
	bool *in_line = &j->in_line[stream == STREAM_STDERR];
	struct iovec iov[5];
	size_t n = 0, skip;

	*level = stream == STREAM_STDERR ? '3' : '6';
	skip = *in_line ? 0 : journal_priority(text, len, level);
	iov[n++] = piece(priority, sizeof(priority) - 1);
	iov[n++] = piece(text + skip, len - skip - whole);
	iov[n++] = piece("\n", 1);
	iov[n++] = piece(j->fixed, j->fixed_len);
	if (!whole && j->partial_mark)
		iov[n++] = piece(partial, sizeof(partial) - 1);
	*in_line = !whole;
	return send_record(j, iov, n);
}

bool journal_write(struct journal *j, enum stream stream, const char *data, size_t len)
{
	bool ok = true;

	for (size_t take; len > 0; data += take, len -= take) {
		bool whole;
		int r;

		take = log_piece(data, len, &whole);
		r = write_record(j, stream, data, take, whole);
		if (r >= 0)
			continue;
		log_loss_add(&j->loss, take, -r);
		ok = false;
	}
	return ok;
}
