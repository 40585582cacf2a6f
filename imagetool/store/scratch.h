/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of STORE/tmp for what a process needs as long as it runs: gone with it, or cleared by
 * the next user of the store when it was killed. */
#ifndef IMAGETOOL_STORE_SCRATCH_H
#define IMAGETOOL_STORE_SCRATCH_H

#include "imagetool/store/store.h"

struct scratch {
	int tmpfd; /* STORE/tmp */
	int fd;    /* its lock, and the directory */
	char *name;
	char *path; /* absolute, or as STORE is */
};
#define SCRATCH_NONE ((struct scratch){ .tmpfd = -1, .fd = -1 })

/* `s` is SCRATCH_NONE; its name begins with `prefix`. */
int scratch_make(const struct store *store, const char *prefix, struct scratch *s, struct err *e);
/* A new directory in it, opened. */
int scratch_dir(const struct scratch *s, const char *name, mode_t mode, struct err *e);
void scratch_done(struct scratch *s);

#endif
