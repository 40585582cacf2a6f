/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/shrink.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "runtime/seccomp/emit.h"
#include "runtime/seccomp/graph.h"
#include "runtime/seccomp/ranges.h"
#include "runtime/seccomp/walk.h"

static const struct graph_word architecture = { offsetof(struct seccomp_data, arch), UINT32_MAX };

/* Numbers at which something may change: all between two of them compare alike. */
struct cuts {
	uint32_t *v; /* ascending, each once, 0 the first */
	size_t n;
};

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* At a constant, and behind it. */
static void cut_at(struct cuts *c, uint32_t k)
{
	c->v[c->n++] = k;
	if (k < UINT32_MAX)
		c->v[c->n++] = k + 1;
}

static void sort_cuts(struct cuts *c)
{
	size_t n = 1;

	qsort(c->v, c->n, sizeof(*c->v), compare_u32);
	for (size_t i = 1; i < c->n; i++)
		if (c->v[i] != c->v[n - 1])
			c->v[n++] = c->v[i];
	c->n = n;
}

static void find_cuts(const struct sock_filter *v, size_t n, const struct fixed_call *calls,
		      size_t n_calls, struct cuts *ret)
{
	ret->v = xcalloc(1 + 2 * (n + n_calls), sizeof(*ret->v));
	ret->v[ret->n++] = 0;
	for (size_t i = 0; i < n; i++)
		if (BPF_CLASS(v[i].code) == BPF_JMP && BPF_OP(v[i].code) != BPF_JA)
			cut_at(ret, v[i].k);
	for (size_t i = 0; i < n_calls; i++)
		cut_at(ret, calls[i].nr);
	sort_cuts(ret);
}

/* A node that decides all calls of one architecture; `calls` are its own. */
static int decide_arch(struct walk *w, uint32_t arch, const struct cuts *cuts,
		       const struct fixed_call *calls, size_t n_calls, uint32_t *ret)
{
	auto_(ranges) struct ranges ranges = { 0 };

	for (size_t i = 0; i < cuts->n; i++) {
		uint32_t node = 0;

		if (n_calls > 0 && calls->nr == cuts->v[i]) {
			node = graph_answer(w->g, calls->answer);
			calls++;
			n_calls--;
		} else {
			int r = walk_call(w, arch, cuts->v[i], &node);

			if (r < 0)
				return r;
		}
		ranges_add(&ranges, cuts->v[i], node);
	}
	*ret = ranges_tree(&ranges, w->g);
	return 0;
}

static const struct fixed_call *calls_of(uint32_t arch, const struct fixed_call *calls,
					 size_t n_calls, size_t *ret_n)
{
	size_t begin = 0, end;

	while (begin < n_calls && calls[begin].arch != arch)
		begin++;
	for (end = begin; end < n_calls && calls[end].arch == arch;)
		end++;
	*ret_n = end - begin;
	return calls + begin;
}

static int decide_all(struct walk *w, const struct cuts *cuts, const struct fixed_call *calls,
		      size_t n_calls, uint32_t *ret)
{
	uint32_t root = 0;
	int r = decide_arch(w, WALK_OTHER_ARCH, cuts, NULL, 0, &root);

	for (size_t i = w->n_archs; r == 0 && i-- > 0;) {
		size_t n = 0;
		const struct fixed_call *own = calls_of(w->archs[i], calls, n_calls, &n);
		uint32_t node = 0;

		r = decide_arch(w, w->archs[i], cuts, own, n, &node);
		if (r == 0)
			root = graph_test(w->g, BPF_JEQ, architecture, w->archs[i], node, root);
	}
	*ret = root;
	return r;
}

int seccomp_shrink(const struct sock_filter *v, size_t n, const uint32_t *archs, size_t n_archs,
		   const struct fixed_call *calls, size_t n_calls, struct sock_filter **ret,
		   size_t *ret_n)
{
	autofree struct sock_filter *out = xcalloc(BPF_MAXINSNS, sizeof(*out));
	auto_(graph) struct graph g = { 0 };
	auto_(walk) struct walk w = { 0 };
	struct cuts cuts = { 0 };
	uint32_t root = 0;
	int r;

	graph_init(&g);
	walk_init(&w, v, n, &g);
	w.archs = archs;
	w.n_archs = n_archs;
	find_cuts(v, n, calls, n_calls, &cuts);
	r = decide_all(&w, &cuts, calls, n_calls, &root);
	free(cuts.v);
	if (r < 0)
		return r;
	*ret_n = g.full ? 0 : seccomp_emit(&g, root, out);
	if (*ret_n == 0)
		return -E2BIG;
	*ret = xreallocarray(steal_ptr(&out), *ret_n, sizeof(*out));
	return 0;
}
