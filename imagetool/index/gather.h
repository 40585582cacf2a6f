/* SPDX-License-Identifier: Apache-2.0 */
/* Images from any place into an index of the store. */
#ifndef IMAGETOOL_INDEX_GATHER_H
#define IMAGETOOL_INDEX_GATHER_H

#include "imagetool/copy/source.h"
#include "imagetool/index/draft.h"

struct gather_opts {
	const struct platform *platform; /* of an index; NULL: this machine's */
	bool all;                        /* each image of an index */
	const struct place_opts *place;
};

/*
 * Add what `place` names.  What is not in the store comes there first, without a name: as long as
 * the store is open it stays, later because the index names it.  Platforms that nobody has said
 * are taken from the images' configs.  Returns how many entries were added, `ret_last` is the
 * position of the last of them.
 */
int gather(struct store *s, const char *place, const struct gather_opts *opts,
	   struct index_draft *d, size_t *ret_last, struct err *e);

#endif
