/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records of builds go.  What only they kept is garbage afterwards, for
 * store_gc(); what a running build has found stays for that build.
 */
#ifndef IMAGETOOL_STORE_BUILD_PRUNE_H
#define IMAGETOOL_STORE_BUILD_PRUNE_H

#include "imagetool/store/build_cache.h"

struct build_prune_opts {
	bool all;        /* also those whose layers images have, and what cache mounts keep */
	bool has_before; /* only what was not used since: */
	int64_t before;  /* seconds since 1970 */
	int64_t keep;    /* bytes of what was used last that stay; 0: none has to */
	bool look_only;
};

struct build_prune_result {
	uint64_t records, mounts; /* removed; pointers of one record to another are not counted */
	uint64_t bytes;           /* what the records say of trees and layers */
};

int build_prune(struct store *s, const struct build_prune_opts *opts,
		struct build_prune_result *ret, struct err *e);

/* What there is, for `du`. */
int build_prune_count(const struct store *s, struct build_prune_result *ret, struct err *e);

/* Pure, for build_prune() and tests. */
struct build_prune_item {
	char key[BUILD_KEY_SIZE];
	char target[BUILD_KEY_SIZE]; /* the same, or where it points */
	int64_t used, bytes;
	bool shared; /* an image has its layer */
	bool doomed;
};
/* Set `doomed`; the order of the items changes. */
void build_prune_decide(struct build_prune_item *items, size_t n,
			const struct build_prune_opts *opts);

#endif
