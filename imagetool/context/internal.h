/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of context/ share and nobody else sees. */
#ifndef IMAGETOOL_CONTEXT_INTERNAL_H
#define IMAGETOOL_CONTEXT_INTERNAL_H

#include "imagetool/context/context.h"
#include "imagetool/context/stat_cache.h"
#include "imagetool/context/walk.h"
#include "imagetool/store/scratch.h"

/* Everything of the stream into a fresh directory of STORE/tmp; a descriptor of it. */
int spool_tar(struct scratch *s, const struct store *store, struct byte_source from,
	      struct layer_budget *budget, struct err *e);

struct context {
	char *name; /* what messages call it */
	int rootfd;
	const struct store *store; /* borrowed; NULL: hashes are not kept */
	char *cache_name;          /* of the file below STORE; NULL: they are not kept */
	struct scratch scratch;    /* of a stream */
	struct arena arena;        /* .dockerignore's rules, hashes made in this run */
	struct ignore ignore;
	struct file_list list;
	struct timespec begun;
	struct stat_cache cache;
	uint64_t hashed;
};

/* The hashes of the listed files; what is damaged is as if it were not there. */
void context_load(struct context *c);

/* context_open_file() for who reads a bounded piece and checks afterwards. */
int context_open_unchecked(const struct context *c, size_t index, struct err *e);

#endif
