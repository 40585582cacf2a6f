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
#include "libutil/log.h"
#include "libutil/parse.h"
#include "libutil/path.h"

int follow_open_with(struct follow *f, const struct follow_log *log, int firstfd, struct err *e)
{
	struct follow opened = FOLLOW_NONE;
	int r = chain_open(&opened.chain, log->path, log->files, firstfd < 0 ? e : NULL);

	if (firstfd >= 0) {
		int fd = fcntl(firstfd, F_DUPFD_CLOEXEC, 3);

		r = fd < 0 ? err_sys(e, "duplicate the descriptor of log '%s'", log->path)
			   : chain_add_oldest(&opened.chain, fd, e);
	}
	if (r < 0) {
		chain_done(&opened.chain);
		return r;
	}
	opened.log = *log;
	opened.buf = xcalloc(1, FOLLOW_BUFFER);
	*f = opened;
	return 0;
}

int follow_open(struct follow *f, const struct follow_log *log, struct err *e)
{
	return follow_open_with(f, log, -1, e);
}

void follow_done(struct follow *f)
{
	chain_done(&f->chain);
	if (f->inotifyfd >= 0)
		(void)close(f->inotifyfd);
	free(f->buf);
	strbuf_done(&f->out);
	*f = (struct follow)FOLLOW_NONE;
}

/* By the descriptor: the name may be gone with the record, or be another file's. */
static int watch_file(struct follow *f, struct err *e)
{
	char self[FD_PATH_SIZE];

	f->watch = inotify_add_watch(f->inotifyfd, fd_path(f->chain.file[0].fd, self), IN_MODIFY);
	return f->watch < 0 ? err_sys(e, "watch log '%s'", f->log.path) : 0;
}

int follow_watch(struct follow *f, struct err *e)
{
	autofree char *dir = path_parent(f->log.path);
	int r;

	f->inotifyfd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotifyfd < 0)
		return err_sys(e, "watch log '%s'", f->log.path);
	/* The directory, for a new file under the log's name; it may be gone with its record. */
	(void)inotify_add_watch(f->inotifyfd, dir, IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
	r = watch_file(f, e);
	return r < 0 ? r : f->inotifyfd;
}

int follow_seek(struct follow *f, const struct file_id *file, uint64_t offset, uint64_t skip,
		struct err *e)
{
	size_t i = chain_find(&f->chain, file);

