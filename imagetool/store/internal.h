/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of store/ share and nobody else sees. */
#ifndef IMAGETOOL_STORE_INTERNAL_H
#define IMAGETOOL_STORE_INTERNAL_H

#include <pthread.h>
#include <sys/file.h>

#include "imagetool/store/digest_set.h"
#include "imagetool/store/store.h"

/* After "-", random digits. */
#define TEMP_NAME_SIZE 24

/* A file in tmp/, locked as long as `fd` is open, so that others know its writer lives. */
struct temp {
	int fd;
	char name[TEMP_NAME_SIZE];
};

/* What this process relies on (hold.c). */
struct hold {
	pthread_mutex_t mutex;
	struct temp temp;       /* fd -1: nothing is held yet */
	struct digest_set held; /* its lines */
};

/* Nothing here but `hold` changes while the store is open. */
struct store {
	char *path;
	int dirfd;
	int tmpfd;     /* -1 for readers who may not write there */
	int lockfd;    /* directory lock/; -1 when there is none and none can be made */
	int gcfd;      /* lock/gc; -1 unless can_hold */
	int usefd;     /* holds the shared "use" lock; -1 for who can hold, or without lockfd */
	bool can_hold; /* tells collectors by its hold file what it relies on */
	struct hold *hold;
};

/* ---- hold.c ---- */

#define HOLD_PREFIX "hold-"

/* The first letter of a line; a blank and a digest, for SNAPSHOT a key, follow. */
enum hold_kind {
	HOLD_BLOB = 'b',
	HOLD_MANIFEST = 'm',
	HOLD_INDEX = 'i',
	HOLD_SNAPSHOT = 's',
};

void hold_init(struct hold *h);
void hold_done(const struct store *s, struct hold *h);

/* ---- lock.c ---- */

/* Open lock/.  Who cannot write a hold file takes the "use" lock, shared, and so keeps collectors
 * out; readers of a layout without lock/ go without. */
int store_lock_open(struct store *s, enum store_access access, struct err *e);
/* Are there none that hold the "use" lock?  Returns a descriptor whose closing unlocks, or -EBUSY
 * without setting `e`. */
int store_lock_alone(const struct store *s, struct err *e);
/* LOCK_SH: what is held is being written; LOCK_EX: a collector decides; LOCK_UN. */
int store_lock_gc(const struct store *s, int operation, struct err *e);
/* Wait for the "index" lock; returns a descriptor whose closing unlocks. */
int store_lock_index(struct store *s, struct err *e);

/* ---- temp.c ---- */

int temp_create(const struct store *s, struct temp *ret, struct err *e);
/* The same with a name that begins so. */
int temp_create_named(const struct store *s, const char *prefix, struct temp *ret, struct err *e);
/* A directory, locked likewise; a cleaner that comes between birth and lock makes it -EAGAIN. */
int temp_create_dir(const struct store *s, const char *prefix, struct temp *ret, struct err *e);
/* Move it, synced, to `name` below dirfd, over what is there.  Closes it in any case. */
int temp_publish(const struct store *s, struct temp *t, int dirfd, const char *name, struct err *e);
void temp_drop(const struct store *s, struct temp *t);
/* Remove what dead writers left. */
int temp_clean(const struct store *s, struct err *e);

/* Write a whole small file the safe way. */
int temp_replace(const struct store *s, const char *name, const void *data, size_t len,
		 struct err *e);

/* ---- blob.c ---- */

/* Directories of blobs/. */
static const char *const blob_algorithms[] = { "sha256", "sha512" };

#define BLOB_PATH_SIZE (sizeof("blobs//") + DIGEST_TEXT_SIZE)

/* "blobs/sha256/<hex>"; the digest is checked first. */
int blob_path(const char *digest, char buf[BLOB_PATH_SIZE], struct err *e);
/* blob_exists() for the collector, which holds nothing. */
bool blob_is_there(const struct store *s, const char *digest, int64_t size);
/* The directory of a blob_path(). */
int blob_make_parent(const struct store *s, const char *path, struct err *e);
/* Make the renames of blobs durable. */
int blob_sync_dirs(const struct store *s, struct err *e);

#endif
