/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a build does, told to a person or a program while it happens: a picture on a terminal, lines
 * in a pipe, or JSON, each as BuildKit has it.
 *
 * Everything may be called from any thread, and with a NULL progress, which tells nobody.
 * A vertex is one thing that is done: a number, which is the graph's for what it has, and
 * progress_new_vertex()'s for what only the build knows ("load build definition").
 *
 * What steps print is whatever hostile programs print: on a terminal control characters never
 * arrive as such; files and pipes get every byte.
 */
#ifndef IMAGETOOL_PROGRESS_PROGRESS_H
#define IMAGETOOL_PROGRESS_PROGRESS_H

#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

struct colours;

enum progress_mode {
	PROGRESS_AUTO, /* tty where there is a terminal, else plain */
	PROGRESS_TTY,
	PROGRESS_PLAIN,
	PROGRESS_RAWJSON,
	PROGRESS_QUIET,
};

/* Their words, in that order, NULL at the end. */
extern const char *const progress_modes[];

/* What is kept of one vertex's output: BuildKit's limits. */
#define PROGRESS_LOG_MAX       ((int64_t)2 << 20)   /* bytes */
#define PROGRESS_LOG_SPEED_MAX ((int64_t)200 << 10) /* bytes a second */

struct progress_opts {
	enum progress_mode mode;
	int fd; /* borrowed; standard error as a rule */
	/* Of each vertex; 0: the above, -1: none. */
	int64_t log_max, log_speed_max;
	unsigned log_lines; /* of a step that runs, on a terminal; 0: 6 */
	/* Borrowed; what a terminal gets; NULL: none. */
	const struct colours *colours;
	/* Nanoseconds since 1970; NULL: the clock.  For tests. */
	int64_t (*now)(void);
};

struct progress;

/* -ENOTTY for PROGRESS_TTY without a terminal. */
int progress_open(const struct progress_opts *opts, struct progress **ret, struct err *e);
/* The last picture, and the output of what failed.  Nothing but progress_free() comes after it. */
void progress_close(struct progress *p);
/* Closes as well. */
void progress_free(struct progress *p);
AUTO_DEFINE(progress, progress_free)

/* A number no graph has. */
size_t progress_new_vertex(struct progress *p);

/* It is there and will be done, perhaps: counts in "(3/9)".  Not needed before begin.  `inputs` are
 * vertices told of before. */
void progress_vertex_known(struct progress *p, size_t vertex, const char *digest, const char *name,
			   const size_t *inputs, size_t n_inputs);
/* `digest` names it in JSON; NULL: one is made of the number. */
void progress_vertex_begin(struct progress *p, size_t vertex, const char *digest, const char *name);
/* Without begin for what was found in the cache.  `failed` is NULL when it went well; one whose
 * code is ECANCELED or EINTR was not its own fault.  A vertex may begin and end again. */
void progress_vertex_end(struct progress *p, size_t vertex, bool cached, const struct err *failed);

/* A step's output, any bytes; `stream` is 1 or 2. */
void progress_log(struct progress *p, size_t vertex, int stream, const void *data, size_t len);

/* One of several things a vertex does: "exporting layers", a download.  The first call starts it;
 * `total` 0 is not known, and with both 0 no numbers are shown.  It ends with
 * progress_status_end(), or with its vertex. */
void progress_status(struct progress *p, size_t vertex, const char *id, int64_t current,
		     int64_t total);
void progress_status_end(struct progress *p, size_t vertex, const char *id);

struct progress_warning {
	const char *text;   /* one line */
	const char *detail; /* or NULL */
	const char *url;    /* or NULL */
	const char *file;   /* whose lines they are, and what it holds; or NULL */
	const char *source;
	unsigned first_line, last_line;
};
void progress_warning(struct progress *p, size_t vertex, const struct progress_warning *w);

#endif
