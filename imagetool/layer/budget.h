/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy: what one image may ask for.  A small blob can inflate to anything, so
 * bytes are counted as they come out of the decompressor, whatever they are.
 * One budget serves all layers of an image, from any thread.
 */
#ifndef IMAGETOOL_LAYER_BUDGET_H
#define IMAGETOOL_LAYER_BUDGET_H

#include <stdatomic.h>
#include <stdint.h>

#include "libutil/err.h"
#include "libutil/opts.h"

/* Real images stay below a hundredth of it. */
#define BUDGET_ENTRIES ((int64_t)16 << 20)
#define BUDGET_BYTES   ((int64_t)1 << 40)

struct layer_budget {
	int64_t max_bytes, max_entries;
	atomic_int_least64_t bytes, entries; /* so far */
};

/* 0: the value above. */
void layer_budget_init(struct layer_budget *b, int64_t max_bytes, int64_t max_entries);
/* -EFBIG and -E2BIG once it is used up. */
int layer_budget_take_bytes(struct layer_budget *b, int64_t n, struct err *e);
int layer_budget_take_entry(struct layer_budget *b, struct err *e);

/* Options of verbs that unpack: rows for a `struct budget_opts` at `at` in the values. */
struct budget_opts {
	int64_t max_size, max_entries; /* 0: not given */
};
#define BUDGET_OPT_ROWS(at)                                                                        \
	{ .name = "max-size",                                                                      \
	  .kind = OPT_SIZE,                                                                        \
	  .offset = (at) + offsetof(struct budget_opts, max_size),                                 \
	  .arg = "SIZE",                                                                           \
	  .help = "refuse layers that hold more bytes when they are unpacked (1 TiB)" },           \
	{                                                                                          \
		.name = "max-entries", .kind = OPT_I64,                                            \
		.offset = (at) + offsetof(struct budget_opts, max_entries), .arg = "N",            \
		.help = "refuse layers with more entries in all (16777216)"                        \
	}
/* Refuses what is no limit. */
int budget_opts_check(const struct budget_opts *o, struct err *e);

#endif
