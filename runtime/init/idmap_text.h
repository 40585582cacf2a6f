/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: the mappings that crun's form of the options idmap and ridmap carries,
 *
 *   idmap=uids=0-100000-1000#5000-200000-1;gids=@0-0-65536
 *
 * each range as first id of the file system, first id it becomes, number of ids.  An '@' says that
 * the second one is an id of the container's user namespace.
 */
#ifndef RUNTIME_INIT_IDMAP_TEXT_H
#define RUNTIME_INIT_IDMAP_TEXT_H

#include "oci-spec/runtime_spec.h"

/* Ranges the kernel takes (UID_GID_MAP_MAX_EXTENTS). */
#define IDMAP_TEXT_MAX 340

struct idmap_text {
	struct oci_array uids, gids; /* struct spec_id_mapping; owned */
};

/* `l` (may be NULL) has the container's own mappings.  `path` names the option in messages. */
int idmap_text_parse(const char *text, const struct spec_linux *l, const char *path,
		     struct idmap_text *ret, struct err *e);
void idmap_text_done(struct idmap_text *t);

#endif
