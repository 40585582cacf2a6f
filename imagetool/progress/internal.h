/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of progress/ share: the build so far, and the displays that show it. */
#ifndef IMAGETOOL_PROGRESS_INTERNAL_H
#define IMAGETOOL_PROGRESS_INTERNAL_H

#include <pthread.h>

#include "imagetool/progress/colours.h"
#include "imagetool/progress/log_limit.h"
#include "imagetool/progress/progress.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"

#define NANOSECONDS 1000000000LL

/* Lines of output that are shown again when a vertex fails. */
#define TAIL_LINES    10
#define TAIL_LINE_MAX 4096 /* bytes */

/* The last lines of a vertex's output, as text with the time in front. */
struct log_tail {
	struct strbuf lines[TAIL_LINES];
	int64_t n; /* lines begun so far; line i is at i % TAIL_LINES */
	bool open; /* the last one has no end yet */
};

struct progress_item {
	char *id;
	int64_t current, total;
	int64_t started, ended; /* 0: not yet */
	int64_t told, told_at;  /* plain: what its last line said, and when */
};

struct progress_vertex {
	size_t id;
	size_t number; /* plain: 0 until it is shown */
	char *digest, *name;
	struct strv inputs; /* digests */
	int64_t began;      /* the last time; 0: never */
	int64_t ended;      /* 0: has not, or runs again */
	int64_t spent;      /* in the times before */
	bool cached, canceled;
	char *error; /* NULL: none */
	struct progress_item *items;
	size_t n_items, items_cap;
	struct strv warnings;

	/* What it printed. */
	struct log_tail tail;
	struct log_limit limit;

	/* Plain: text that waits for its turn. */
	struct strbuf waiting;
	int64_t waiting_since;
	bool line_open;  /* what it said last has no end of line yet */
	bool shown_open; /* nor has what was printed of it */
};

struct progress;

/* A way to show it.  All are called with the lock held; any may be NULL. */
struct progress_display {
	/* The vertex began, ended, or is new. */
	void (*vertex)(struct progress *p, struct progress_vertex *v);
	void (*status)(struct progress *p, struct progress_vertex *v, struct progress_item *i);
	void (*log)(struct progress *p, struct progress_vertex *v, int stream, const char *data,
		    size_t len);
	void (*warning)(struct progress *p, struct progress_vertex *v,
			const struct progress_warning *w);
	/* Every PROGRESS_TICK, from a thread of its own. */
	void (*tick)(struct progress *p);
	void (*close)(struct progress *p);
};
#define PROGRESS_TICK_MS 100

extern const struct progress_display progress_plain, progress_rawjson, progress_tty, progress_quiet;

struct progress {
	struct progress_opts opts;
	const struct progress_display *display;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t ticker;
	bool ticking, closed;
	bool terminal;
	int64_t begun;
	struct progress_vertex **items; /* in the order they came */
	size_t n, cap;
	size_t next_own; /* progress_new_vertex() */

	/* plain */
	struct progress_vertex *current;
	int64_t current_since;
	size_t numbers;

	/* tty */
	size_t drawn; /* lines of the picture that stands */
	int64_t drawn_at;
};

int64_t progress_now(const struct progress *p);
/* How long it has worked, in all. */
int64_t progress_spent(const struct progress_vertex *v, int64_t now);
bool progress_item_ended(const struct progress_vertex *v, const struct progress_item *i);

/* A terminal gets no control characters; others get everything. */
void progress_add_text(const struct progress *p, struct strbuf *out, const char *s, size_t len);
void progress_write(const struct progress *p, const struct strbuf *text);

void log_tail_add(struct log_tail *t, double seconds, const char *data, size_t len);
/* From the oldest on; false behind the last. */
bool log_tail_line(const struct log_tail *t, size_t i, const char **ret, size_t *ret_len);
void log_tail_done(struct log_tail *t);
/* "0.123", with fewer decimals the more seconds there are. */
void log_time(struct strbuf *out, double seconds);

/* "12.30MB / 45.00MB", or "" */
void progress_bytes(struct strbuf *out, const struct progress_item *i);
/* The output of vertices that failed, between lines. */
void progress_failures(struct progress *p, struct strbuf *out);

/* The picture; pure. */
struct picture_opts {
	unsigned rows, cols;
	int64_t now;
	bool last;
	const struct colours *colours; /* NULL: none */
	unsigned log_lines;            /* at most, of a step that runs */
};
/* Returns how many lines it has. */
size_t picture_draw(const struct progress *p, const struct picture_opts *o, struct strbuf *out);

#endif
