/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile of config.json to a BPF program, on the host side. */
#ifndef RUNTIME_SECCOMP_SECCOMP_H
#define RUNTIME_SECCOMP_SECCOMP_H

#include <linux/filter.h>

#include "oci-spec/runtime_spec.h"

/* How a listener reaches the host side: by the first of these calls that the filter does not hand
 * to the listener itself, for nobody would answer. */
enum seccomp_handover {
	SECCOMP_BY_SENDMSG, /* the descriptor rides along */
	SECCOMP_BY_WRITE,   /* only its number is said, and the host side fetches it */
	SECCOMP_BY_SENDTO,
	SECCOMP_HANDOVER_COUNT,
};

struct seccomp_program {
	struct sock_fprog prog; /* prog.filter is owned; NULL: nothing to load */
	uint32_t flags;         /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool notify;            /* some rule uses SCMP_ACT_NOTIFY: seccomp(2) returns a listener */
	enum seccomp_handover handover;
};

/* Unknown system call names are skipped, as every runtime does, but for `fail_unknown`; unknown
 * architectures, actions and flags are errors with their JSON path.  Calls newer than any the
 * profile names give ENOSYS, so that C libraries fall back (clone3).  `cache_dirfd` (-1: none)
 * holds compiled programs by content digest. */
int seccomp_compile(const struct spec_seccomp *profile, bool fail_unknown, int cache_dirfd,
		    struct seccomp_program *ret, struct err *e);
/* The program in the annotation run.oci.seccomp_bpf_data, in place of what `profile` (may be NULL)
 * would compile to; the flags are the profile's.  Only its author knows whether it notifies:
 * `notify` when somebody is named who listens. */
int seccomp_load_raw(const char *text, const struct spec_seccomp *profile, bool notify,
		     struct seccomp_program *ret, struct err *e);
void seccomp_program_done(struct seccomp_program *p);

/* For `features`: names this build and kernel know. */
void seccomp_features(struct arena *a, struct features_seccomp *ret);

#endif
