/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/tty.h"
#include "shim/conmon/log_dirs.h"
#include "shim/conmon/place.h"
#include "shim/conmon/say.h"
#include "shim/core/memory.h"

/* A process of any user opens /dev/stdout anew through /proc, which asks for the pipe's mode. */
#define PIPE_MODE 0666

/* ---- output ---- */

static void tell_loss(struct traffic *t)
{
	auto_(strbuf) struct strbuf text = { .max = 4096 };

	if (t->told_loss || !logset_is_troubled(&t->log))
		return;
	t->told_loss = true;
	logset_troubles(&t->log, &text);
	say(t->o, LOG_LEVEL_ERROR, true, strbuf_str(&text));
}

static void deliver(struct traffic *t, enum stream tag, const char *data, size_t len)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!logset_write(&t->log, tag, now, data, len))
		tell_loss(t);
	clients_send(&t->clients, tag, data, len, NULL);
	if (clients_are_behind(&t->clients))
		output_pause(&t->output);
}

static void end_early(struct traffic *t)
{
	t->is_early = false;
	if (t->early.len > 0)
		deliver(t, STREAM_STDERR, t->early.data, t->early.len);
	strbuf_done(&t->early);
}

static void sink(void *ctx, enum stream tag, const char *data, size_t len)
{
	struct traffic *t = ctx;

	if (t->is_early && tag == STREAM_STDERR) {
		if (t->early.len + len <= TRAFFIC_EARLY_MAX) {
			strbuf_add(&t->early, data, len);
			return;
		}
		end_early(t);
	}
	deliver(t, tag, data, len);
}

static void on_output_ended(void *ctx UNUSED)
{
	/* A daemon that closed its output; the exit is what counts. */
}

static void on_quiet(void *ctx)
{
	logset_trim(&((struct traffic *)ctx)->log);
}

static void on_caught_up(void *ctx)
{
	struct traffic *t = ctx;

	(void)output_resume(&t->output, NULL);
	memory_give_back();
	t->caught_up(t->ctx);
}

static void on_input_ready(void *ctx, bool ready)
{
	clients_want_input(&((struct traffic *)ctx)->clients, ready);
}

/* ---- logs ---- */

