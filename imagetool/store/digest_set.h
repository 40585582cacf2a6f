/* SPDX-License-Identifier: Apache-2.0 */
/* A set of digests, for walks over what refers to what. */
#ifndef IMAGETOOL_STORE_DIGEST_SET_H
#define IMAGETOOL_STORE_DIGEST_SET_H

#include <stddef.h>

#include "libutil/cleanup.h"
#include "libutil/macro.h"

struct digest_set {
	char **slots; /* owned strings; NULL where free */
	size_t n, cap;
};

/* Returns whether it was new. */
bool digest_set_add(struct digest_set *set, const char *digest);
bool digest_set_has(const struct digest_set *set, const char *digest);
void digest_set_done(struct digest_set *set);
AUTO_DEFINE_DONE(digest_set, digest_set_done)

#endif
