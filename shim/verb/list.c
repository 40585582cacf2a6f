/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/json.h"
#include "libutil/parse.h"
#include "libutil/strv.h"
#include "shim/client/ago.h"
#include "shim/client/filter.h"
#include "shim/program.h"
#include "shim/record/entry.h"
#include "shim/verb/verbs.h"

struct list_values {
	bool quiet, json;
	bool all, no_trunc; /* of 'docker ps'; both are so */
	struct strv filters;
};

static const struct opt opts[] = {
	{ .letter = 'q',
	  .name = "quiet",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, quiet),
	  .help = "print the ids alone" },
	{ .name = "json",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, json),
	  .help = "print one JSON array" },
	{ .letter = 'f',
	  .name = "filter",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct list_values, filters),
	  .arg = "KEY=VALUE",
	  .help = "only those with id=TEXT in their id, status=STATUS, or exited=CODE" },
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct list_values, all) },
	{ .name = "no-trunc",
	  .kind = OPT_FLAG,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct list_values, no_trunc) },
	OPT_END,
};

/* "5s", "12m", "3h", "8d" since a time. */
#define AGE_SIZE 32
static const char *age(const char *since, struct timespec now, char buf[AGE_SIZE])
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	struct timespec then;
	int64_t s;
	size_t i = 0;

	if (parse_time(since, &then) < 0)
		return "-";
	s = now.tv_sec > then.tv_sec ? now.tv_sec - then.tv_sec : 0;
	while (i < ARRAY_LEN(units) - 1 && s < 2 * units[i].seconds)
		i++;
	(void)snprintf(buf, AGE_SIZE, "%" PRId64 "%c", s / units[i].seconds, units[i].unit);
	return buf;
}

/* The longest of docker's words for a status fits: "Exited (137) Less than a second ago". */
#define ROW_FORMAT "%-16s %-35s %7s %5s  %s\n"

static void print_row(const struct entry *en)
{
	char age_text[AGE_SIZE], status[STATUS_TEXT_SIZE], pid[16] = "-";
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (en->status == ENTRY_RUNNING)
		(void)snprintf(pid, sizeof(pid), "%d", (int)en->rec->container.pid.v);
	(void)printf(ROW_FORMAT, en->id, status_text(en, now, status), pid,
		     en->rec ? age(en->rec->created, now, age_text) : "-",
		     en->rec ? en->rec->bundle : "-");
}

static void json_row(struct json_writer *w, const struct entry *en)
{
	json_object(w);
	json_kv_string(w, "id", en->id);
	json_kv_string(w, "status", entry_status_text(en->status));
	if (en->exit) {
		json_kv_i64(w, "exitCode", en->exit->code.v);
		json_kv_string(w, "reason", en->exit->reason);
		json_kv_string(w, "exitedAt", en->exit->exited_at);
	}
	if (en->rec) {
		json_kv_i64(w, "pid", en->status == ENTRY_RUNNING ? en->rec->container.pid.v : 0);
		json_kv_string(w, "created", en->rec->created);
		if (en->rec->started)
			json_kv_string(w, "startedAt", en->rec->started);
		json_kv_string(w, "restartPolicy", en->rec->restart ? en->rec->restart : "no");
		json_kv_i64(w, "restartCount", (int64_t)en->rec->restart_count.v);
		json_kv_string(w, "bundle", en->rec->bundle);
		json_kv_string(w, "runtime", en->rec->runtime);
		json_kv_string(w, "logDriver", record_log_driver(en->rec));
		if (en->rec->log_path)
			json_kv_string(w, "logPath", en->rec->log_path);
	}
	json_object_end(w);
}

static int add_name(int dirfd UNUSED, const char *name, unsigned char d_type, void *ctx,
		    struct err *e UNUSED)
{
	/* Dot names are records on their way out. */
	if (d_type == DT_DIR && name[0] != '.')
		strv_add(ctx, name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(const char *state, struct strv *names, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, state, e);
	int r;

	if (dirfd == -ENOENT) {
		err_clear(e);
		return 0; /* nothing was ever run */
	}
	r = dirfd < 0 ? dirfd : dir_each(dirfd, add_name, names, e);
	if (r >= 0 && names->n > 1)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	return r;
}

static int list_one(const struct list_values *v, const char *state, const char *id,
		    struct json_writer *w, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	int r = entry_open(&en, state, id, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0; /* removed meanwhile */
	}
	if (r < 0)
		return err_wrap(e, r, "list '%s'", id);
	if (!filter_fits(&v->filters, &en))
		return 0;
	if (v->json)
		json_row(w, &en);
	else if (v->quiet)
		(void)puts(en.id);
	else
		print_row(&en);
	return 0;
}

static int run(const void *global, void *values, char *const *args UNUSED, int n UNUSED,
	       struct err *e)
{
	const struct shim_globals *g = global;
	const struct list_values *v = values;
	auto_(strv) struct strv names = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text, .indent = 2 };
	int r = filter_check(&v->filters, e);

	if (r >= 0)
		r = read_names(g->state, &names, e);
	if (r < 0)
		return r;
	if (v->json)
		json_array(&w);
	else if (!v->quiet)
		(void)printf(ROW_FORMAT, "ID", "STATUS", "PID", "AGE", "BUNDLE");
	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = list_one(v, g->state, names.v[i], &w, e);
	if (r < 0 || !v->json)
		return r;
	json_array_end(&w);
	(void)puts(strbuf_str(&text));
	return strbuf_check(&text, "list", e);
}

const struct verb verb_list = {
	.name = "list",
	.alias = "ps",
	.summary = "list containers: status, process, age, bundle",
	.details =
		"The status is one of creating (shown as Created), running (Up, and since when), restarting, "
		"exited (with the exit status, and when), or lost: the supervisor was killed before the "
		"container's exit was recorded; rm --force cleans up then. AGE is the time since run. "
		"Filters of the same key are alternatives; those of different keys must all fit.",
	.opts = opts,
	.opts_size = sizeof(struct list_values),
	.min_args = 0,
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
