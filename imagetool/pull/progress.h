/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees while blobs come or go, on stderr: a picture on a terminal, lines in a pipe.
 */
#ifndef IMAGETOOL_PULL_PROGRESS_H
#define IMAGETOOL_PULL_PROGRESS_H

#include <stdint.h>

#include "libutil/macro.h"

enum blob_progress_mode { BLOB_PROGRESS_QUIET, BLOB_PROGRESS_LINES, BLOB_PROGRESS_PICTURE };

/* WORKING: all has moved, something is still being done with it. */
enum blob_progress_state {
	BLOB_PROGRESS_WAITING,
	BLOB_PROGRESS_RUNNING,
	BLOB_PROGRESS_WORKING,
	BLOB_PROGRESS_DONE
};

/* One blob as it is now. */
struct blob_progress_row {
	const char *digest;
	int64_t size, moved;
	int64_t behind; /* bytes that have moved and are still to be worked on */
	enum blob_progress_state state;
	const char *note; /* behind it once it is done: ", resumed ..."; "" for nothing */
};
/* Row i of what a caller keeps about its blobs. */
typedef void blob_progress_row_fn(const void *items, size_t i, struct blob_progress_row *ret);

struct blob_progress {
	enum blob_progress_mode mode;
	blob_progress_row_fn *row;
	const void *items; /* not owned */
	size_t n;
	bool *reported; /* per item, LINES: its line is out */
	int drawn;      /* lines of the picture that stand above the cursor */
	int64_t started_ms, drawn_ms;
};

/* BLOB_PROGRESS_PICTURE when stderr is a terminal that understands cursor movement, else
 * BLOB_PROGRESS_LINES.
 */
enum blob_progress_mode blob_progress_mode_for(bool quiet);

void blob_progress_start(struct blob_progress *p, enum blob_progress_mode mode,
			 blob_progress_row_fn *row, const void *items, size_t n);
void blob_progress_tick(void *progress);
/* The last state; the picture stays. */
void blob_progress_end(struct blob_progress *p);
/* A line of its own, above the picture. */
void blob_progress_say(const struct blob_progress *p, const char *fmt, ...) PRINTF(2, 3);

#endif
