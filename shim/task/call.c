/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/task/call.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

/* The end of the runtime's log that is searched for its error. */
#define LOG_TAIL_MAX ((size_t)16 << 10)

void call_init(struct call *c, struct loop *loop)
{
	*c = (struct call){
		.loop = loop,
		.pidfd = -1,
		.outfd = -1,
		.exit_src = { .fd = -1 },
		.out_src = { .fd = -1 },
	};
}

static void close_watched(struct call *c, struct loop_source *s, int *fd)
{
	loop_remove(c->loop, s);
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void call_done(struct call *c)
{
	call_kill(c);
	close_watched(c, &c->exit_src, &c->pidfd);
	close_watched(c, &c->out_src, &c->outfd);
}

void call_note_output(struct call *c, const char *data, size_t len)
{
	size_t keep;

	if (len >= CALL_TAIL_MAX) {
		data += len - CALL_TAIL_MAX;
		len = CALL_TAIL_MAX;
	}
	keep = c->tail_len + len > CALL_TAIL_MAX ? CALL_TAIL_MAX - len : c->tail_len;
	memmove(c->tail, c->tail + c->tail_len - keep, keep);
	memcpy(c->tail + keep, data, len);
	c->tail_len = keep + len;
	c->tail[c->tail_len] = '\0';
}

/* One read of the runtime's output.  Returns false at its end or when nothing is there. */
static bool take_output(struct call *c)
{
	char buf[CALL_TAIL_MAX];
	ssize_t n = read(c->outfd, buf, sizeof(buf));

	if (n > 0) {
		call_note_output(c, buf, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_watched(c, &c->out_src, &c->outfd);
	return false;
}

static int on_output(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		     struct err *e UNUSED)
{
	(void)take_output(s->ctx);
	return 0;
}

static int on_call_exit(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
			struct err *e)
{
	struct call *c = s->ctx;
	int r = proc_wait(c->pid, &c->status, e);

	if (r < 0)
		return r;
	c->pid = 0;
	close_watched(c, &c->exit_src, &c->pidfd);
	/* At most a pipe's worth; a hook that lives on and holds the other end is not waited for.
	 */
	for (int i = 0; i < 64 && c->outfd >= 0 && take_output(c); i++)
		;
	close_watched(c, &c->out_src, &c->outfd);
	c->done(c->ctx, c->status == 0);
	return 0;
}

static off_t log_size(int dirfd)
{
	struct stat st;

	return fstatat(dirfd, RECORD_RUNTIME_LOG, &st, 0) < 0 ? 0 : st.st_size;
}

static int make_output(struct call *c, int *ret_writer, struct err *e)
{
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	c->outfd = p[0];
	*ret_writer = p[1];
	r = fd_set_nonblock(p[0], true, e);
	if (r < 0)
		return r;
	return loop_add(c->loop, &c->out_src, p[0], EPOLLIN, on_output, c, e);
}

static int spawn(struct call *c, const struct call_target *t, const int fds[3], struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	struct proc_spec spec = {
		.path = t->rec->runtime,
		.fds = fds,
		.n_fds = 3,
		.die_with_parent = true,
	};

	runtime_argv(&argv, c->kind, t->rec, t->dir, t->console);
	spec.argv = strv_argv(&argv);
	return proc_spawn(&spec, &c->pid, &c->pidfd, e);
}

int call_start(struct call *c, enum runtime_call kind, const struct call_target *target,
	       const int *stdio, struct err *e)
{
	autofd int writer = -1;
	int r;

	c->kind = kind;
	c->tail_len = 0;
	c->tail[0] = '\0';
	c->log_from = log_size(target->dirfd);
	if (stdio) {
		r = spawn(c, target, stdio, e);
	} else {
		r = make_output(c, &writer, e);
		if (r >= 0)
			r = spawn(c, target, (int[]){ -1, writer, writer }, e);
	}
	if (r < 0)
		return err_wrap(e, r, "%s", runtime_call_name(kind));
	return loop_add(c->loop, &c->exit_src, c->pidfd, EPOLLIN, on_call_exit, c, e);
}

/* What the runtime's log gained since the call began, or its end when that is much. */
static void read_log(const struct call *c, int dirfd, char *text)
{
	autofd int fd = openat(dirfd, RECORD_RUNTIME_LOG, O_RDONLY | O_CLOEXEC);
	off_t from = c->log_from, size = log_size(dirfd);
	ssize_t n = -1;

	if (size - from > (off_t)LOG_TAIL_MAX)
		from = size - (off_t)LOG_TAIL_MAX;
	if (fd >= 0)
		n = pread(fd, text, LOG_TAIL_MAX, from);
	text[n > 0 ? n : 0] = '\0';
}

int call_failure(const struct call *c, int dirfd, struct err *e)
{
	/* Not on the stack, whose pages stay: this happens once, if ever. */
	autofree char *log = xcalloc(1, LOG_TAIL_MAX + 1);

	read_log(c, dirfd, log);
	return runtime_failure(c->kind, log, c->tail, c->status, e);
}

void call_kill(struct call *c)
{
	if (c->pid > 0)
		(void)sys_pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
}
