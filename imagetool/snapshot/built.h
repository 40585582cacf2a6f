/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots that nobody unpacked: what a step of a build wrote into overlayfs's
 * upper directory, kept as it is (form "dir") and found by a key of the build's.
 * Once it is packed it becomes the layer's own snapshot, under the key of the
 * layer's chain.  Where no overlay can be, the whole tree (form "plain").
 */
#ifndef IMAGETOOL_SNAPSHOT_BUILT_H
#define IMAGETOOL_SNAPSHOT_BUILT_H

#include "imagetool/snapshot/snapshot.h"

/* A directory in STORE/tmp, removed by the next writer once its maker is dead. */
struct built_stage {
	int fd;     /* -1: there is none */
	char *name; /* below STORE/tmp */
};

int built_begin(struct snapshots *s, struct built_stage *ret, struct err *e);
/* Remove it; nothing may be mounted in it. */
void built_drop(struct snapshots *s, struct built_stage *st);
/* Its path, beginning with the store's; owned by the caller. */
char *built_path(const struct snapshots *s, const struct built_stage *st);

struct built_facts {
	int64_t size;    /* bytes of its files */
	int64_t entries; /* 0: it changes nothing */
	bool whole;      /* form "plain": the tree is all there is, not what a step changed */
};

/* Beside a whole tree: what of it is the step's, diff/change_list.h. */
#define BUILT_CHANGES "changes"

/* Directory `upper` of the stage becomes STORE/snapshots/`key`, with BUILT_CHANGES when that is
 * there; the rest of the stage is removed.
 * What somebody else has put there meanwhile stays instead. */
int built_publish(struct snapshots *s, struct built_stage *st, const char *upper, const char *key,
		  const struct built_facts *facts, struct err *e);

/* By its key, or the one it had before built_rename(); the path of its tree as overlayfs takes it.
 * -ENOENT when it is not there, or was made before the machine crashed. */
int built_open(struct snapshots *s, const char *key, struct snapshot_lower *ret, struct err *e);

/* It is the layer of this diffID now.  What has that key already stays, and ours too; `key` is what
 * counts from now on in any case.  Who found it by `old_key`, in this process or another, finds and
 * holds it by that as before. */
int built_rename(struct snapshots *s, const char *old_key, const char *key, const char *diff_id,
		 struct err *e);

#endif
