/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "shim/log/codec.h"

/* At least one whole record has room. */
#define BUFFER_SIZE (2 * LOG_RECORD_MAX)

int follow_open(struct follow *f, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open log '%s'", path);
	follow_begin(f, fd, path);
	return 0;
}

void follow_begin(struct follow *f, int fd, const char *path)
{
	*f = (struct follow){ .fd = fd, .path = path, .buf = xcalloc(1, BUFFER_SIZE) };
}

/* By the descriptor: the name may be gone with the record, or be another file's. */
int follow_watch(const struct follow *f, struct err *e)
{
	autofd int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char self[FD_PATH_SIZE];

	if (in < 0 || inotify_add_watch(in, fd_path(f->fd, self), IN_MODIFY) < 0)
		return err_sys(e, "watch log '%s'", f->path);
	return steal_fd(&in);
}

void follow_done(struct follow *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->buf);
	strbuf_done(&f->out);
	*f = (struct follow){ .fd = -1 };
}

void follow_seek(struct follow *f, uint64_t offset, uint64_t skip)
{
	f->at = offset;
	f->skip = skip;
	f->len = 0;
}

/* ---- writing ---- */

static int flush(struct follow *f, struct err *e)
{
	int r;

	if (f->out.len == 0)
		return 0;
	r = f->write ? f->write(f->write_ctx, f->out_fd, f->out.data, f->out.len, e)
		     : file_write_all(f->out_fd, f->out.data, f->out.len, e);
	strbuf_truncate(&f->out, 0);
	return r < 0 ? err_wrap(e, r, "write the container's output") : 0;
}

static int fd_of(enum stream stream)
{
	return stream == STREAM_STDERR ? STDERR_FILENO : STDOUT_FILENO;
}

static void add_text(struct follow *f, const char *text, size_t len)
{
	size_t over = f->skip < len ? (size_t)f->skip : len;

	f->skip -= over;
	strbuf_add(&f->out, text + over, len - over);
}

static int write_record(struct follow *f, const struct log_record *l, struct err *e)
{
	bool *in_line = &f->in_line[l->stream == STREAM_STDERR];
	int r = 0;

	if (f->out_fd != fd_of(l->stream))
		r = flush(f, e);
	f->out_fd = fd_of(l->stream);
	if (f->timestamps && !*in_line) {
		strbuf_add(&f->out, l->time, l->time_len);
		strbuf_addc(&f->out, ' ');
	}
	add_text(f, l->text, l->len);
	if (!l->partial)
		add_text(f, "\n", 1);
	*in_line = l->partial;
	return r;
}

/* ---- reading ---- */

static int not_a_log(const struct follow *f, uint64_t at, struct err *e)
{
	return err_set(e, EBADMSG, "log '%s': byte %" PRIu64 ": not a log line", f->path, at);
}

/* The first `done` bytes of the buffer are dealt with. */
static void forget(struct follow *f, size_t done)
{
	memmove(f->buf, f->buf + done, f->len - done);
	f->len -= done;
	f->at += done;
}

static int take_records(struct follow *f, struct err *e)
{
	size_t done = 0;
	int r = 0;

	while (r >= 0 && done < f->len) {
		struct log_record l;
		ssize_t n = log_codec_cri.read(f->buf + done, f->len - done, &l);

		if (n == 0)
			break;
		r = n < 0 ? not_a_log(f, f->at + done, e) : write_record(f, &l, e);
		done += r < 0 ? 0 : (size_t)n;
	}
	forget(f, done);
	if (r >= 0)
		return flush(f, e);
	/* What was good is printed in front of the error. */
	(void)flush(f, NULL);
	return r;
}

int follow_step(struct follow *f, struct err *e)
{
	ssize_t n = pread(f->fd, f->buf + f->len, BUFFER_SIZE - f->len, (off_t)(f->at + f->len));
	int r;

	if (n < 0)
		return err_sys(e, "read log '%s'", f->path);
	if (n == 0)
		return 0;
	f->len += (size_t)n;
	r = take_records(f, e);
	return r < 0 ? r : 1;
}

/* ---- the last lines ---- */

/* The records of a log, oldest first; remembers where the last `n` lines began. */
struct tail {
	uint64_t *start; /* ring of the offsets at which lines begin */
	uint64_t n, seen;
	bool open[2]; /* stdout's, stderr's line goes on */
};

static void tail_note(struct tail *t, const struct log_record *l, uint64_t at)
{
	int s = l->stream == STREAM_STDERR;

	if (!t->open[s])
		t->start[t->seen++ % t->n] = at;
	t->open[s] = l->partial;
}

static int tail_scan(struct follow *f, struct tail *t, struct err *e)
{
	for (;;) {
		ssize_t n = pread(f->fd, f->buf + f->len, BUFFER_SIZE - f->len,
				  (off_t)(f->at + f->len));
		size_t done = 0;

		if (n <= 0)
			return n < 0 ? err_sys(e, "read log '%s'", f->path) : 0;
		f->len += (size_t)n;
		for (ssize_t used = 1; used > 0; done += (size_t)used) {
			struct log_record l;

			used = log_codec_cri.read(f->buf + done, f->len - done, &l);
			if (used < 0)
				return not_a_log(f, f->at + done, e);
			if (used > 0)
				tail_note(t, &l, f->at + done);
		}
		forget(f, done);
	}
}

int follow_tail(struct follow *f, uint64_t lines, struct err *e)
{
	struct tail t = { .n = lines };
	autofree uint64_t *ring = NULL;
	int r;

	if (lines == 0) {
		off_t end = lseek(f->fd, 0, SEEK_END);

		follow_seek(f, end < 0 ? 0 : (uint64_t)end, 0);
		return 0;
	}
	if (lines > FOLLOW_TAIL_MAX)
		return err_set(e, ERANGE, "--tail: at most %d lines", FOLLOW_TAIL_MAX);
	ring = xcalloc(lines, sizeof(*ring));
	t.start = ring;
	r = tail_scan(f, &t, e);
	if (r < 0)
		return r;
	follow_seek(f, t.seen > lines ? ring[t.seen % lines] : 0, 0);
	return 0;
}
