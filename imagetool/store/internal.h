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
	bool boot_noted;        /* boot_note() has been here */
};

#define BOOT_ID_SIZE 40
#define BOOT_CHUNK   ((size_t)128 << 10)

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
	bool ordered;            /* a rename over another file comes after the data (boot.c) */
	char boot[BOOT_ID_SIZE]; /* "" when there is none: then everything is synced at once */
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
/* A directory, locked likewise. */
int temp_create_dir(const struct store *s, const char *prefix, struct temp *ret, struct err *e);
/* Move it to `name` below dirfd, over what is there.  Closes it in any case. */
int temp_publish(const struct store *s, struct temp *t, int dirfd, const char *name, bool sync,
		 struct err *e);
void temp_drop(const struct store *s, struct temp *t);
/* Remove what dead writers left. */
int temp_clean(const struct store *s, struct err *e);

/* Write a whole small file: after a crash it is the old or the new one, whole. */
int temp_replace(const struct store *s, const char *name, const void *data, size_t len,
		 struct err *e);

/* The same, and on return it is on the disk. */
int temp_replace_synced(const struct store *s, const char *name, const void *data, size_t len,
			struct err *e);

/* ---- boot.c ---- */

void boot_read_id(char ret[BOOT_ID_SIZE]);
/* File systems that write a file's data before they rename it over another one: ext4
 * (auto_da_alloc), btrfs; tmpfs has no crashes to survive. */
bool boot_rename_orders(int fd);
/* Before a blob gets its name unsynced. */
int boot_note(const struct store *s, struct err *e);
/* The machine has crashed or was restarted: remove blobs that did not get to the disk. */
int boot_recover(const struct store *s, struct err *e);
/* Now and then: what is there needs no doubt any more. */
int boot_settle(const struct store *s, struct err *e);

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
/* Before the rename of a blob that is open as `fd`: synced, or noted as not synced. */
int blob_settle(const struct store *s, int fd, struct err *e);

#endif
