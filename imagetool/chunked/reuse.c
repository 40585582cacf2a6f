/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/reuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"

void chunked_reuse_done(struct chunked_reuse *u)
{
	free(u->runs);
	strbuf_done(&u->bytes);
	*u = (struct chunked_reuse){ 0 };
}

/* ---- The plan ---- */

static bool continues(const struct chunked_run *last, const struct chunked_run *next)
{
	if (last->from != next->from)
		return false;
	return next->from != CHUNKED_STOCK ||
	       (last->blob == next->blob && last->at + last->len == next->at);
}

static void add_run(struct chunked_reuse *u, const struct chunked_run *run)
{
	if (u->n && continues(&u->runs[u->n - 1], run)) {
		u->runs[u->n - 1].len += run->len;
		return;
	}
	if (u->n == u->cap) {
		u->cap = u->cap ? 2 * u->cap : 64;
		u->runs = xreallocarray(u->runs, u->cap, sizeof(*u->runs));
	}
	u->runs[u->n++] = *run;
}

static void look_up(struct chunked_reuse *u, const struct chunked_toc *toc)
{
	size_t after = CHUNKED_NOWHERE;

	for (size_t i = 0; i < toc->n; i++) {
		const struct chunked_piece *p = &toc->pieces[i];
		struct chunked_run run = { .offset = p->offset, .len = p->len };
		struct chunked_found found = { .piece = CHUNKED_NOWHERE };

		if (chunked_stock_find(u->stock, p, after, &found)) {
			run.from = CHUNKED_STOCK;
			run.blob = found.blob;
			run.at = found.offset;
		}
		after = found.piece;
		add_run(u, &run);
	}
}

/* How long is what is here from run `i` on, in one blob or another? */
static int64_t here_from(const struct chunked_reuse *u, size_t i)
{
	int64_t len = 0;

	for (; i < u->n && u->runs[i].from != CHUNKED_NETWORK; i++)
		len += u->runs[i].len;
	return len;
}

/* What is shorter than `min` and would cost a request of its own comes with its neighbours.  The
 * first run and the last have but one: nothing is gained by them. */
static void merge(struct chunked_reuse *u, int64_t min)
{
	struct chunked_reuse merged = { 0 };
	bool along = false;

	for (size_t i = 0; i < u->n; i++) {
		struct chunked_run run = u->runs[i];
		bool first_here = i > 0 && u->runs[i - 1].from == CHUNKED_NETWORK;

		if (run.from == CHUNKED_NETWORK)
			along = false;
		else if (first_here)
			along = here_from(u, i) < min &&
				u->runs[u->n - 1].offset + u->runs[u->n - 1].len >
					run.offset + here_from(u, i);
		if (along)
			run.from = CHUNKED_NETWORK;
		add_run(&merged, &run);
	}
	free(u->runs);
	u->runs = merged.runs;
	u->n = merged.n;
	u->cap = merged.cap;
}

static void count(struct chunked_reuse *u)
{
	u->here = 0;
	u->requests = 0;
	for (size_t i = 0; i < u->n; i++) {
		if (u->runs[i].from == CHUNKED_NETWORK)
			u->requests++;
		else
			u->here += u->runs[i].len;
	}
}

bool chunked_reuse_plan(struct chunked_reuse *ret, const struct chunked_stock *stock,
			const struct chunked_toc *toc, struct strbuf *bytes)
{
	struct chunked_run tail = { .from = CHUNKED_TAIL, .len = (int64_t)bytes->len };
	int64_t saved;

	*ret = (struct chunked_reuse){ .stock = stock, .bytes = *bytes };
	*bytes = (struct strbuf){ 0 };
	look_up(ret, toc);
	count(ret);
	for (int64_t min = CHUNKED_RUN_MIN; ret->requests > 0; min *= 2) {
		merge(ret, min);
		count(ret);
		if (ret->requests <= CHUNKED_RUNS_MAX)
			break;
	}
	saved = ret->here;
	tail.offset = ret->tail =
		toc->n ? toc->pieces[toc->n - 1].offset + toc->pieces[toc->n - 1].len : 0;
	add_run(ret, &tail);
	ret->here += tail.len;
	return saved >= CHUNKED_SAVED_MIN && saved >= ret->tail / CHUNKED_SAVED_PART;
}

/* ---- Its use ---- */

static const struct chunked_run *run_at(const struct chunked_reuse *u, int64_t at)
{
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct chunked_run *run = &u->runs[middle];

		if (at < run->offset)
			high = middle;
		else if (at >= run->offset + run->len)
			low = middle + 1;
		else
			return run;
	}
	return NULL;
}

int64_t chunked_reuse_span(const struct chunked_reuse *u, int64_t at)
{
	const struct chunked_run *run = run_at(u, at);
	int64_t left = run ? run->offset + run->len - at : 0;

	return run && run->from == CHUNKED_NETWORK ? -left : left;
}

int chunked_reuse_read(const struct chunked_reuse *u, int64_t at, void *buf, size_t len,
		       struct err *e)
{
	const struct chunked_run *run = run_at(u, at);

	if (!run || run->from == CHUNKED_NETWORK)
		return err_set(e, EINVAL, "byte %lld of the blob is not here", (long long)at);
	if ((int64_t)len > run->offset + run->len - at)
		len = (size_t)(run->offset + run->len - at);
	if (run->from == CHUNKED_STOCK)
		return chunked_stock_read(u->stock, run->blob, run->at + at - run->offset, buf, len,
					  e);
	memcpy(buf, u->bytes.data + (at - u->tail), len);
	return (int)len;
}