/* -1 and whatever is below stands for no limit. */
static uint64_t limit(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* A file has no place for them. */
static int check_fields(const struct traffic *t, struct err *e)
{
	for (size_t i = 0; i < t->log.n; i++)
		if (t->log.driver[i].kind == LOG_JOURNAL)
			return 0;
	if (t->log.n > 0 && t->o->log_tag)
		return err_set(e, EINVAL, "option '--log-tag' needs the log driver journald");
	if (t->log.n > 0 && t->o->log_labels.n > 0)
		return err_set(e, EINVAL, "option '--log-label' needs the log driver journald");
	if (t->o->no_partial_message)
		log_warning("option '--no-container-partial-message' is for the log driver "
			    "journald, which is not asked for");
	return 0;
}

static int open_logs(struct traffic *t, struct err *e)
{
	const struct conmon_opts *o = t->o;
	struct logset_opts how = {
		.limits = {
			.max_size = limit(o->log_size_max),
			.total_max = limit(o->log_global_size_max),
			.max_files = o->log_rotate ? (unsigned)o->log_max_files + 1 : 1,
		},
		.local_time = true,
		.source = {
			.id = o->cid,
			.name = o->name,
			.tag = o->log_tag,
			.labels = o->log_labels.v,
			.no_partial_mark = o->no_partial_message,
		},
	};
	int r = 0;

	for (size_t i = 0; i < o->log_paths.n && r >= 0; i++) {
		r = log_dirs_check(&o->log_allowlist, o->log_paths.v[i], e);
		if (r >= 0)
			r = logset_add(&t->log, o->log_paths.v[i], &how, e);
	}
	return r < 0 ? r : check_fields(t, e);
}

int traffic_init(struct traffic *t, const struct conmon_opts *o, struct err *e)
{
	int r;

	*t = (struct traffic){ .o = o, .is_early = true, .master = -1 };
	r = open_logs(t, e);
	if (r < 0)
		logset_close(&t->log);
	return r;
}

static void rotate_files(struct traffic *t)
{
	for (size_t i = 0; i < t->log.n; i++) {
		const struct log_driver *d = &t->log.driver[i];
		int fd = d->kind == LOG_FILE ? rotate(d->file.path, d->file.limits.max_files, NULL)
					     : -1;

		if (fd >= 0)
			(void)close(fd);
	}
}

void traffic_reopen(struct traffic *t)
{
	struct err e = { 0 };

	if (t->o->log_rotate)
		rotate_files(t);
	if (logset_reopen(&t->log, &e) < 0)
		say(t->o, LOG_LEVEL_ERROR, true, e.msg);
}

/* ---- life ---- */

int traffic_start(struct traffic *t, struct loop *loop, void (*caught_up)(void *ctx), void *ctx,
		  struct err *e)
{
	int r;

	t->caught_up = caught_up;
	t->ctx = ctx;
	input_init(&t->input, loop);
	t->input.ready = on_input_ready;
	t->input.ctx = t;
	/* Who attaches to an exec session is there before its pipe is. */
	t->input.awaited = t->o->terminal || t->o->interactive;
	r = output_init(&t->output, loop, e);
	if (r < 0)
		return r;
	t->output.sink = sink;
	t->output.ended = on_output_ended;
	t->output.quiet = on_quiet;
	t->output.ctx = t;
	clients_init(&t->clients, loop, &t->input, t->output.buffer);
	t->clients.max = TRAFFIC_CLIENTS;
	t->clients.slow = CLIENTS_WAIT;
	t->clients.caught_up = on_caught_up;
	t->clients.ctx = t;
	t->clients.interactive = t->o->interactive && !t->o->leave_stdin_open;
	t->clients.hangup_ends_input = true;
	t->loop = loop;
	return 0;
}

void traffic_done(struct traffic *t)
{
	if (t->loop) {
		clients_done(&t->clients);
		input_done(&t->input);
		output_done(&t->output);
	}
	if (t->master >= 0)
		(void)close(t->master);
	t->master = -1;
	strbuf_done(&t->early);
	logset_close(&t->log);
}

int traffic_listen(struct traffic *t, int bundlefd, struct err *e)
{
	if (unlinkat(bundlefd, PLACE_ATTACH, 0) < 0 && errno != ENOENT)
		return err_sys(e, "replace '%s'", PLACE_ATTACH);
	return clients_listen(&t->clients, bundlefd, PLACE_ATTACH, e);
}

static int make_pipe(int *ret_reader, int *ret_writer, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	(void)fchmod(p[0], PIPE_MODE);
	*ret_reader = p[0];
	*ret_writer = p[1];
	return 0;
}

static int give_output(struct traffic *t, enum stream tag, int *ret_writer, struct err *e)
{
	int reader = -1;
	int r = make_pipe(&reader, ret_writer, e);

	return r < 0 ? r : output_add_pipe(&t->output, tag, reader, e);
}

static int give_input(struct traffic *t, int *ret_reader, struct err *e)
{
	int writer = -1;
	int r = make_pipe(ret_reader, &writer, e);

	return r < 0 ? r : input_open(&t->input, writer, e);
}

/* Standard error is a pipe also beside a terminal: the runtime may have something to say. */
int traffic_give(struct traffic *t, int stdio[3], struct err *e)
{
	int r = 0;

	if (!t->o->terminal && t->o->interactive)
		r = give_input(t, &stdio[0], e);
	if (r >= 0 && !t->o->terminal)
		r = give_output(t, STREAM_STDOUT, &stdio[1], e);
	return r < 0 ? r : give_output(t, STREAM_STDERR, &stdio[2], e);
}

static int take_terminal(struct traffic *t, int master, struct err *e)
{
	/* Three descriptors: one cannot be in the loop twice, and the size outlives both. */
	int in = fcntl(master, F_DUPFD_CLOEXEC, 3), r;

	t->master = fcntl(master, F_DUPFD_CLOEXEC, 3);
	r = output_add_terminal(&t->output, master, e);
	if (r < 0 || in < 0 || t->master < 0) {
		int why = r < 0 ? r : err_sys(e, "duplicate the terminal");

		if (in >= 0)
			(void)close(in);
		return why;
	}
	return input_open(&t->input, in, e);
}

int traffic_go(struct traffic *t, int master, struct err *e)
{
	end_early(t);
	return master < 0 ? 0 : take_terminal(t, master, e);
}

const char *traffic_early(struct traffic *t)
{
	if (!t->loop)
		return "";
	output_drain(&t->output);
	return strbuf_str(&t->early);
}

void traffic_resize(struct traffic *t, struct ctl_size size)
{
	if (t->master >= 0)
		(void)tty_set_size(t->master, size.rows, size.cols, NULL);
}

void traffic_end(struct traffic *t, bool drain)
{
	if (!t->loop)
		return;
	t->output.init_gone = true;
	if (drain)
		output_drain(&t->output);
	output_close(&t->output);
	input_close(&t->input);
	t->input.awaited = false;
	if (!t->o->no_sync_log)
		(void)logset_sync(&t->log, NULL);
	t->told_loss = false;
	tell_loss(t);
	logset_close(&t->log);
}

bool traffic_is_behind(const struct traffic *t)
{
	return clients_are_behind(&t->clients);
}

void traffic_close(struct traffic *t)
{
	if (!t->loop)
		return;
	loop_remove(t->loop, &t->clients.listen);
	if (t->clients.listenfd >= 0)
		(void)close(t->clients.listenfd);
	t->clients.listenfd = -1;
	if (!traffic_is_behind(t))
		clients_close(&t->clients);
}
