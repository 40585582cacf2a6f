/* SPDX-License-Identifier: Apache-2.0 */
/* What mounts.c and devices.c share: the container found and locked, and how a change ends. */
#ifndef RUNTIME_LIVE_CHANGE_H
#define RUNTIME_LIVE_CHANGE_H

#include "runtime/container/container.h"
#include "runtime/live/live.h"

struct live_change {
	struct store *store;
	struct container container;
	struct runtime_spec *spec; /* its own document; linux_ is never NULL */
};
#define LIVE_CHANGE_NONE(s)                                                                        \
	{                                                                                          \
		.store = (s), .container = CONTAINER_NONE                                          \
	}

/* Find the container, which lives, and lock it. */
int live_begin(struct live_change *c, const struct live_request *req, struct err *e);
/* A document named on the command line; *ret_text is the caller's, *ret_name lives as long as
 * `file`. */
int live_read_file(const char *file, char **ret_text, size_t *ret_len, const char **ret_name,
		   struct err *e);
/* Paths in the container: do they say the same? */
bool live_same_place(const char *x, const char *y);
/* The staged configuration is kept if `r` >= 0, with the record, else dropped.  Returns `r`, or why
 * it could not be kept. */
int live_end(const struct live_change *c, int r, struct err *e);

#endif
