/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's system calls are filtered by: the default list, or a file
 * in the runtime-spec's form or in docker's, where rules depend on capabilities,
 * architecture and kernel.
 */
#ifndef IMAGETOOL_BUNDLE_SECCOMP_H
#define IMAGETOOL_BUNDLE_SECCOMP_H

#include "libutil/alloc.h"
#include "oci-spec/runtime_spec.h"

#define SECCOMP_FILE_MAX ((size_t)1 << 20)

/* `caps`: what the process is left with. */
struct spec_seccomp *seccomp_default(const struct oci_strings *caps, struct arena *a);

/* A rule of ours applies when the process has (or, with `without`, lacks) the capability; NULL:
 * always. */
struct seccomp_row {
	const char *capability;
	bool without;
	const char *names; /* separated by blanks */
	int action;        /* enum oci_seccomp_action */
	unsigned errno_ret;
	unsigned n_args;
	struct spec_seccomp_arg arg;
};
extern const struct seccomp_row seccomp_rows[];
extern const size_t seccomp_n_rows;

/* Architectures whose programs this machine runs, NULL-terminated, its own first. */
extern const char *const seccomp_architectures[];

int seccomp_parse(const char *name, const char *text, size_t len, const struct oci_strings *caps,
		  struct arena *a, struct spec_seccomp **ret, struct err *e);
int seccomp_read(const char *path, const struct oci_strings *caps, struct arena *a,
		 struct spec_seccomp **ret, struct err *e);

#endif
