/* SPDX-License-Identifier: Apache-2.0 */
/* Are the snapshots of a store what they say they are? */
#ifndef IMAGETOOL_VERB_VERIFY_SNAPSHOTS_H
#define IMAGETOOL_VERB_VERIFY_SNAPSHOTS_H

#include "imagetool/store/store.h"
#include "libutil/strv.h"

struct snapshot_findings {
	size_t n;
	struct strv damaged; /* keys */
};
void snapshot_findings_done(struct snapshot_findings *f);

int snapshots_check(const struct store *s, struct snapshot_findings *ret, struct err *e);
int snapshots_remove(struct store *s, const struct strv *keys, struct err *e);

#endif
