/* SPDX-License-Identifier: Apache-2.0 */
/* The container's input and output: where they come from and where they go. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/io/pipe.h"
#include "shim/solo/solo.h"

int solo_open_stdio(struct process *p, int stdio[3], struct err *e)
{
	struct solo *s = p->ctx;
	int r = 0;

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
	if (s->log.lost == 0)
		return;
	if (final)
		solo_note_problem(s, "log: %llu bytes of output were lost: %s",
				  (unsigned long long)s->log.lost, strerror(s->log.lost_errno));
	else if (!s->lost_noted)
		solo_note_problem(s, "log: output is being lost: %s", strerror(s->log.lost_errno));
	s->lost_noted = true;
}

void solo_take_output(void *ctx, enum stream tag, const char *data, size_t len)
{
	struct solo *s = ctx;
	bool heard = s->clients.n > 0;
	uint64_t offset = heard ? logfile_end(&s->log) : 0;
	struct timespec now;
	bool in_log;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	in_log = logfile_write(&s->log, tag, now, data, len);
	if (!in_log)
		solo_note_lost(s, false);
	/* Until create is done the runtime itself writes there: it may be the reason of a failure.
	 */
	if (s->init.state == PROCESS_CREATING && tag == STREAM_STDERR)
		process_note_stderr(&s->init, data, len);
	if (heard)
		clients_send(&s->clients, tag, data, len, in_log, offset);
}
