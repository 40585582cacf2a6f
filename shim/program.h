/* SPDX-License-Identifier: Apache-2.0 */
/* The program as tables, and what every verb is given: the global options. */
#ifndef SHIM_PROGRAM_H
#define SHIM_PROGRAM_H

#include <limits.h>

#include "libutil/log_opts.h"
#include "libutil/verb.h"

struct shim_globals {
	const char *state; /* --state DIR; absolute once the program was prepared */
	struct log_opts log;
	char state_text[PATH_MAX]; /* what `state` points to then */
};

extern const struct program creel_shim_program;

#endif
