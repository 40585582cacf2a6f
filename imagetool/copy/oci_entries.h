/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of the index.json of a layout that is being written. */
#ifndef IMAGETOOL_COPY_OCI_ENTRIES_H
#define IMAGETOOL_COPY_OCI_ENTRIES_H

#include "libutil/cleanup.h"
#include "oci-spec/image_spec.h"

struct oci_entries {
	struct arena arena;
	struct image_descriptor *items; /* in the arena */
	size_t n;
};

void oci_entries_done(struct oci_entries *s);

/*
 * `short_names`: umoci takes nothing but [A-Za-z0-9._-] as a name, so the tag is the name, or
 * "repository-tag" where another image has the tag, and the full one stands beside it.
 */
void oci_entries_add(struct oci_entries *s, const struct image_descriptor *desc, const char *name,
		     bool short_names);

#endif
