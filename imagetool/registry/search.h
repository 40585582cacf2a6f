/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for repositories by a word.  No specification says how: Docker Hub and what
 * imitates it answer /v1/search or /v2/search/repositories, others list all they have
 * (/v2/_catalog), and the word is looked for in that.
 */
#ifndef IMAGETOOL_REGISTRY_SEARCH_H
#define IMAGETOOL_REGISTRY_SEARCH_H

#include "imagetool/registry/registry.h"

#define SEARCH_LIMIT_MAX 100

struct search_hit {
	const char *name, *description;
	int64_t stars, pulls; /* pulls -1: not said */
	bool official, automated;
};

struct search_hits {
	struct arena arena; /* owns all texts */
	struct search_hit *items;
	size_t n;
};
void search_hits_done(struct search_hits *h);
AUTO_DEFINE_DONE(search_hits, search_hits_done)

/* At most `limit` hits; `r` is a session with the registry, whatever its repository.  `ret` must be
 * zeroed. */
int registry_search(struct registry *r, const char *word, size_t limit, struct search_hits *ret,
		    struct err *e);

/* One answer of either kind; what is malformed in it is left out.  For tests. */
int search_parse(const char *text, size_t len, size_t limit, struct search_hits *ret,
		 struct err *e);

#endif
