/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that the caller left open in us: the runtime gets them under the
 * same numbers (--preserve-fds, LISTEN_FDS), and podman keeps published ports
 * taken by them, so that they have to be closed before anybody learns of the end.
 */
#ifndef SHIM_CONMON_INHERITED_H
#define SHIM_CONMON_INHERITED_H

#include <stddef.h>

#include "libutil/err.h"

struct inherited {
	int *fds; /* owned */
	size_t n;
};

/* Before anything else is opened.  All but 0, 1, 2 and those that are close-on-exec. */
int inherited_find(struct inherited *in, struct err *e);
void inherited_close(struct inherited *in);

#endif
