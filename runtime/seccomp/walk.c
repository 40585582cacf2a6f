/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/walk.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#define OFFSET_NR   offsetof(struct seccomp_data, nr)
#define OFFSET_ARCH offsetof(struct seccomp_data, arch)

/* What an instruction led to when it was reached with `word` loaded. */
struct walk_memo {
	uint32_t turn; /* of the call it holds for */
	struct graph_word word;
	uint32_t node;
};

static const struct graph_word nothing = { UINT32_MAX, 0 };

void walk_init(struct walk *w, const struct sock_filter *v, size_t n, struct graph *g)
{
	*w = (struct walk){ .v = v, .n = n, .g = g };
	w->memo = xcalloc(n, sizeof(*w->memo));
}

void walk_done(struct walk *w)
{
	free(w->memo);
}

/* How a comparison ends. */
enum outcome { NO, YES, ASKS_ARGUMENT, NOT_UNDERSTOOD };

/* Ranges of numbers, of which one stands for all, are no good for masks and single bits. */
static enum outcome compare_nr(unsigned test, uint32_t nr, uint32_t k)
{
	switch (test) {
	case BPF_JEQ:
		return nr == k ? YES : NO;
	case BPF_JGT:
		return nr > k ? YES : NO;
	case BPF_JGE:
		return nr >= k ? YES : NO;
	default:
		return NOT_UNDERSTOOD;
	}
}

static bool names_arch(const struct walk *w, uint32_t k)
{
	for (size_t i = 0; i < w->n_archs; i++)
		if (w->archs[i] == k)
			return true;
	return false;
}

static enum outcome compare_arch(const struct walk *w, unsigned test, uint32_t k)
{
	if (test != BPF_JEQ || !names_arch(w, k))
		return NOT_UNDERSTOOD;
	return w->arch == k ? YES : NO;
}

static enum outcome decide(const struct walk *w, const struct sock_filter *i,
			   struct graph_word word)
{
	bool of_call = word.offset == OFFSET_NR || word.offset == OFFSET_ARCH;

	if (graph_same_word(word, nothing) || (of_call && word.mask != UINT32_MAX))
		return NOT_UNDERSTOOD;
	if (word.offset == OFFSET_NR)
		return compare_nr(BPF_OP(i->code), w->nr, i->k);
	if (word.offset == OFFSET_ARCH)
		return compare_arch(w, BPF_OP(i->code), i->k);
	return ASKS_ARGUMENT;
}

static int walk(struct walk *w, size_t pc, struct graph_word word, uint32_t *ret);

static int branch(struct walk *w, size_t pc, struct graph_word word, uint32_t *ret)
{
	const struct sock_filter *i = &w->v[pc];
	uint32_t yes = 0, no = 0;
	int r = walk(w, pc + 1 + i->jt, word, &yes);

	if (r >= 0)
		r = walk(w, pc + 1 + i->jf, word, &no);
	if (r < 0)
		return r;
	*ret = graph_test(w->g, BPF_OP(i->code), word, i->k, yes, no);
	return 0;
}

/* Past a comparison; 1 when both its ways were gone. */
static int pass(struct walk *w, size_t *pc, struct graph_word word, uint32_t *ret)
{
	const struct sock_filter *i = &w->v[*pc];
	int r;

	switch (decide(w, i, word)) {
	case NO:
		*pc += 1U + i->jf;
		return 0;
	case YES:
		*pc += 1U + i->jt;
		return 0;
	case ASKS_ARGUMENT:
		r = branch(w, *pc, word, ret);
		return r < 0 ? r : 1;
	case NOT_UNDERSTOOD:
		break;
	}
	return -EOPNOTSUPP;
}

/* From an instruction to the next; 1 when nothing comes after it, with its node. */
static int step(struct walk *w, size_t *pc, struct graph_word *word, uint32_t *ret)
{
	const struct sock_filter *i = &w->v[*pc];

	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		*word = (struct graph_word){ i->k, UINT32_MAX };
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		word->mask &= i->k;
		break;
	case BPF_JMP | BPF_JA:
		*pc += i->k;
		break;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return pass(w, pc, *word, ret);
	case BPF_RET | BPF_K:
		*ret = graph_answer(w->g, i->k);
		return 1;
	default:
		return -EOPNOTSUPP;
	}
	++*pc;
	return 0;
}

static int walk(struct walk *w, size_t pc, struct graph_word word, uint32_t *ret)
{
	struct graph_word start = word;
	struct walk_memo *m;
	int r = 0;

	if (pc >= w->n)
		return -EOPNOTSUPP;
	m = &w->memo[pc];
	if (m->turn == w->turn && graph_same_word(m->word, word)) {
		*ret = m->node;
		return 0;
	}
	while (r == 0 && pc < w->n && !w->g->full)
		r = step(w, &pc, &word, ret);
	if (r <= 0)
		return r < 0 ? r : -EOPNOTSUPP;
	*m = (struct walk_memo){ w->turn, start, *ret };
	return 0;
}

int walk_call(struct walk *w, uint32_t arch, uint32_t nr, uint32_t *ret)
{
	w->turn++;
	w->arch = arch;
	w->nr = nr;
	return walk(w, 0, nothing, ret);
}
