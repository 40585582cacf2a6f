/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blob put together from what is on this machine and what has to come: a list of
 * runs that covers it.  Deciding only; registry/download.c does it.
 */
#ifndef IMAGETOOL_CHUNKED_REUSE_H
#define IMAGETOOL_CHUNKED_REUSE_H

#include "imagetool/chunked/stock.h"
#include "libutil/strbuf.h"

/* A request costs about as much as so many bytes: what is here between two pieces that have to
 * come, and is shorter, comes along. */
#define CHUNKED_RUN_MIN ((int64_t)64 << 10)
/* More runs than this are made fewer by taking along more. */
#define CHUNKED_RUNS_MAX 64
/* It is worth it when so much need not travel, and at least one part in so many. */
#define CHUNKED_SAVED_MIN  ((int64_t)256 << 10)
#define CHUNKED_SAVED_PART 8
/* Of smaller layers not even the table of contents is asked for. */
#define CHUNKED_LAYER_MIN ((int64_t)1 << 20)

enum chunked_from {
	CHUNKED_NETWORK,
	CHUNKED_STOCK,
	CHUNKED_TAIL, /* the end of the blob, which was read for its table */
};

struct chunked_run {
	enum chunked_from from;
	int64_t offset, len; /* in the blob */
	size_t blob;         /* of the stock */
	int64_t at;          /* in that blob */
};

struct chunked_reuse {
	const struct chunked_stock *stock; /* borrowed */
	struct chunked_run *runs;          /* ascending, without gaps; owned */
	size_t n, cap;
	int64_t tail;        /* where the tail begins */
	struct strbuf bytes; /* the tail */
	int64_t here;        /* bytes that need not come, the tail among them */
	size_t requests;     /* runs of the network */
};
void chunked_reuse_done(struct chunked_reuse *u);
AUTO_DEFINE_DONE(chunked_reuse, chunked_reuse_done)

/* Fill runs for a blob of these pieces.  `bytes` is its tail, taken.  Returns whether it is worth
 * it. */
bool chunked_reuse_plan(struct chunked_reuse *ret, const struct chunked_stock *stock,
			const struct chunked_toc *toc, struct strbuf *bytes);

/* From byte `at` on so many bytes are here (> 0), or so many have to come (< 0); 0: the end. */
int64_t chunked_reuse_span(const struct chunked_reuse *u, int64_t at);
/* Of what is here: at most `len` bytes; returns how many. */
int chunked_reuse_read(const struct chunked_reuse *u, int64_t at, void *buf, size_t len,
		       struct err *e);

#endif
