/* SPDX-License-Identifier: Apache-2.0 */
/* What stop and restart have in common: options, and asking a supervisor. */
#ifndef SHIM_CLIENT_ASK_H
#define SHIM_CLIENT_ASK_H

#include "libutil/opts.h"
#include "shim/record/request.h"

struct ask {
	const char *signal; /* NULL: what the record says, else SIGTERM */
	int64_t timeout_s;  /* negative: never kill */
};

#define ASK_DEFAULTS                                                                               \
	{                                                                                          \
		.timeout_s = REQUEST_TIMEOUT_S                                                     \
	}

/* Rows of an option table; `base` is the offset of a struct ask in the values. */
#define ASK_OPT_ROWS(base)                                                                         \
	{ .letter = 's',                                                                           \
	  .name = "signal",                                                                        \
	  .kind = OPT_STRING,                                                                      \
	  .offset = (base) + offsetof(struct ask, signal),                                         \
	  .arg = "SIGNAL",                                                                         \
	  .help = "what asks the container to end; by default what run was told, else SIGTERM" },  \
	{                                                                                          \
		.letter = 't', .name = "time", .kind = OPT_I64,                                    \
		.offset = (base) + offsetof(struct ask, timeout_s), .arg = "SECONDS",              \
		.help = "how long to wait before it is killed; 10 by default, -1 is for ever"      \
	}

/* Ask the supervisor of a container that has not ended. */
int ask_send(const struct entry *en, const struct ask *a, enum request_kind kind, struct err *e);
/* How long after that the supervisor may take, for entry_wait_supervisor(). */
int ask_patience_ms(const struct ask *a);

#endif
