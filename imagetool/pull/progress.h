/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees while blobs come or go, on stderr: a picture on a terminal, lines in a pipe.
 */
#ifndef IMAGETOOL_PULL_PROGRESS_H
#define IMAGETOOL_PULL_PROGRESS_H

#include <stdint.h>

#include "libutil/macro.h"

enum progress_mode { PROGRESS_QUIET, PROGRESS_LINES, PROGRESS_PICTURE };

/* WORKING: all has moved, something is still being done with it. */
enum progress_state { PROGRESS_WAITING, PROGRESS_RUNNING, PROGRESS_WORKING, PROGRESS_DONE };

/* One blob as it is now. */
struct progress_row {
	const char *digest;
	int64_t size, moved;
	int64_t behind; /* bytes that have moved and are still to be worked on */
	enum progress_state state;
	const char *note; /* behind it once it is done: ", resumed ..."; "" for nothing */
};
/* Row i of what a caller keeps about its blobs. */
typedef void progress_row_fn(const void *items, size_t i, struct progress_row *ret);

struct progress {
	enum progress_mode mode;
	progress_row_fn *row;
	const void *items; /* not owned */
	size_t n;
	bool *reported; /* per item, LINES: its line is out */
	int drawn;      /* lines of the picture that stand above the cursor */
	int64_t started_ms, drawn_ms;
};

/* PROGRESS_PICTURE when stderr is a terminal that understands cursor movement, else PROGRESS_LINES.
 */
enum progress_mode progress_mode_for(bool quiet);

void progress_start(struct progress *p, enum progress_mode mode, progress_row_fn *row,
		    const void *items, size_t n);
void progress_tick(void *progress);
/* The last state; the picture stays. */
void progress_end(struct progress *p);
/* A line of its own, above the picture. */
void progress_say(const struct progress *p, const char *fmt, ...) PRINTF(2, 3);

#endif
