/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumps lead forward only, so that instructions are written from the last to the first: whatever
 * one jumps to has its place already.  Places are counted from the program's end.
 */
#include "runtime/seccomp/emit.h"

#include <stdlib.h>

#include "libutil/cleanup.h"

/* A conditional jump skips up to 255; one less leaves room for what its other way needs. */
#define NEAR 254U

/* Where a node is found, + 1; 0: nowhere yet.  The place may be a jump on to it, or of several the
 * one that is nearest to the beginning. */
struct place {
	unsigned whole;   /* loads its word, then tests */
	unsigned test;    /* for those who come with the word loaded */
	unsigned size;    /* nodes below, those shared counted each time */
	bool used, loads; /* somebody comes; somebody comes with another word */
};

struct emitter {
	const struct graph *g;
	struct place *places;
	struct sock_filter *v; /* the last instruction first */
	unsigned n;
	bool full;
};

static const struct graph_word no_word = { UINT32_MAX, 0 };

static unsigned append(struct emitter *m, unsigned code, uint32_t k, unsigned jt, unsigned jf)
{
	if (m->n == BPF_MAXINSNS) {
		m->full = true;
		return 1;
	}
	m->v[m->n++] = (struct sock_filter){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
	return m->n;
}

static unsigned size_of(const struct place *places, const struct graph_node *node)
{
	unsigned sum;

	if (node->test == BPF_RET)
		return 1;
	sum = places[node->yes].size + places[node->no].size + 1;
	return sum < GRAPH_MAX ? sum : GRAPH_MAX;
}

static void note_use(struct emitter *m, uint32_t id, struct graph_word loaded)
{
	m->places[id].used = true;
	if (!graph_same_word(m->g->v[id].word, loaded))
		m->places[id].loads = true;
}

/* Edges lead to lower numbers: one pass up for the sizes, one down for who is used. */
static void survey(struct emitter *m, uint32_t root)
{
	const struct graph_node *v = m->g->v;

	for (uint32_t id = 0; id <= root; id++)
		m->places[id].size = size_of(m->places, &v[id]);
	note_use(m, root, no_word);
	for (uint32_t id = root + 1; id-- > 0;) {
		if (!m->places[id].used || v[id].test == BPF_RET)
			continue;
		note_use(m, v[id].yes, v[id].word);
		note_use(m, v[id].no, v[id].word);
	}
}

/* The place to jump to with `loaded` in the accumulator; when it's far, something nearer is made.
 */
static unsigned reach(struct emitter *m, uint32_t id, struct graph_word loaded)
{
	const struct graph_node *node = &m->g->v[id];
	struct place *p = &m->places[id];
	bool answers = node->test == BPF_RET;
	unsigned *at = !answers && graph_same_word(node->word, loaded) ? &p->test : &p->whole;

	if (m->n - *at <= NEAR)
		return *at;
	if (answers)
		*at = append(m, BPF_RET | BPF_K, node->k, 0, 0);
	else
		*at = append(m, BPF_JMP | BPF_JA, m->n - *at, 0, 0);
	return *at;
}

static void put(struct emitter *m, uint32_t id);

/* What is written last is nearest: the smaller side, to have few long jumps. */
static void put_targets(struct emitter *m, const struct graph_node *node)
{
	bool yes_first = m->places[node->yes].size > m->places[node->no].size;

	put(m, yes_first ? node->yes : node->no);
	put(m, yes_first ? node->no : node->yes);
}

static void put_load(struct emitter *m, struct graph_word word)
{
	if (word.mask != UINT32_MAX)
		(void)append(m, BPF_ALU | BPF_AND | BPF_K, word.mask, 0, 0);
	(void)append(m, BPF_LD | BPF_W | BPF_ABS, word.offset, 0, 0);
}

static void put(struct emitter *m, uint32_t id)
{
	const struct graph_node *node = &m->g->v[id];
	struct place *p = &m->places[id];
	unsigned yes, no;

	if (p->whole || p->test || m->full)
		return;
	if (node->test == BPF_RET) {
		p->whole = append(m, BPF_RET | BPF_K, node->k, 0, 0);
		return;
	}
	put_targets(m, node);
	yes = reach(m, node->yes, node->word);
	no = reach(m, node->no, node->word);
	p->test = append(m, BPF_JMP | node->test | BPF_K, node->k, m->n - yes, m->n - no);
	if (p->loads) {
		put_load(m, node->word);
		p->whole = m->n;
	}
}

size_t seccomp_emit(const struct graph *g, uint32_t root, struct sock_filter out[BPF_MAXINSNS])
{
	autofree struct place *places = xcalloc(g->n, sizeof(*places));
	autofree struct sock_filter *v = xcalloc(BPF_MAXINSNS, sizeof(*v));
	struct emitter m = { .g = g, .places = places, .v = v };

	survey(&m, root);
	put(&m, root);
	if (m.full)
		return 0;
	for (unsigned i = 0; i < m.n; i++)
		out[i] = v[m.n - 1 - i];
	return m.n;
}
