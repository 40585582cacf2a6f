/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/call.h"

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
/* A pipe holds no more reads of CALL_TAIL_MAX than this. */
#define LAST_READS 64

void call_init(struct call *c, struct reaper *reaper, call_done_fn *done, void *ctx)
{
	*c = (struct call){
		.reaper = reaper,
		.child = CHILD_NONE,
		.outfd = -1,
		.out_src = { .fd = -1 },
		.done = done,
		.ctx = ctx,
	};
}

bool call_runs(const struct call *c)
{
	return c->child.reaper != NULL;
}

static void close_output(struct call *c)
{
	loop_remove(c->reaper->loop, &c->out_src);
	if (c->outfd >= 0)
		(void)close(c->outfd);
	c->outfd = -1;
}

static void forget_output(struct call *c)
{
	free(c->tail);
	c->tail = NULL;
	c->tail_len = 0;
}

static void end_expectation(struct reaper *r, enum runtime_verb verb)
{
	if (runtime_verb_makes(verb))
		reaper_expected(r);
}

void call_free(struct call *c)
{
	if (!c->reaper)
		return;
	if (call_runs(c)) {
		call_kill(c);
		child_forget(&c->child);
		end_expectation(c->reaper, c->verb);
	}
	close_output(c);
	forget_output(c);
}

/* ---- output ---- */

void call_note_output(struct call *c, const char *data, size_t len)
{
	size_t keep;

	if (!c->tail)
		c->tail = xcalloc(1, CALL_TAIL_MAX + 1);
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
		close_output(c);
	return false;
}

static int on_output(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		     struct err *e UNUSED)
{
	(void)take_output(s->ctx);
	return 0;
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
	return loop_add(c->reaper->loop, &c->out_src, p[0], EPOLLIN, on_output, c, e);
}

/* ---- the call ---- */

static void on_end(struct child *child, const struct child_end *end)
{
	struct call *c = (struct call *)((char *)child - offsetof(struct call, child));
	struct reaper *reaper = c->reaper;
	enum runtime_verb verb = c->verb;

	c->status = end->status;
	/* A hook that lives on and holds the other end is not waited for. */
	for (int i = 0; i < LAST_READS && c->outfd >= 0 && take_output(c); i++)
		;
	close_output(c);
	c->done(c, end->known && end->status == 0);
	/* Whom it left behind is known by now. */
	end_expectation(reaper, verb);
}

static off_t log_size(const char *log)
{
	struct stat st;

	return log && stat(log, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

static int spawn(struct call *c, const struct runtime *rt, const struct runtime_ask *ask,
		 const int fds[3], struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	struct proc_spec spec = {
		.path = rt->path,
		.fds = fds,
		.n_fds = 3,
		.die_with_parent = true,
		.nofile = c->reaper->nofile,
	};
	int pidfd = -1, r;
	pid_t pid = 0;

	runtime_argv(&argv, rt, c->verb, ask);
	spec.argv = strv_argv(&argv);
	r = proc_spawn(&spec, &pid, &pidfd, e);
	if (r < 0)
		return r;
	r = child_watch(&c->child, c->reaper, pid, pidfd, on_end, e);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* not collected yet, so the pid is its own */
	return r;
}

int call_start(struct call *c, const struct runtime *rt, enum runtime_verb verb,
	       const struct runtime_ask *ask, const int *stdio, struct err *e)
{
	autofd int writer = -1;
	int r = 0;

	c->verb = verb;
	c->log = rt->log;
	c->log_from = log_size(rt->log);
	c->status = 0;
	forget_output(c);
	if (!stdio)
		r = make_output(c, &writer, e);
	if (r >= 0)
		r = spawn(c, rt, ask, stdio ? stdio : (int[]){ -1, writer, writer }, e);
	if (r < 0) {
		close_output(c);
		return err_wrap(e, r, "%s", runtime_verb_name(verb));
	}
	if (runtime_verb_makes(verb))
		reaper_expect(c->reaper);
	return 0;
}

void call_kill(struct call *c)
{
	(void)child_signal(&c->child, SIGKILL);
}

/* ---- failure ---- */

/* What the runtime's log gained since the call began, or its end when that is much. */
static void read_log(const struct call *c, char *text)
{
	autofd int fd = c->log ? open(c->log, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	off_t from = c->log_from, size = log_size(c->log);
	ssize_t n = -1;

	if (size - from > (off_t)LOG_TAIL_MAX)
		from = size - (off_t)LOG_TAIL_MAX;
	if (fd >= 0)
		n = pread(fd, text, LOG_TAIL_MAX, from);
	text[n > 0 ? n : 0] = '\0';
}

int call_reason(const struct call *c, struct err *e)
{
	/* Not on the stack, whose pages stay: this happens once, if ever. */
	autofree char *log = xcalloc(1, LOG_TAIL_MAX + 1);

	read_log(c, log);
	return runtime_reason(log, c->tail ? c->tail : "", c->status, e);
}

int call_failure(const struct call *c, struct err *e)
{
	int r = call_reason(c, e);

	return err_wrap(e, r, "%s", runtime_verb_name(c->verb));
}
