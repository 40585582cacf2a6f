/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: do two programs give the same answers?  And profiles out of bytes. */
#ifndef TESTS_UNIT_RUNTIME_SECCOMP_EQUAL_H
#define TESTS_UNIT_RUNTIME_SECCOMP_EQUAL_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "libutil/alloc.h"
#include "oci-spec/runtime_spec.h"

struct program {
	const struct sock_filter *v;
	size_t n;
};

/* Bytes, and numbers from a generator when there are no more. */
struct source {
	const uint8_t *at;
	size_t left;
	uint64_t state;
};

uint32_t source_next(struct source *s, uint32_t below);

/* What the kernel's interpreter of classic BPF would answer; aborts where the kernel would not load
 * the program. */
uint32_t program_run(struct program p, const struct seccomp_data *call);
/* Every call of every architecture, with arguments that either program asks about and others; on a
 * difference false and the call. */
bool programs_agree(struct program a, struct program b, struct source *s, struct seccomp_data *ret);

/* A profile with rules that meet in all ways. */
struct spec_seccomp *profile_make(struct source *s, struct arena *a);

#endif
