/* SPDX-License-Identifier: Apache-2.0 */
/* The container's input and output: where they come from and where they go. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "shim/io/pipe.h"
#include "shim/solo/solo.h"

/* What `run` was given is ours, and the container's too. */
static int share_stdio(int stdio[3], struct err *e)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		stdio[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (stdio[fd] < 0)
			return err_sys(e, "duplicate descriptor %d", fd);
	}
	return 0;
}

int solo_open_stdio(struct process *p, int stdio[3], struct err *e)
{
	struct solo *s = p->ctx;
	int r = 0;

	if (s->log.passthrough)
		return share_stdio(stdio, e);
	if (s->rec.interactive)
		r = pipe_from_input(&s->input, &stdio[0], e);
	if (r >= 0)
		r = pipe_to_output(&s->output, STREAM_STDOUT, &stdio[1], e);
	return r < 0 ? r : pipe_to_output(&s->output, STREAM_STDERR, &stdio[2], e);
}

/* Two descriptors, for one cannot be in the loop twice. */
int solo_take_terminal(struct process *p, int master, struct err *e)
{
	struct solo *s = p->ctx;
	int in = fcntl(master, F_DUPFD_CLOEXEC, 3);
	int r = output_add_terminal(&s->output, master, e);

	if (r < 0)
		return r;
	if (in < 0)
		return err_sys(e, "duplicate the terminal");
	r = input_open(&s->input, in, e);
	return r < 0 ? r : terminal_use(&s->terminal, master, e);
}

void solo_note_lost(struct solo *s, bool final)
{
	auto_(strbuf) struct strbuf text = { .max = RECORD_PROBLEM_MAX };

	if (!logset_is_troubled(&s->log) || (s->lost_noted && !final))
		return;
	if (final)
		logset_troubles(&s->log, &text);
	else
		logset_troubles_now(&s->log, &text);
	/* A line each, of which the last gets its newline with the others. */
	solo_note_problem(s, "%.*s", (int)text.len - 1, strbuf_str(&text));
	s->lost_noted = true;
}

/* Where the next batch will be found, asked before it is written. */
static struct frame_behind next_place(const struct solo *s, enum stream tag)
{
	struct log_place p = { 0 };
	bool in_log = logset_where(&s->log, tag, &p);

	return (struct frame_behind){
		.in_log = in_log,
		.offset = p.offset,
		.skip = p.skip,
		.dev = p.file.dev,
		.ino = p.file.ino,
		.made_ns = p.file.made_ns,
	};
}

void solo_take_output(void *ctx, enum stream tag, const char *data, size_t len)
{
	struct solo *s = ctx;
	bool heard = s->clients.n > 0;
	struct frame_behind where = { 0 };
	struct timespec now;

	if (heard)
		where = next_place(s, tag);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!logset_write(&s->log, tag, now, data, len))
		where.in_log = false;
	solo_note_lost(s, false);
	/* Until create is done the runtime itself writes there: it may be the reason of a failure.
	 */
	if (s->init.state == PROCESS_CREATING && tag == STREAM_STDERR)
		process_note_stderr(&s->init, data, len);
	if (!heard)
		return;
	clients_send(&s->clients, tag, data, len, &where);
	if (clients_are_behind(&s->clients))
		output_pause(&s->output);
}
