/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: the process that `exec` starts, from the container's own process and
 * what the command line changes of it.
 */
#ifndef RUNTIME_EXEC_PROCESS_H
#define RUNTIME_EXEC_PROCESS_H

#include "libutil/strv.h"
#include "oci-spec/runtime_spec.h"

struct exec_changes {
	char *const *args; /* the program and its arguments; borrowed like all here */
	size_t n_args;
	const char *cwd;  /* NULL: the container's; also the texts below */
	const char *user; /* UID or UID:GID */
	const char *apparmor;
	const char *label;
	const struct strv *env;    /* added behind the container's, so that they win */
	const struct strv *groups; /* additional group ids */
	const struct strv
		*caps; /* added to bounding, effective and permitted; never to inheritable */
	bool tty;
	bool no_new_privs; /* true when the option was given */
};

/* "UID" or "UID:GID", each wholly a number that is an id; without GID *ret_gid stays. */
int exec_parse_user(const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e);

/* *ret lies in `a` and shares what did not change with `base`. */
int exec_process_make(const struct spec_process *base, const struct exec_changes *changes,
		      struct arena *a, struct spec_process **ret, struct err *e);

#endif
