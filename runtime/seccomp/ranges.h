/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: system call numbers from 0 to UINT32_MAX in ranges whose numbers all get the same, and the
 * tree of comparisons that finds the range of one.
 */
#ifndef RUNTIME_SECCOMP_RANGES_H
#define RUNTIME_SECCOMP_RANGES_H

#include "runtime/seccomp/graph.h"

struct range {
	uint32_t first; /* to where the next begins */
	uint32_t node;
};

struct ranges {
	struct range *v; /* ascending; the first begins with 0 */
	size_t n, room;
};

void ranges_done(struct ranges *r);
AUTO_DEFINE_DONE(ranges, ranges_done)

/* Numbers from `first` on lead to `node`; `first` is above that of the call before. */
void ranges_add(struct ranges *r, uint32_t first, uint32_t node);
/* The tree's root.  Numbers that many share are found soonest. */
uint32_t ranges_tree(const struct ranges *r, struct graph *g);

#endif
