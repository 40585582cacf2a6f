/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a container's file system and namespaces is not its own and so stays
 * outside of an image: bind mounts, device nodes bound in a user namespace,
 * control groups without a namespace of their own, namespaces by path.  A
 * restore gets them anew, as config.json of its bundle says; what the image says
 * about them is never asked.
 */
#ifndef RUNTIME_CHECKPOINT_EXTERNAL_H
#define RUNTIME_CHECKPOINT_EXTERNAL_H

#include "runtime/cgroup/cgroup.h"
#include "runtime/criu/options.h"

struct external_mount {
	const char *dest;   /* as config.json names it, clean */
	const char *cookie; /* its name in the image */
	const char *source; /* on the host */
};

struct external_mounts {
	struct external_mount *items;
	size_t n;
};

/* Pure.  `notify_dir` is what a container with NOTIFY_SOCKET sees at /run/notify, or NULL; `cgroup`
 * may be NULL. */
int external_mounts_find(const struct runtime_spec *spec, const char *bundle,
			 const struct cgroup *cgroup, const char *notify_dir, struct arena *a,
			 struct external_mounts *ret, struct err *e);

/* The options that leave them out of an image; `rootfd` is the container's root. */
int external_dump_mounts(const struct external_mounts *m, int rootfd, struct criu_options *o,
			 struct err *e);
/* Namespaces by path of process `pid`. */
int external_dump_namespaces(const struct runtime_spec *spec, pid_t pid, struct criu_options *o,
			     struct err *e);
/* The options that bring them back; `rootfd` is the root file system on the host. */
int external_restore_mounts(const struct external_mounts *m, int rootfd, struct criu_options *o,
			    struct err *e);

#endif
