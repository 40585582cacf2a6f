/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers made ready to mount, one each, shared by all images that have them.
 *
 *   STORE/snapshots/KEY/       complete, or not there
 *       fs/                    form "dir": the layer's own files in overlayfs's terms (a whiteout
 * is a character device 0:0; a directory that hides what lies below has the attribute
 * trusted.overlay.opaque, user.overlay.opaque where only that can be set) fs.erofs form "erofs": a
 * file system image of the same info                   JSON, info.h: the form, and what the layer
 * assumes about those below durable                is there once everything above is known to be on
 * the disk
 *
 * KEY is the hex of the diffID when the layer stands alone, and "chain-" and the hex of its chain
 * id when it does not: when it has entries below directories it does not state (their attributes,
 * or a symlink such as lib -> usr/lib, come from below), or hard links to files of lower layers. So
 * layers are made in parallel and in any order; what needs its parents is finished by
 * snapshot_settle().
 *
 * A snapshot is staged in STORE/tmp, locked by its maker, and renamed.  Nothing is synced on the
 * way, which would cost more than the unpacking: `info` says in which boot of the machine the
 * snapshot was made, and one of an earlier boot that never became durable is not there.  It becomes
 * durable when it is used a minute later.
 *
 * What a layer may do is judged by layer/apply.h.  The umask is the process's: it is 0 as long as
 * snapshots are open.
 */
#ifndef IMAGETOOL_SNAPSHOT_SNAPSHOT_H
#define IMAGETOOL_SNAPSHOT_SNAPSHOT_H

#include "imagetool/layer/layer.h"
#include "imagetool/snapshot/chain.h"
#include "imagetool/store/store.h"

#define SNAPSHOTS_DIR "snapshots"

struct snapshots;

/* Values of --snapshots, in the order of snapshot_choices. */
enum snapshot_choice { SNAPSHOTS_AUTO, SNAPSHOTS_DIR_FORM, SNAPSHOTS_EROFS_FORM };
extern const char *const snapshot_choices[]; /* "auto", "dir", "erofs", NULL */

/* `s` is borrowed, open for writing unless only snapshot_have() and snapshot_lowers() are used. */
int snapshots_open(struct store *s, enum snapshot_choice form, struct snapshots **ret,
		   struct err *e);
void snapshots_free(struct snapshots *s);
AUTO_DEFINE(snapshots, snapshots_free)

/* What the layers made from here on may hold in all, 0: layer/budget.h's own limit.  Not while any
 * are being made. */
void snapshots_limit(struct snapshots *s, int64_t max_bytes, int64_t max_entries);

/* Whether layer `i` need not be made: by this run, or before. */
bool snapshot_have(struct snapshots *s, const struct snapshot_chain *c, size_t i);

/* Make layer `i` from its stream, which is read to its end and verified (blob digest, diffID, size)
 * before anything becomes visible.  Any thread, several layers at once; what has been made by
 * somebody else meanwhile is success.  `notes` is added to. */
int snapshot_make(struct snapshots *s, const struct snapshot_chain *c, size_t i,
		  struct layer_stream *from, struct apply_notes *notes, struct err *e);
/* The same from the blob in the store. */
int snapshot_make_stored(struct snapshots *s, const struct snapshot_chain *c, size_t i,
			 struct apply_notes *notes, struct err *e);

/* After all layers of the chain are made: finish those that need their parents.  One thread. Layers
 * that prove unusual (a parent that is a symlink below, a hard link to a lower file) are read a
 * second time, from the store's blob, which must be complete by then. */
int snapshot_settle(struct snapshots *s, const struct snapshot_chain *c, struct apply_notes *notes,
		    struct err *e);

/* ---- To be mounted ---- */

/* SNAPSHOT_PLAIN: a whole tree, of a build where no overlay can be (built.h); not to be mounted. */
enum snapshot_form_id { SNAPSHOT_DIR, SNAPSHOT_EROFS, SNAPSHOT_PLAIN };

struct snapshot_lower {
	enum snapshot_form_id form;
	char *key;  /* below STORE/snapshots; for leases */
	char *path; /* of fs or fs.erofs, beginning with the store's path; owned */
};

/* Attributes of the root directory.  overlayfs shows the upper directory's, so whoever makes one
 * gives it these; of a mount without one it shows lower[0]'s, which are right only when
 * lower[0] states them (`from` is 0). */
struct snapshot_root {
	int from; /* position in lower[] of the layer that states them; -1: none does, defaults */
	mode_t mode; /* 07777 at most */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};

struct snapshot_stack {
	struct snapshot_lower
		*lower; /* top first, as overlayfs's lowerdir; empty layers left out */
	size_t n;       /* 0: the image is empty */
	struct snapshot_root root;
};

/* -IMAGE_ENOTFOUND when a layer is not made or not settled. */
int snapshot_lowers(struct snapshots *s, const struct snapshot_chain *c, struct snapshot_stack *ret,
		    struct err *e);
void snapshot_stack_done(struct snapshot_stack *s);
AUTO_DEFINE_DONE(snapshot_stack, snapshot_stack_done)

/* ---- For the collector of garbage ---- */

/* Key of layer `i` as it is in STORE/snapshots; NULL when it is not there.  Owned by the caller. */
char *snapshot_key(struct snapshots *s, const struct snapshot_chain *c, size_t i);

#endif
