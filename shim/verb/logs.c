/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/parse.h"
#include "shim/client/follow.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

struct logs_values {
	bool follow, timestamps;
	bool has_tail;
	uint64_t tail;
};

static int set_tail(void *values, const char *text, struct err *e)
{
	struct logs_values *v = values;

	v->has_tail = !streq(text, "all");
	if (v->has_tail && parse_u64(text, &v->tail) < 0)
		return err_set(e, EINVAL, "'%s' is neither a number nor 'all'", text);
	return 0;
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
	OPT_END,
};

static int open_log(struct follow *f, const struct entry *en, const struct logs_values *v,
		    struct err *e)
{
	int r = follow_open(f, en->rec->log_path, e);

	if (r < 0)
		return r;
	f->timestamps = v->timestamps;
	return v->has_tail ? follow_tail(f, v->tail, e) : 0;
}

static int print_all(struct follow *f, struct err *e)
{
	int r;

	do
		r = follow_step(f, e);
	while (r > 0);
	return r;
}

/* Wait until the log grew or the supervisor, the only one who writes to it, has ended.  Returns 1
 * then. */
static int wait_more(int inotifyfd, int supervisor, struct err *e)
{
	struct pollfd p[2] = { { .fd = inotifyfd, .events = POLLIN },
			       { .fd = supervisor, .events = POLLIN } };
	char drop[4096];

	if (poll(p, 2, -1) < 0 && errno != EINTR)
		return err_sys(e, "wait for output");
	if (p[0].revents)
		(void)!read(inotifyfd, drop,
			    sizeof(drop)); /* that the log grew is all there is to know */
	return p[1].revents != 0;
}

static int follow_to_end(struct follow *f, const struct entry *en, struct err *e)
{
	autofd int in = follow_watch(f, e);
	int ended = en->supervisor < 0;

	if (in < 0)
		return in;
	for (;;) {
		int r = print_all(f, e);

		if (r < 0 || ended)
			return r;
		ended = wait_more(in, en->supervisor, e);
		if (ended < 0)
			return ended;
	}
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
	auto_(follow) struct follow f = { .fd = -1 };
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
		"With -f, logs ends when everything was printed and the supervisor has ended.",
	.opts = opts,
	.opts_size = sizeof(struct logs_values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
