/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of STORE/tmp for what a build fetches: gone with it, or cleared by the next user of
 * the store when it was killed. */
#ifndef IMAGETOOL_BUILD_SCRATCH_H
#define IMAGETOOL_BUILD_SCRATCH_H

#include "imagetool/store/store.h"

struct scratch {
	int tmpfd; /* STORE/tmp */
	int fd;    /* its lock, and the directory */
	char *name;
	char *path; /* absolute, or as STORE is */
};
#define SCRATCH_NONE ((struct scratch){ .tmpfd = -1, .fd = -1 })

int scratch_make(const struct store *store, struct scratch *s, struct err *e);
/* A directory in it. */
int scratch_dir(const struct scratch *s, const char *name, struct err *e);
void scratch_done(struct scratch *s);

#endif
