/* SPDX-License-Identifier: Apache-2.0 */
/* What a repository has: tags, and who refers to a manifest.  Lists come in pages. */
#ifndef IMAGETOOL_REGISTRY_LISTS_H
#define IMAGETOOL_REGISTRY_LISTS_H

#include "imagetool/registry/registry.h"
#include "libutil/strv.h"

struct tags_opts {
	size_t max;       /* stop after so many; 0: all */
	const char *last; /* begin after this one, or NULL */
};
/* Tags are checked for being tags; `ret` must be zeroed. */
int registry_tags(struct registry *r, const struct tags_opts *opts, struct strv *ret,
		  struct err *e);

struct referrers {
	struct arena arena; /* owns what items point to */
	struct image_descriptor *items;
	size_t n;
	bool fallback; /* from the tag, since the registry has no list */
};
void referrers_done(struct referrers *r);
AUTO_DEFINE_DONE(referrers, referrers_done)

/* Manifests whose subject is `digest`, of one artifact type or (NULL) of all.  None is no error.
 * `ret` must be zeroed. */
int registry_referrers(struct registry *r, const char *digest, const char *artifact_type,
		       struct referrers *ret, struct err *e);

#endif
