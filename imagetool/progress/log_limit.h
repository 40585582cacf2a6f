/* SPDX-License-Identifier: Apache-2.0 */
/* How much a step may print: in all, and for each second it runs. */
#ifndef IMAGETOOL_PROGRESS_LOG_LIMIT_H
#define IMAGETOOL_PROGRESS_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LIMIT_NOTE 96

struct log_limit {
	int64_t max, speed_max; /* -1: none */
	int64_t taken;
	bool clipping;
};

/* How many of `len` bytes are shown, `elapsed` nanoseconds after the step began.  Where clipping
 * begins `note` gets a line that says so, else "". */
size_t log_limit_take(struct log_limit *l, int64_t elapsed, size_t len, char note[LOG_LIMIT_NOTE]);

#endif
