/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What directories of STORE/snapshots are called: the hex digits of a layer's
 * diffID when its snapshot stands alone, "chain-" and those of its chain id when
 * it was made for what lies below it; "build-" and the key of its record for what
 * a step of a build made and nobody packed yet; "plain-" and either, for a whole
 * tree where no overlay can be.
 */
#ifndef IMAGETOOL_STORE_SNAPSHOT_KEY_H
#define IMAGETOOL_STORE_SNAPSHOT_KEY_H

#include "imagetool/store/store.h"

#define SNAPSHOT_CHAIN_PREFIX "chain-"
#define SNAPSHOT_BUILD_PREFIX "build-"
#define SNAPSHOT_PLAIN_PREFIX "plain-"
#define SNAPSHOT_KEY_SIZE     (sizeof(SNAPSHOT_CHAIN_PREFIX) + DIGEST_TEXT_SIZE)

/* image-spec, config.md: the id of a layer on top of `chain`, which it replaces; "" at the bottom.
 */
void snapshot_chain_id(char chain[DIGEST_TEXT_SIZE], const char *diff_id);

void snapshot_key_alone(const char *diff_id, char ret[SNAPSHOT_KEY_SIZE]);
void snapshot_key_chain(const char *chain_id, char ret[SNAPSHOT_KEY_SIZE]);
void snapshot_key_build(const char *record_key, char ret[SNAPSHOT_KEY_SIZE]);
/* Of the layers up to this chain id, and of what a step made. */
void snapshot_key_plain(const char *chain_id, char ret[SNAPSHOT_KEY_SIZE]);
void snapshot_key_plain_build(const char *record_key, char ret[SNAPSHOT_KEY_SIZE]);
/*
 * Is it a link to another name below `dirfd`?  What a step made gets the key of its layer when it
 * is packed, and leaves such a link (snapshot/built.c): who found it by the old name before still
 * does. A link holds its target as a snapshot holds itself.
 */
bool snapshot_key_moved(int dirfd, const char *key, char ret[SNAPSHOT_KEY_SIZE]);
/* Is this what one of these makes? */
bool snapshot_key_is_legal(const char *key);

#endif
