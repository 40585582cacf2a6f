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
#include "shim/solo/solo.h"
#include "shim/verb/verbs.h"

/* A caller that is stopped must not keep the supervisor for ever. */
#define HOLD_TIMEOUT_MS 10000

struct supervise_values {
	bool attached, again;
	uint32_t rows, columns;
};

static const struct opt opts[] = {
	{ .name = "attached",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct supervise_values, attached),
	  .help = "descriptor 5 is the first client" },
	{ .name = "again",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct supervise_values, again),
	  .help = "the record is there, of a container that has ended" },
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

/* The caller is `run`: one report, then nobody listens any more. */
struct supervisor {
	struct solo solo;
	struct arena a; /* owns what the record wanted says */
	int reportfd;   /* stays open: the caller closes its end when it has found the record */
	struct loop_source report_src;
};

static void on_told(struct solo *s, const struct err *why)
{
	struct supervisor *v = s->ctx;

	loop_remove(&s->loop, &v->report_src);
	(void)send(v->reportfd, why ? why : &(struct err){ 0 }, sizeof(*why), MSG_NOSIGNAL);
}

/* A container may end and remove its record before the caller has opened that. */
static void on_ended(struct solo *s)
{
	const struct supervisor *v = s->ctx;
	struct pollfd p = { .fd = v->reportfd, .events = 0 };

	if (s->rec.auto_remove)
		(void)poll(&p, 1, HOLD_TIMEOUT_MS);
}

static const struct solo_caller caller = {
	.told = on_told,
	.ended = on_ended,
};

static int on_caller_gone(struct loop *l, struct loop_source *src, uint32_t events UNUSED,
			  struct err *e UNUSED)
{
	struct supervisor *v = src->ctx;

	loop_remove(l, src);
	solo_caller_gone(&v->solo);
	return 0;
}

static int prepare(struct supervisor *v, const struct supervise_values *values, struct err *e)
{
	struct solo *s = &v->solo;
	int r;

	s->terminal.size = (struct ctl_size){
		.rows = (unsigned short)values->rows,
		.cols = (unsigned short)values->columns,
	};
	if (values->attached) {
		r = clients_add(&s->clients, LAUNCH_CLIENT_FD, e);
		if (r < 0)
			return r;
	}
	/* Nothing is ever sent to us here: only the hang-up is of interest, which always comes. */
	return loop_add(&s->loop, &v->report_src, v->reportfd, 0, on_caller_gone, v, e);
}

static int check_reportfd(struct err *e)
{
	struct stat st;

	if (fstat(LAUNCH_REPORT_FD, &st) < 0 || !S_ISSOCK(st.st_mode))
		return err_set(e, EINVAL, "supervise is started by run, not by hand");
	return fd_cloexec_from(LAUNCH_REPORT_FD, e);
}

static int begin(struct supervisor *v, const struct supervise_values *values, const char *dir,
		 struct err *e)
{
	struct record *wanted = NULL;
	int r = record_read_fd(LAUNCH_RECORD_FD, &v->a, &wanted, e);

	if (r < 0)
		return r;
	(void)close(LAUNCH_RECORD_FD);
	r = solo_init(&v->solo, dir, wanted, values->again, &caller, v, e);
	if (r < 0)
		return r;
	r = prepare(v, values, e);
	if (r >= 0)
		return 0;
	solo_undo_record(&v->solo);
	solo_done(&v->solo);
	return r;
}

static int supervise(struct supervisor *v, const struct supervise_values *values, const char *dir,
		     struct err *e)
{
	int r = begin(v, values, dir, e);

	if (r < 0) {
		(void)send(v->reportfd, e, sizeof(*e), MSG_NOSIGNAL);
		return r;
	}
	r = solo_run(&v->solo, e);
	solo_done(&v->solo);
	return r;
}

static int run(const void *global UNUSED, void *values, char *const *args, int n UNUSED,
	       struct err *e)
{
	static struct supervisor v = { .reportfd = LAUNCH_REPORT_FD, .report_src = { .fd = -1 } };
	int r = check_reportfd(e);

	if (r < 0)
		return r;
	r = supervise(&v, values, args[0], e);
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
