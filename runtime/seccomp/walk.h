/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: what is left of a program when the architecture and the number of the call are known:
 * its questions about arguments, and its answers.
 */
#ifndef RUNTIME_SECCOMP_WALK_H
#define RUNTIME_SECCOMP_WALK_H

#include <linux/filter.h>

#include "runtime/seccomp/graph.h"

/* An architecture that is none of those the program names. */
#define WALK_OTHER_ARCH 0U

struct walk_memo;
struct walk {
	const struct sock_filter *v;
	size_t n;
	struct graph *g;
	const uint32_t *archs; /* all that the program may compare the architecture with */
	size_t n_archs;
	uint32_t arch, nr;
	struct walk_memo *memo; /* one for each instruction */
	uint32_t turn;
};

void walk_init(struct walk *w, const struct sock_filter *v, size_t n, struct graph *g);
void walk_done(struct walk *w);
AUTO_DEFINE_DONE(walk, walk_done)

/* A node for what `arch` and `nr` lead to.  Every number that compares with each of the program's
 * constants as `nr` does leads there, too.  -EOPNOTSUPP for a program that does more than load,
 * mask, compare with constants and jump. */
int walk_call(struct walk *w, uint32_t arch, uint32_t nr, uint32_t *ret);

#endif
