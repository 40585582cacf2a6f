/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile of config.json to a BPF program, on the host side. */
#ifndef RUNTIME_SECCOMP_SECCOMP_H
#define RUNTIME_SECCOMP_SECCOMP_H

#include <linux/filter.h>

#include "oci-spec/runtime_spec.h"

struct seccomp_program {
	struct sock_fprog prog; /* prog.filter is owned; NULL: nothing to load */
	uint32_t flags;         /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool notify;            /* some rule uses SCMP_ACT_NOTIFY: seccomp(2) returns a listener */
};

/* Unknown system call names are skipped, as every runtime does; unknown architectures, actions and
 * flags are errors with their JSON path.  Calls newer than any the profile names give ENOSYS, so
 * that C libraries fall back (clone3).  `cache_dirfd` (-1: none) holds compiled programs by content
 * digest. */
int seccomp_compile(const struct spec_seccomp *profile, int cache_dirfd,
		    struct seccomp_program *ret, struct err *e);
void seccomp_program_done(struct seccomp_program *p);

/* For `features`: names this build and kernel know. */
void seccomp_features(struct arena *a, struct features_seccomp *ret);

#endif
