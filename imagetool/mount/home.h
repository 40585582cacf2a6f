/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory that an overlay's own things are in: a bundle, or STORE/mounts/ID.
 *
 *   overlay.json       what is mounted where: the store, the image by digest
 *   upper/ work/       what was written
 *   rootfs/            where it is mounted, unless overlay.json names another place
 *
 * With it the overlay can be mounted again, after a restart of the machine for
 * example.  A lease keeps the image and its snapshots as long as the directory is there.
 */
#ifndef IMAGETOOL_MOUNT_HOME_H
#define IMAGETOOL_MOUNT_HOME_H

#include "imagetool/mount/layers.h"

#define HOME_RECORD "overlay.json"
#define HOME_ROOTFS "rootfs"
#define HOME_MOUNTS "mounts" /* below the store */

struct home {
	char *path;   /* absolute */
	char *store;  /* absolute path of the image's store */
	char *image;  /* its name, for people */
	char *digest; /* of its manifest */
	char *media_type;
	int64_t size; /* of the manifest */
	char *target; /* absolute; NULL: rootfs/ in it */
	bool writable;
};

void home_done(struct home *h);
AUTO_DEFINE_DONE(home, home_done)

/* For this image; `path` and `target` (may be NULL) are absolute. */
void home_init(struct home *h, const struct store *s, const struct image *img, const char *path,
	       const char *target, bool writable);
/* Write overlay.json into the directory, which may be staged elsewhere yet. */
int home_write(const struct home *h, int dirfd, struct err *e);
/* Who wrote overlay.json: a bundle may come from anybody, and is mounted nowhere but in itself. */
enum home_kind { HOME_BUNDLE, HOME_OF_STORE };
/* -ENOENT when the directory is none. */
int home_read(const char *path, enum home_kind kind, struct home *ret, struct err *e);

/* Where it is mounted; owned by the caller. */
char *home_target(const struct home *h);
/* Mount it again.  1: it was mounted already. */
int home_mount(const struct home *h, enum snapshot_choice form, struct apply_notes *notes,
	       struct err *e);

#endif
