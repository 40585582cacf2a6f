/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of load. */
#ifndef IMAGETOOL_ARCHIVE_LOAD_INTERNAL_H
#define IMAGETOOL_ARCHIVE_LOAD_INTERNAL_H

#include "imagetool/archive/load.h"
#include "imagetool/archive/members.h"

struct load {
	struct store *store;
	const struct store *layout; /* where missing blobs come from, or NULL: they must be there */
	const struct load_opts *opts;
	struct load_result *result;
	struct arena arena;
};

/* Every image of an index.json. */
int load_index(struct load *l, const struct image_index *index, struct err *e);
/* Every image of a docker-archive's manifest.json. */
int load_docker(struct load *l, const struct members *members, const struct member *manifest,
		struct err *e);

/* Name a descriptor whose blobs are all there.  `name` "" or NULL: nameless. */
int load_name(struct load *l, const char *name, const struct image_descriptor *desc, struct err *e);
/* Is --name in place for this many images? */
int load_check_count(const struct load *l, size_t n, struct err *e);

#endif
