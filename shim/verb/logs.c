/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/parse.h"
#include "shim/client/container_log.h"
#include "shim/client/follow.h"
#include "shim/client/point.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

struct logs_values {
	bool follow, timestamps;
	bool has_tail;
	uint64_t tail;
	struct follow_window window;
};

static int set_tail(void *values, const char *text, struct err *e)
{
	struct logs_values *v = values;

	v->has_tail = !streq(text, "all");
	if (v->has_tail && parse_u64(text, &v->tail) < 0)
		return err_set(e, EINVAL, "'%s' is neither a number nor 'all'", text);
	return 0;
}

static int set_since(void *values, const char *text, struct err *e)
{
	struct follow_window *w = &((struct logs_values *)values)->window;

	w->has_since = true;
	return point_parse_now(text, &w->since, e);
}

static int set_until(void *values, const char *text, struct err *e)
{
	struct follow_window *w = &((struct logs_values *)values)->window;

	w->has_until = true;
	return point_parse_now(text, &w->until, e);
}

static const struct opt opts[] = {
	{ .letter = 'f',
	  .name = "follow",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct logs_values, follow),
	  .help = "go on until the container has ended" },
	{ .letter = 't',
	  .name = "timestamps",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct logs_values, timestamps),
	  .help = "begin each line with its time" },
	{ .letter = 'n',
	  .name = "tail",
	  .kind = OPT_CALL,
	  .call = set_tail,
	  .arg = "N",
	  .help = "begin with the last N lines, counted over both streams; all by default" },
	{ .name = "since",
	  .kind = OPT_CALL,
	  .call = set_since,
	  .arg = "TIME",
	  .help = "only lines from then on: 10m (ago), 2026-01-02T15:04:05Z, 2026-01-02 (local "
		  "time), or seconds since 1970" },
	{ .name = "until",
	  .kind = OPT_CALL,
	  .call = set_until,
	  .arg = "TIME",
	  .help = "only lines up to then; with -f, end when that time has come" },
	OPT_END,
};

static int open_log(struct follow *f, const struct entry *en, const struct logs_values *v,
		    struct err *e)
{
	struct follow_log log = { 0 };
	int r = container_log(en->rec, &log, e);

	if (r >= 0)
		r = follow_open(f, &log, e);
	if (r < 0)
		return r;
	f->timestamps = v->timestamps;
	f->window = v->window;
	return v->has_tail ? follow_tail(f, v->tail, e) : 0;
}

static int print_all(struct follow *f, struct err *e)
{
	int r;

	do
		r = follow_step(f, e);
	while (r > 0 && !f->past_window);
	return r;
}

/* Milliseconds until the window ends, -1: never. */
static int time_left(const struct follow_window *w)
{
	struct timespec now;
	int64_t ms;

	if (!w->has_until)
		return -1;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ms = (int64_t)(w->until.tv_sec - now.tv_sec) * 1000 +
	     (w->until.tv_nsec - now.tv_nsec) / 1000000 + 1;
	return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Wait until the log grew or the supervisor, the only one who writes to it, has ended, or the
 * window.  Returns 1 in the last two cases. */
static int wait_more(const struct follow *f, int supervisor, struct err *e)
{
	struct pollfd p[2] = { { .fd = f->inotifyfd, .events = POLLIN },
			       { .fd = supervisor, .events = POLLIN } };
	char drop[4096];
	int n = poll(p, 2, time_left(&f->window));

	if (n < 0 && errno != EINTR)
		return err_sys(e, "wait for output");
	if (p[0].revents)
		(void)!read(f->inotifyfd, drop,
			    sizeof(drop)); /* that the log grew is all there is to know */
	return n == 0 || p[1].revents != 0;
}

static int follow_to_end(struct follow *f, const struct entry *en, struct err *e)
{
	bool ended = en->supervisor < 0;
	int r = follow_watch(f, e);

	while (r >= 0) {
		r = print_all(f, e);
		if (r < 0 || ended || f->past_window)
			return r;
		r = wait_more(f, en->supervisor, e);
		ended = r > 0;
	}
	return r;
}

/* What the log itself cannot say. */
static void print_problems(const struct entry *en)
{
	autofree char *text = NULL;
	char *save = NULL;

	if (file_read_at(en->dirfd, RECORD_PROBLEM, RECORD_PROBLEM_MAX, &text, NULL, NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_warning("%s", line);
}

/* Judge anew: the supervisor may have died while we followed. */
static int check_lost(const char *state, const char *id, struct err *e)
{
	auto_(entry) struct entry now = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };

	/* A container that removes itself is not there any more, and did not get lost. */
	if (entry_open(&now, state, id, NULL) < 0 || now.status != ENTRY_LOST)
		return 0;
	return entry_lost(&now, e);
}

static int logs(const char *state, const struct logs_values *v, const char *id, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	auto_(follow) struct follow f = FOLLOW_NONE;
	int r = entry_open(&en, state, id, e);

	if (r < 0)
		return r;
	if (!en.rec)
		return entry_lost(&en, e);
	r = open_log(&f, &en, v, e);
	if (r < 0)
		return r;
	r = v->follow ? follow_to_end(&f, &en, e) : print_all(&f, e);
	print_problems(&en);
	return r < 0 ? r : check_lost(state, id, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct shim_globals *g = global;
	int r = logs(g->state, values, args[0], e);

	return r < 0 ? err_wrap(e, r, "logs '%s'", args[0]) : 0;
}

const struct verb verb_logs = {
	.name = "logs",
	.args = "ID",
	.summary = "print what a container wrote",
	.details =
		"Standard output and standard error are kept apart: each is printed to its own, byte for "
		"byte as the container wrote it.\n"
		"\n"
		"Files that were rotated are part of the log; with -f, a rotation neither loses a line nor "
		"doubles one. A line has the time of its first byte, and --tail counts lines between "
		"--since and --until.\n"
		"\n"
		"With -f, logs ends when everything was printed and the supervisor has ended.",
	.opts = opts,
	.opts_size = sizeof(struct logs_values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
