/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the calls a profile permits there are many single ones that it does not, and the other
 * way round.  So ranges are put into groups first, each of which is one node but for a few single
 * numbers: those cost a comparison each, where a tree takes two to cut one out.
 */
#include "runtime/seccomp/ranges.h"

#include <linux/seccomp.h>
#include <stdlib.h>

#include "libutil/cleanup.h"

/* More in a row save instructions, and cost time whenever the group is reached. */
#define SINGLES_MAX 3
/* The most a range weighs: nobody makes the calls in those that are as long. */
#define WEIGHT_MAX 64U

static const struct graph_word number = { offsetof(struct seccomp_data, nr), UINT32_MAX };

void ranges_done(struct ranges *r)
{
	free(r->v);
}

void ranges_add(struct ranges *r, uint32_t first, uint32_t node)
{
	if (r->n > 0 && r->v[r->n - 1].node == node)
		return;
	if (r->n == r->room) {
		r->room = r->room ? 2 * r->room : 64;
		r->v = xreallocarray(r->v, r->room, sizeof(*r->v));
	}
	r->v[r->n++] = (struct range){ first, node };
}

/* ---- groups ---- */

struct group {
	size_t begin, end; /* of ranges */
	uint32_t common;   /* node of all that are not single */
};

/* The cheapest way to divide the ranges from one on. */
struct plan {
	struct group first;
	unsigned cost; /* comparisons */
};

static bool is_single(const struct ranges *r, size_t i)
{
	return i + 1 < r->n && r->v[i + 1].first == r->v[i].first + 1;
}

/* Every group that begins here and has this node in common; the best of them goes to `best`. */
static void try_common(const struct ranges *r, const struct plan *plans, size_t begin,
		       uint32_t common, struct plan *best)
{
	unsigned singles = 0;

	for (size_t end = begin; end < r->n; end++) {
		unsigned cost;

		if (r->v[end].node != common) {
			if (!is_single(r, end) || ++singles > SINGLES_MAX)
				return;
		}
		cost = singles + (end + 1 < r->n ? 1 + plans[end + 1].cost : 0);
		if (cost < best->cost)
			*best = (struct plan){ { begin, end + 1, common }, cost };
	}
}

static void divide(const struct ranges *r, struct plan *plans)
{
	for (size_t i = r->n; i-- > 0;) {
		plans[i].cost = UINT32_MAX;
		try_common(r, plans, i, r->v[i].node, &plans[i]);
		if (is_single(r, i))
			try_common(r, plans, i, r->v[i + 1].node, &plans[i]);
	}
}

static uint32_t group_node(const struct ranges *r, struct graph *g, const struct group *group)
{
	uint32_t node = group->common;

	for (size_t i = group->end; i-- > group->begin;)
		if (r->v[i].node != group->common)
			node = graph_test(g, BPF_JEQ, number, r->v[i].first, r->v[i].node, node);
	return node;
}

/* ---- the tree ---- */

static uint64_t weigh(const struct ranges *r, const struct group *group)
{
	uint64_t weight = 0;

	for (size_t i = group->begin; i < group->end; i++) {
		uint32_t size = (i + 1 < r->n ? r->v[i + 1].first : UINT32_MAX) - r->v[i].first;

		weight += size < WEIGHT_MAX ? size : WEIGHT_MAX;
	}
	return weight;
}

struct tree {
	const struct ranges *ranges;
	struct graph *g;
	const struct group *groups;
	const uint64_t *before; /* weight of all groups in front of each, and of all */
};

/* Where both sides weigh about the same; each has one at least. */
static size_t middle(const struct tree *t, size_t begin, size_t end)
{
	uint64_t half = (t->before[begin] + t->before[end]) / 2;
	size_t at = begin + 1;

	while (at + 1 < end && t->before[at + 1] <= half)
		at++;
	return at;
}

static uint32_t build(const struct tree *t, size_t begin, size_t end)
{
	size_t at;
	uint32_t below;

	if (end - begin == 1)
		return group_node(t->ranges, t->g, &t->groups[begin]);
	at = middle(t, begin, end);
	below = build(t, begin, at);
	return graph_test(t->g, BPF_JGE, number, t->ranges->v[t->groups[at].begin].first,
			  build(t, at, end), below);
}

uint32_t ranges_tree(const struct ranges *r, struct graph *g)
{
	autofree struct plan *plans = xcalloc(r->n, sizeof(*plans));
	autofree struct group *groups = xcalloc(r->n, sizeof(*groups));
	autofree uint64_t *before = xcalloc(r->n + 1, sizeof(*before));
	struct tree t = { r, g, groups, before };
	size_t n = 0;

	divide(r, plans);
	for (size_t i = 0; i < r->n; i = plans[i].first.end) {
		groups[n] = plans[i].first;
		before[n + 1] = before[n] + weigh(r, &groups[n]);
		n++;
	}
	return build(&t, 0, n);
}
