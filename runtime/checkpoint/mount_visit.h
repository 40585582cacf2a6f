/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A short stay in a mount namespace of its own: what is mounted there is seen by
 * nobody else, and goes away with the last process in it, also when we are killed.
 * Descriptors opened before show the old one; reopen by path what is to be
 * mounted.
 */
#ifndef RUNTIME_CHECKPOINT_MOUNT_VISIT_H
#define RUNTIME_CHECKPOINT_MOUNT_VISIT_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

struct mount_visit {
	int nsfd; /* -1: at home */
	int rootfd, cwdfd;
};
#define MOUNT_VISIT_NONE                                                                           \
	{                                                                                          \
		.nsfd = -1, .rootfd = -1, .cwdfd = -1                                              \
	}

int mount_visit_begin(struct mount_visit *v, struct err *e);
/* Back to namespace, root and working directory.  A failure leaves this process where it can do
 * nothing useful. */
int mount_visit_end(struct mount_visit *v, struct err *e);

#endif
