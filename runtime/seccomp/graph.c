/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/graph.h"

#include <stdlib.h>

void graph_init(struct graph *g)
{
	*g = (struct graph){ .v = xcalloc(GRAPH_MAX, sizeof(*g->v)),
			     .slots = xcalloc(GRAPH_SLOTS, sizeof(*g->slots)) };
}

void graph_done(struct graph *g)
{
	free(g->v);
	free(g->slots);
}

bool graph_same_word(struct graph_word a, struct graph_word b)
{
	return a.offset == b.offset && a.mask == b.mask;
}

static bool is_same(const struct graph_node *a, const struct graph_node *b)
{
	return a->test == b->test && graph_same_word(a->word, b->word) && a->k == b->k &&
	       a->yes == b->yes && a->no == b->no;
}

static size_t hash(const struct graph_node *node)
{
	const uint32_t parts[] = { node->test, node->word.offset, node->word.mask,
				   node->k,    node->yes,         node->no };
	uint64_t h = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		h = (h ^ parts[i]) * 0x9e3779b97f4a7c15ULL;
	return (size_t)(h >> 32);
}

static uint32_t intern(struct graph *g, struct graph_node node)
{
	size_t at = hash(&node) % GRAPH_SLOTS;

	for (; g->slots[at]; at = (at + 1) % GRAPH_SLOTS)
		if (is_same(&g->v[g->slots[at] - 1U], &node))
			return g->slots[at] - 1U;
	if (g->n == GRAPH_MAX) {
		g->full = true;
		return 0;
	}
	g->v[g->n++] = node;
	g->slots[at] = (uint16_t)g->n;
	return (uint32_t)g->n - 1;
}

uint32_t graph_answer(struct graph *g, uint32_t answer)
{
	return intern(g, (struct graph_node){ .test = BPF_RET, .k = answer });
}

uint32_t graph_test(struct graph *g, unsigned test, struct graph_word word, uint32_t k,
		    uint32_t yes, uint32_t no)
{
	if (yes == no)
		return yes;
	return intern(g, (struct graph_node){ test, word, k, yes, no });
}
