/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of snapshot/. */
#ifndef IMAGETOOL_SNAPSHOT_INTERNAL_H
#define IMAGETOOL_SNAPSHOT_INTERNAL_H

#include <pthread.h>

#include "imagetool/snapshot/form.h"
#include "imagetool/store/snapshot_key.h"

#define BOOT_ID_SIZE 40

/* ---- stage.c ---- */

/* A directory in STORE/tmp, locked by whoever has it open; the store's own cleaner removes what
 * lost its maker. */
struct stage {
	int fd;     /* -1: nothing is staged */
	char *name; /* below STORE/tmp */
};

/* One changes a name at a time: between "it is bad" and its replacement nobody makes it good.
 * Returns a descriptor whose closing unlocks: one of its own, since threads exclude one another. */
int snapshots_lock(const struct snapshots *s, struct err *e);
int stage_begin(const struct snapshots *s, struct stage *ret, struct err *e);
/* Write `info` and make it STORE/snapshots/`key`; when somebody else has made that, ours is
 * dropped. On failure it stays staged. */
int stage_publish(const struct snapshots *s, struct stage *st, const char *key,
		  const struct snapshot_info *info, struct err *e);
void stage_drop(const struct snapshots *s, struct stage *st);

/* ---- snapshots.c ---- */

/* Made, and waiting for its parents. */
struct pending {
	char chain_id[DIGEST_TEXT_SIZE];
	struct stage stage; /* empty when it has to be made again */
	struct snapshot_info info;
};

struct snapshots {
	struct store *store; /* borrowed */
	const struct snapshot_form *form;
	bool trusted;
	int dirfd; /* STORE/snapshots; -1: there is none, opened for reading */
	int tmpfd; /* STORE/tmp; likewise */
	char boot[BOOT_ID_SIZE];
	mode_t umask; /* of the process before */
	struct layer_budget budget;
	pthread_mutex_t lock; /* of what follows */
	struct pending **pending;
	size_t n_pending;
};

void key_alone(const struct snapshot_chain *c, size_t i, char ret[SNAPSHOT_KEY_SIZE]);
void key_chained(const struct snapshot_chain *c, size_t i, char ret[SNAPSHOT_KEY_SIZE]);

/* Open STORE/snapshots/`key` when it is complete and outlived the machine's last crash; -ENOENT.
 * `info` may be NULL. */
int snapshot_open(const struct snapshots *s, const char *key, struct snapshot_info *info,
		  struct err *e);
/* By either of its keys; *ret_key is the one that was found. */
int snapshot_open_layer(const struct snapshots *s, const struct snapshot_chain *c, size_t i,
			char ret_key[SNAPSHOT_KEY_SIZE], struct snapshot_info *info, struct err *e);

/* Takes `stage` and the content of `info`. */
void pending_add(struct snapshots *s, const char *chain_id, struct stage *stage,
		 struct snapshot_info *info);
/* Out of the list, owned by the caller then; NULL when it is not there. */
struct pending *pending_take(struct snapshots *s, const char *chain_id);
void pending_free(const struct snapshots *s, struct pending *p);

/* NULL: this program does not know the form. */
const struct snapshot_form *snapshot_form_of(const struct snapshot_info *info, const char *key,
					     struct err *e);

/* ---- stack.c ---- */

/* It is being used, a while after it was made: from now on it is believed after a crash, too. */
void snapshot_mark_durable(const struct snapshots *s, int fd, bool *synced);

/* ---- make.c ---- */

/* Stage layer `i`; `lower` NULL: what lies below is not known. */
int make_staged(struct snapshots *s, const struct snapshot_chain *c, size_t i, struct view *lower,
		struct layer_stream *from, struct apply_notes *notes, struct stage *ret_stage,
		struct snapshot_info *ret_info, struct err *e);
/* The stream of the blob in the store.  `fd` holds the open file, and lives as long as the stream.
 */
int stored_stream(const struct snapshots *s, const struct snapshot_chain *c, size_t i, int *fd,
		  struct layer_stream **ret, struct err *e);

#endif
