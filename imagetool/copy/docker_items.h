/* SPDX-License-Identifier: Apache-2.0 */
/* A docker-archive has names of files where others have descriptors; here they are made. */
#ifndef IMAGETOOL_COPY_DOCKER_ITEMS_H
#define IMAGETOOL_COPY_DOCKER_ITEMS_H

#include "imagetool/archive/file.h"
#include "imagetool/copy/place.h"

struct docker_part {
	char digest[DIGEST_TEXT_SIZE];
	const struct member *member;
};

/* One image: the manifest that every tool would make of it, and where its blobs are. */
struct docker_made {
	char *text; /* owned */
	size_t len;
	struct docker_part *parts; /* owned */
	size_t n;
	const char *name; /* first of its tags, in the arena; or NULL */
};

/* The image `p` names: by tag, by position, or the only one. */
int docker_make(const struct archive_file *f, const struct place *p, struct arena *a,
		struct docker_made *ret, struct err *e);
void docker_made_done(struct docker_made *m);
/* NULL when this digest is none of its. */
const struct member *docker_made_find(const struct docker_made *m, const char *digest);

#endif
