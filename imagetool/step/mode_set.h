/* SPDX-License-Identifier: Apache-2.0 */
/* --chmod: an octal mode, or chmod(1)'s symbolic changes, as BuildKit reads them. */
#ifndef IMAGETOOL_STEP_MODE_SET_H
#define IMAGETOOL_STEP_MODE_SET_H

#include <stddef.h>
#include <sys/types.h>

#include "libutil/err.h"

#define MODE_SET_MAX 64 /* changes in one text */

/* One change: bits set or cleared, or bits of one class copied to others. */
struct mode_change {
	char from;   /* 'u', 'g', 'o': copied from there; 0: `bits` */
	char op;     /* '+', '-'; 'X': set for directories and what somebody may execute */
	bool clear;  /* copying: the class's other bits go */
	mode_t bits; /* of copying: the classes they go to, as a mask of 0777 */
};

struct mode_set {
	bool octal;
	mode_t mode; /* octal */
	struct mode_change changes[MODE_SET_MAX];
	size_t n;
};

int mode_set_parse(const char *text, struct mode_set *ret, struct err *e);
/* The permission bits, with setuid, setgid and sticky, of a file that has `mode` (with its type).
 */
mode_t mode_set_apply(const struct mode_set *s, mode_t mode);

#endif
