/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of store/ share and nobody else sees. */
#ifndef IMAGETOOL_STORE_INTERNAL_H
#define IMAGETOOL_STORE_INTERNAL_H

#include "imagetool/store/store.h"

struct store {
	char *path;
	int dirfd;
	int tmpfd;  /* -1 when opened for reading */
	int lockfd; /* directory lock/; -1 when there is none and none can be made */
	int usefd;  /* holds the shared "use" lock; -1 without lockfd */
};

/* ---- lock.c ---- */

/* Open lock/ and take the "use" lock, shared.  Readers of a layout without lock/ go without. */
int store_lock_open(struct store *s, enum store_access access, struct err *e);
/* Try to hold the store alone: 1 when nobody else has it open, 0 when somebody has.  The shared
 * lock is given up in both cases until store_lock_share(). */
int store_lock_alone(struct store *s, struct err *e);
int store_lock_share(struct store *s, struct err *e);
/* Wait for the "index" lock; returns a descriptor whose closing unlocks. */
int store_lock_index(struct store *s, struct err *e);

/* ---- temp.c ---- */

#define TEMP_NAME_SIZE 24

/* A file in tmp/, locked as long as `fd` is open, so that others know its writer lives. */
struct temp {
	int fd;
	char name[TEMP_NAME_SIZE];
};

int temp_create(const struct store *s, struct temp *ret, struct err *e);
/* Move it, synced, to `name` below dirfd, over what is there.  Closes it in any case. */
int temp_publish(const struct store *s, struct temp *t, int dirfd, const char *name, struct err *e);
void temp_drop(const struct store *s, struct temp *t);
/* Remove what dead writers left. */
int temp_clean(const struct store *s, struct err *e);

/* Write a whole small file the safe way. */
int temp_replace(const struct store *s, const char *name, const void *data, size_t len,
		 struct err *e);

/* ---- blob.c ---- */

#define BLOB_PATH_SIZE (sizeof("blobs//") + DIGEST_TEXT_SIZE)

/* "blobs/sha256/<hex>"; the digest is checked first. */
int blob_path(const char *digest, char buf[BLOB_PATH_SIZE], struct err *e);
/* Make the renames of blobs durable. */
int blob_sync_dirs(const struct store *s, struct err *e);

#endif
