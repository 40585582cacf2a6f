/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the control FIFO `ctl`, which are conmon's:
 *
 *     1 ROWS COLUMNS      the terminal's new size
 *     2 ANY ANY           open the log files anew: they were renamed
 *
 * Several lines may arrive in one read and a line may arrive in pieces.  Pure.
 */
#ifndef SHIM_IO_CTL_H
#define SHIM_IO_CTL_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_LINE_MAX 64

struct ctl {
	char line[CTL_LINE_MAX];
	size_t len;
	bool too_long; /* the rest of this line is skipped */
};

struct ctl_size {
	unsigned short rows, cols;
};

enum ctl_order { CTL_NOTHING, CTL_RESIZE, CTL_REOPEN };

/* Take one byte; says what it completed, and *ret is the size for CTL_RESIZE.  A line that is not
 * understood is dropped: whoever can write here owns the container anyway.  Words behind the third
 * mean nothing, as they do to conmon. */
enum ctl_order ctl_take(struct ctl *c, char byte, struct ctl_size *ret);
/* The same for who knows sizes only. */
bool ctl_feed(struct ctl *c, char byte, struct ctl_size *ret);

/* Returns the length of the line in `line`. */
size_t ctl_write(char line[CTL_LINE_MAX], struct ctl_size size);

#endif
