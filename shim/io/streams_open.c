/* SPDX-License-Identifier: Apache-2.0 */
/* What each name of a stream stands for, opened. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "shim/io/streams.h"

#define LOG_MODE 0644
#define LOG_DIRS 0755

static int make_pipe(int *ret_reader, int *ret_writer, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	*ret_reader = p[0];
	*ret_writer = p[1];
	return 0;
}

/* Where the FIFO ends up: with the process, with a copy, or with the terminal's copy to come. */
static int place_input(struct streams *s, int fd, bool fifo, bool direct, struct err *e)
{
	int writer = -1, r;

	if (s->terminal) {
		s->input_from = fd;
		return 0;
	}
	if (direct || !fifo) {
		s->child[0] = fd;
		return 0;
	}
	r = make_pipe(&s->child[0], &writer, e);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return copy_start(&s->input, COPY_SPLICE, fd, writer, e);
}

static int open_input(struct streams *s, const struct streams_want *want, struct err *e)
{
	auto_(uri) struct uri u = { 0 };
	int r = uri_parse(want->in, &u, e), fd;

	if (r < 0 || u.kind == URI_NONE)
		return r;
	if (u.kind != URI_FIFO)
		return err_set(e, EINVAL, "stream '%s' cannot be read from", want->in);
	fd = fifo_open_in(u.path, &s->keep_in, e);
	return fd < 0 ? fd : place_input(s, fd, s->keep_in >= 0, want->direct, e);
}

static int place_output(struct streams *s, int i, int fd, bool direct, struct err *e)
{
	struct streams_output *o = &s->out[i];
	int reader = -1, r;

	if (s->terminal) {
		o->to = fd;
		return 0;
	}
	if (direct) {
		s->child[i + 1] = fd;
		return 0;
	}
	r = make_pipe(&reader, &s->child[i + 1], e);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return copy_start(&o->copy, COPY_SPLICE, reader, fd, e);
}

static int open_fifo(struct streams *s, int i, const char *path, bool direct, struct err *e)
{
	struct streams_output *o = &s->out[i];
	struct fifo_out f = { .writer = -1, .guard = -1 };
	int r = fifo_open_out(path, &f, e);

	if (r < 0)
		return r;
	o->guard = f.guard;
	o->fifo = f.guard >= 0;
	o->client_seen = f.client_seen;
	return place_output(s, i, f.writer, direct || !o->fifo, e);
}

static int open_file(struct streams *s, int i, const char *path, struct err *e)
{
	autofree char *parent = path_parent(path);
	int r = dir_make_all_at(AT_FDCWD, parent, LOG_DIRS, e), fd;

	if (r < 0)
		return r;
	/* Nobody waits here for the reader of a FIFO. */
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		  LOG_MODE);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	r = fd_set_nonblock(fd, false, e);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return place_output(s, i, fd, true, e);
}

/* Both outputs have one name: they share one description, which keeps their order. */
static int share_output(struct streams *s, struct err *e)
{
	if (s->child[1] < 0)
		return 0;
	s->child[2] = fcntl(s->child[1], F_DUPFD_CLOEXEC, 3);
	return s->child[2] < 0 ? err_sys(e, "duplicate an output") : 0;
}

static int open_logger(struct streams *s, const struct uri *u, const struct streams_want *want,
		       struct err *e)
{
	int writers[2] = { -1, -1 }, readers[2] = { -1, -1 };
	int r = logger_start(&s->logger, u, want->id, want->ns, writers, readers, e);

	for (int i = 0; i < 2; i++) {
		s->out[i].guard = readers[i];
		if (s->terminal)
			s->out[i].to = writers[i];
		else
			s->child[i + 1] = writers[i];
	}
	return r;
}

static int open_output(struct streams *s, int i, const char *text, bool direct, struct err *e)
{
	auto_(uri) struct uri u = { 0 };
	int r = uri_parse(text, &u, e);

	if (r < 0 || u.kind == URI_NONE)
		return r;
	if (u.kind == URI_FIFO)
		return open_fifo(s, i, u.path, direct, e);
	if (u.kind == URI_FILE)
		return open_file(s, i, u.path, e);
	return err_set(e, EINVAL, "stream '%s': a logger is for both outputs", text);
}

/* A file or a logger that is named for the output takes the errors as well. */
static int open_outputs(struct streams *s, const struct streams_want *want, struct err *e)
{
	auto_(uri) struct uri u = { 0 };
	int r = uri_parse(want->out, &u, e);

	if (r < 0)
		return r;
	if (u.kind == URI_BINARY)
		return open_logger(s, &u, want, e);
	r = open_output(s, 0, want->out, want->direct, e);
	if (r < 0 || s->terminal)
		return r;
	if (u.kind == URI_FILE || (want->out && want->err && streq(want->out, want->err)))
		return share_output(s, e);
	return open_output(s, 1, want->err, want->direct, e);
}

/* A terminal whose output nobody wants is emptied all the same, or its program would wait. */
static int open_nowhere(struct streams *s, struct err *e)
{
	if (!s->terminal || s->out[0].to >= 0)
		return 0;
	s->out[0].to = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return s->out[0].to < 0 ? err_sys(e, "open '/dev/null'") : 0;
}

static int give_to_owner(const struct streams *s, const struct streams_want *want, struct err *e)
{
	struct stat st;

	if (want->uid == 0 && want->gid == 0)
		return 0;
	for (int i = 0; i < 3; i++)
		if (s->child[i] >= 0 && fstat(s->child[i], &st) == 0 && S_ISFIFO(st.st_mode) &&
		    fchown(s->child[i], want->uid, want->gid) < 0)
			return err_sys(e, "give the streams to user %u", want->uid);
	return 0;
}

int streams_open(struct streams *s, const struct streams_want *want, struct err *e)
{
	int r;

	s->terminal = want->terminal;
	r = open_input(s, want, e);
	if (r >= 0)
		r = open_outputs(s, want, e);
	if (r >= 0)
		r = open_nowhere(s, e);
	if (r >= 0)
		r = give_to_owner(s, want, e);
	if (r < 0) {
		streams_done(s);
		return r;
	}
	return s->logger.pid > 0 ? 0 : 1;
}
