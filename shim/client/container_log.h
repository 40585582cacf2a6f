/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's log is, by its record; and how a person chooses it. */
#ifndef SHIM_CLIENT_CONTAINER_LOG_H
#define SHIM_CLIENT_CONTAINER_LOG_H

#include "libutil/strv.h"
#include "shim/client/follow.h"
#include "shim/record/record.h"

/* -EINVAL with advice when it is none that can be read here. */
int container_log(const struct record *rec, struct follow_log *ret, struct err *e);

/* What `run` was told: --log-driver, each KEY=VALUE of --log-opt, --log-path. */
struct log_choice {
	const char *driver; /* NULL: k8s-file */
	const char *path;   /* NULL: `standard` */
	struct strv options;
};

/* Check it and write it into a record.  `standard` is the path of a log nobody gave a path to;
 * strings are copied to `a`. */
int log_choice_fill(const struct log_choice *c, const char *standard, struct record *rec,
		    struct arena *a, struct err *e);

#endif
