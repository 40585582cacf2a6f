/* SPDX-License-Identifier: Apache-2.0 */
/* What `run` starts: not for people. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "shim/client/launch.h"
#include "shim/task/task.h"
#include "shim/verb/verbs.h"

/* A caller that is stopped must not keep the supervisor for ever. */
#define HOLD_TIMEOUT_MS 10000

struct supervise_values {
	bool attached;
	uint32_t rows, columns;
};

static const struct opt opts[] = {
	{ .name = "attached",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct supervise_values, attached),
	  .help = "descriptor 5 is the first client" },
	{ .name = "rows",
	  .kind = OPT_U32,
	  .offset = offsetof(struct supervise_values, rows),
	  .arg = "N",
	  .help = "height of the terminal" },
	{ .name = "columns",
	  .kind = OPT_U32,
	  .offset = offsetof(struct supervise_values, columns),
	  .arg = "N",
	  .help = "width of the terminal" },
	OPT_END,
};

/* The front for `run`: one report, then nobody listens any more. */
struct solo {
	struct task task;
	struct arena a; /* owns what the record wanted says */
	int reportfd;   /* stays open: the caller closes its end when it has found the record */
	struct loop_source report_src;
};

static void report(struct solo *s, const struct err *outcome)
{
	loop_remove(&s->task.loop, &s->report_src);
	(void)send(s->reportfd, outcome, sizeof(*outcome), MSG_NOSIGNAL);
}

static void on_started(struct task *t, pid_t pid UNUSED)
{
	report(t->front_ctx, &(struct err){ 0 });
}

static void on_failed(struct task *t, const struct err *why)
{
	report(t->front_ctx, why);
}

static void on_exited(struct task *t UNUSED, const struct exit_record *x UNUSED)
{
	/* Who waits watches the record. */
}

/* A container may end and remove its record before the caller has opened that. */
static void on_ended(struct task *t)
{
	const struct solo *s = t->front_ctx;
	struct pollfd p = { .fd = s->reportfd, .events = 0 };

	if (t->rec.auto_remove)
		(void)poll(&p, 1, HOLD_TIMEOUT_MS);
}

static const struct task_front solo_front = {
	.started = on_started,
	.failed = on_failed,
	.exited = on_exited,
	.ended = on_ended,
};

static int on_caller_gone(struct loop *l, struct loop_source *src, uint32_t events UNUSED,
			  struct err *e UNUSED)
{
	struct solo *s = src->ctx;

	loop_remove(l, src);
	task_post(&s->task, TASK_EV_CALLER_GONE);
	return 0;
}

static int prepare(struct solo *s, const struct supervise_values *v, struct err *e)
{
	struct task *t = &s->task;
	int r;

	t->terminal.size = (struct ctl_size){
		.rows = (unsigned short)v->rows,
		.cols = (unsigned short)v->columns,
	};
	if (v->attached) {
		r = clients_add(&t->clients, LAUNCH_CLIENT_FD, e);
		if (r < 0)
			return r;
	}
	/* Nothing is ever sent to us here: only the hang-up is of interest, which always comes. */
	return loop_add(&t->loop, &s->report_src, s->reportfd, 0, on_caller_gone, s, e);
}

static int check_reportfd(struct err *e)
{
	struct stat st;

	if (fstat(LAUNCH_REPORT_FD, &st) < 0 || !S_ISSOCK(st.st_mode))
		return err_set(e, EINVAL, "supervise is started by run, not by hand");
	return fd_cloexec_from(LAUNCH_REPORT_FD, e);
}

static int begin(struct solo *s, const struct supervise_values *v, const char *dir, struct err *e)
{
	struct record *wanted = NULL;
	int r = record_read_fd(LAUNCH_RECORD_FD, &s->a, &wanted, e);

	if (r < 0)
		return r;
	(void)close(LAUNCH_RECORD_FD);
	r = task_init(&s->task, dir, wanted, &solo_front, s, e);
	if (r < 0)
		return r;
	r = prepare(s, v, e);
	if (r >= 0)
		return 0;
	task_remove_record(&s->task, true);
	task_done(&s->task);
	return r;
}

static int supervise(struct solo *s, const struct supervise_values *v, const char *dir,
		     struct err *e)
{
	int r = begin(s, v, dir, e);

	if (r < 0) {
		(void)send(s->reportfd, e, sizeof(*e), MSG_NOSIGNAL);
		return r;
	}
	r = task_run(&s->task, e);
	task_done(&s->task);
	return r;
}

static int run(const void *global UNUSED, void *values, char *const *args, int n UNUSED,
	       struct err *e)
{
	static struct solo s = { .reportfd = LAUNCH_REPORT_FD, .report_src = { .fd = -1 } };
	int r = check_reportfd(e);

	if (r < 0)
		return r;
	r = supervise(&s, values, args[0], e);
	return r < 0 ? err_wrap(e, r, "supervise '%s'", path_base(args[0])) : r;
}

const struct verb verb_supervise = {
	.name = "supervise",
	.args = "DIR",
	.summary = "work by the record in a directory",
	.opts = opts,
	.opts_size = sizeof(struct supervise_values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.hidden = true,
	.run = run,
};
