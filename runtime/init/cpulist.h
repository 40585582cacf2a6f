/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: "0-3,8" as a bit mask of any length: there are machines beyond 1024 cpus. */
#ifndef RUNTIME_INIT_CPULIST_H
#define RUNTIME_INIT_CPULIST_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

/* More than any kernel is built for; bounds the allocation. */
#define CPULIST_MAX 65536u

struct cpulist {
	unsigned long *bits; /* owned; NULL when empty */
	size_t n_bits;       /* highest number + 1 */
};

static inline void cpulist_done(struct cpulist *l)
{
	free(l->bits);
}
AUTO_DEFINE_DONE(cpulist, cpulist_done)

/* An empty text is an empty list. */
int cpulist_parse(const char *text, struct cpulist *ret, struct err *e);
/* Bytes of the mask, whole words. */
size_t cpulist_bytes(const struct cpulist *l);

#endif