	if (i == f->chain.n)
		return err_set(e, ENOENT, "log '%s': the file has been rotated away", f->log.path);
	chain_drop(&f->chain, i);
	f->at = offset;
	f->skip = skip;
	f->len = 0;
	return 0;
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

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* A time that cannot be read hides nothing. */
bool follow_wants(struct follow *f, const struct log_record *l)
{
	const struct follow_window *w = &f->window;
	char text[LOG_TIME_SIZE];
	struct timespec t;

	if ((!w->has_since && !w->has_until) || l->time_len >= sizeof(text))
		return true;
	memcpy(text, l->time, l->time_len);
	text[l->time_len] = '\0';
	if (parse_time(text, &t) < 0)
		return true;
	if (w->has_until && is_before(&w->until, &t)) {
		f->past_window = true;
		return false;
	}
	return !w->has_since || !is_before(&t, &w->since);
}

static int write_record(struct follow *f, const struct log_record *l, struct err *e)
{
	bool err = l->stream == STREAM_STDERR, begins = !f->in_line[err];
	int r = 0;

	if (begins)
		f->hidden[err] = !follow_wants(f, l);
	f->in_line[err] = l->partial;
	if (f->hidden[err])
		return 0;
	if (f->out_fd != fd_of(l->stream))
		r = flush(f, e);
	f->out_fd = fd_of(l->stream);
	if (f->timestamps && begins) {
		strbuf_add(&f->out, l->time, l->time_len);
		strbuf_addc(&f->out, ' ');
	}
	log_record_text(l, &f->skip, &f->out);
	return r;
}

/* ---- reading ---- */

int follow_not_a_log(const struct follow *f, uint64_t at, struct err *e)
{
	return err_set(e, EBADMSG, "log '%s': byte %" PRIu64 ": not a log line", f->log.path, at);
}

void follow_forget(struct follow *f, size_t done)
{
	memmove(f->buf, f->buf + done, f->len - done);
	f->len -= done;
	f->at += done;
}

ssize_t follow_read(struct follow *f, size_t file, struct err *e)
{
	ssize_t n = pread(f->chain.file[file].fd, f->buf + f->len, FOLLOW_BUFFER - f->len,
			  (off_t)(f->at + f->len));

	if (n < 0)
		return err_sys(e, "read log '%s'", f->log.path);
	f->len += (size_t)n;
	return n;
}

static int take_records(struct follow *f, struct err *e)
{
	size_t done = 0;
	int r = 0;

	while (r >= 0 && done < f->len) {
		struct log_record l;
		ssize_t n = f->log.codec->read(f->buf + done, f->len - done, &l);

		if (n == 0)
			break;
		r = n < 0 ? follow_not_a_log(f, f->at + done, e) : write_record(f, &l, e);
		done += r < 0 ? 0 : (size_t)n;
	}
	follow_forget(f, done);
	if (r >= 0)
		return flush(f, e);
	/* What was good is printed in front of the error. */
	(void)flush(f, NULL);
	return r;
}

/* ---- from file to file ---- */

/* The end of a file that another one follows. */
static int next_file(struct follow *f, struct err *e)
{
	if (f->len > 0)
		log_warning("log '%s': the last %zu bytes of a rotated file are no whole record",
			    f->log.path, f->len);
	if (f->inotifyfd >= 0)
		(void)inotify_rm_watch(f->inotifyfd, f->watch);
	chain_drop(&f->chain, 1);
	f->at = f->len = 0;
	f->complete = false;
	return f->inotifyfd >= 0 ? watch_file(f, e) : 0;
}

/* The files that were begun since.  When ours is not among them any more, some that came after it
 * may be gone as well; with one file, a full one goes by intention. */
static int find_newer(struct follow *f, struct err *e)
{
	auto_(chain) struct chain now = { 0 };
	size_t ours;

	if (chain_open(&now, f->log.path, f->log.files, NULL) < 0)
		return 0;
	ours = chain_find(&now, &f->chain.file[0].id);
	if (ours == now.n && f->log.files > 1)
		log_warning("log '%s': it was rotated faster than it was read: output is missing "
			    "here",
			    f->log.path);
	if (ours < now.n)
		chain_drop(&now, ours + 1);
	if (now.n == 0)
		return 0;
	f->chain.file = xreallocarray(f->chain.file, 1 + now.n, sizeof(*f->chain.file));
	memcpy(f->chain.file + 1, now.file, now.n * sizeof(*now.file));
	f->chain.n += now.n;
	now.n = 0;
	return next_file(f, e) < 0 ? -EIO : 1;
}

/* At the end of the newest file we know.  The writer is done with it before the next gets its name,
 * so what is read after that was seen is all of it. */
static int at_end(struct follow *f, struct err *e)
{
	struct file_id now = { 0 };

	if (f->chain.n > 1)
		return next_file(f, e) < 0 ? -EIO : 1;
	if (file_id_at(f->log.path, &now, NULL) < 0 || file_id_same(&now, &f->chain.file[0].id))
		return 0;
	if (f->complete)
		return find_newer(f, e);
	f->complete = true;
	return 1;
}

int follow_step(struct follow *f, struct err *e)
{
	ssize_t n = follow_read(f, 0, e);
	int r;

	if (n <= 0)
		return n < 0 ? (int)n : at_end(f, e);
	r = take_records(f, e);
	return r < 0 ? r : 1;
}
