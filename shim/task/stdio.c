/* SPDX-License-Identifier: Apache-2.0 */
/* The container's input and output: where they come from and where they go. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "shim/task/task.h"

/* A process of any user opens /dev/stdout anew through /proc, which asks for the pipe's mode. */
#define PIPE_MODE 0666

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

static int open_output(struct task *t, enum stream tag, int *ret_writer, struct err *e)
{
	int reader = -1;
	int r = make_pipe(&reader, ret_writer, e);

	return r < 0 ? r : output_add_pipe(&t->output, tag, reader, e);
}

static int open_input(struct task *t, int *ret_reader, struct err *e)
{
	int writer = -1, r;

	if (!t->rec.interactive)
		return 0;
	r = make_pipe(ret_reader, &writer, e);
	return r < 0 ? r : input_open(&t->input, writer, e);
}

int task_open_stdio(struct task *t, int stdio[3], struct err *e)
{
	int r = open_input(t, &stdio[0], e);

	if (r < 0)
		return r;
	r = open_output(t, STREAM_STDOUT, &stdio[1], e);
	if (r < 0)
		return r;
	return open_output(t, STREAM_STDERR, &stdio[2], e);
}

void task_note_lost(struct task *t, bool final)
{
	if (t->log.lost == 0)
		return;
	if (final)
		task_note_problem(t, "log: %llu bytes of output were lost: %s",
				  (unsigned long long)t->log.lost, strerror(t->log.lost_errno));
	else if (!t->lost_noted)
		task_note_problem(t, "log: output is being lost: %s", strerror(t->log.lost_errno));
	t->lost_noted = true;
}

void task_take_output(void *ctx, enum stream tag, const char *data, size_t len)
{
	struct task *t = ctx;
	bool heard = t->clients.n > 0;
	uint64_t offset = heard ? logfile_end(&t->log) : 0;
	struct timespec now;
	bool in_log;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	in_log = logfile_write(&t->log, tag, now, data, len);
	if (!in_log)
		task_note_lost(t, false);
	/* Until create is done the runtime itself writes there: it may be the reason of a failure.
	 */
	if (t->state == TASK_CREATING && tag == STREAM_STDERR)
		call_note_output(&t->call, data, len);
	if (heard)
		clients_send(&t->clients, tag, data, len, in_log, offset);
}
