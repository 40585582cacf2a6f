/* SPDX-License-Identifier: Apache-2.0 */
/* What a store needs: blobs by digest and snapshots by key, found by following descriptors. */
#ifndef IMAGETOOL_STORE_GC_MARK_H
#define IMAGETOOL_STORE_GC_MARK_H

#include "imagetool/store/digest_set.h"
#include "imagetool/store/store.h"

struct gc_live {
	struct digest_set blobs;
	struct digest_set snapshots;
	struct digest_set walked; /* of blobs: what they refer to is here as well */
};
void gc_live_done(struct gc_live *live);
AUTO_DEFINE_DONE(gc_live, gc_live_done)

/* The descriptor's blob and all below it.  What is missing is fine: other platforms of an index,
 * the subject of a signature.  What is there and cannot be read is an error. */
int gc_mark(const struct store *s, const struct image_descriptor *desc, struct gc_live *live,
	    struct err *e);
/* Everything index.json names. */
int gc_mark_index(const struct store *s, struct gc_live *live, struct err *e);
/* What living processes hold.  Before the other two: who lets go of a thing has named it before. */
int gc_mark_holds(const struct store *s, struct gc_live *live, struct err *e);
/* What living leases name; dead ones are removed unless `look_only`. */
int gc_mark_leases(const struct store *s, bool look_only, struct gc_live *live, struct err *e);

/* What records of builds name. */
int gc_mark_builds(const struct store *s, struct gc_live *live, struct err *e);

/* The names of now of those that are marked by the ones of before; comes last. */
int gc_mark_moved(const struct store *s, struct gc_live *live, struct err *e);

#endif
