/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: a filter as a graph of tests, with what it answers at the ends.  Equal nodes are made once;
 * a node is made after those it leads to, so edges lead to lower numbers and there are no loops.
 */
#ifndef RUNTIME_SECCOMP_GRAPH_H
#define RUNTIME_SECCOMP_GRAPH_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libutil/alloc.h"

/* A word of struct seccomp_data as it is when it is compared. */
struct graph_word {
	uint32_t offset;
	uint32_t mask;
};

struct graph_node {
	unsigned test; /* BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET; BPF_RET: it answers */
	struct graph_word word;
	uint32_t k;       /* what the word is compared with, or SECCOMP_RET_* */
	uint32_t yes, no; /* numbers of nodes */
};

/* More than any program of BPF_MAXINSNS instructions can say. */
#define GRAPH_MAX   (4U * BPF_MAXINSNS)
#define GRAPH_SLOTS (2U * GRAPH_MAX)

struct graph {
	struct graph_node *v;
	size_t n;
	uint16_t *slots; /* number of a node + 1, by a hash of what it says */
	bool full;       /* GRAPH_MAX was reached: what was made since is not to be used */
};

void graph_init(struct graph *g);
void graph_done(struct graph *g);
AUTO_DEFINE_DONE(graph, graph_done)

uint32_t graph_answer(struct graph *g, uint32_t answer);
/* `yes` itself when both ways lead there. */
uint32_t graph_test(struct graph *g, unsigned test, struct graph_word word, uint32_t k,
		    uint32_t yes, uint32_t no);
bool graph_same_word(struct graph_word a, struct graph_word b);

#endif
