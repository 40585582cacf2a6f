/* SPDX-License-Identifier: Apache-2.0 */
/* RUN --mount=...: what a step sees besides its root file system. */
#ifndef IMAGETOOL_DOCKERFILE_RUN_MOUNT_H
#define IMAGETOOL_DOCKERFILE_RUN_MOUNT_H

#include <stdint.h>
#include <sys/types.h>

#include "libutil/alloc.h"
#include "libutil/err.h"

enum run_mount_type {
	RUN_MOUNT_BIND,
	RUN_MOUNT_CACHE,
	RUN_MOUNT_TMPFS,
	RUN_MOUNT_SECRET,
	RUN_MOUNT_SSH
};
enum run_mount_sharing { SHARING_SHARED, SHARING_PRIVATE, SHARING_LOCKED };

struct run_mount {
	enum run_mount_type type;
	const char *target; /* "" where the type has a place of its own: secret, ssh */
	const char *source; /* below `from`; "" or "/": all of it */
	const char *from;   /* stage, image or context; "": bind: the context, cache: empty */
	const char *id;     /* cache, secret, ssh; "": by target */
	const char *env;    /* secret: a variable instead of, or besides, a file; "" */
	bool read_only;
	bool required; /* secret, ssh */
	enum run_mount_sharing sharing;
	bool has_mode;
	mode_t mode;
	uint32_t uid, gid;
	int64_t size; /* tmpfs: bytes; 0: the kernel's default */
};

/* Expands one value; *ret lives as long as the caller wants. NULL function: values stay. */
typedef int run_mount_expand_fn(void *ctx, const char *value, const char **ret, struct err *e);

/* "type=cache,target=/x,...", comma separated with CSV's quotes. */
int run_mount_parse(const char *text, run_mount_expand_fn *expand, void *ctx, struct arena *a,
		    struct run_mount *ret, struct err *e);

#endif
