/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody changed in a bundle or in a root file system, against the image
 * it came from.
 *
 * A bundle knows its image and when it was made (bundle/origin.h), its id
 * mappings, and what is mounted where.  A bundle on an overlay has its changes
 * in the upper directory already; where that speaks of lower files by other
 * names (redirect, metacopy) the mounted rootfs is compared instead.
 */
#ifndef IMAGETOOL_COMMIT_CHANGED_H
#define IMAGETOOL_COMMIT_CHANGED_H

#include "imagetool/bundle/origin.h"
#include "imagetool/diff/compare.h"
#include "imagetool/diff/ftree_dir.h"
#include "libutil/strv.h"
#include "oci-spec/runtime_spec.h"

struct changed {
	char *path;
	int dirfd;   /* of the bundle or root file system */
	int rootfd;  /* of the root file system */
	int upperfd; /* of overlayfs's upper directory; -1: there is none */
	bool is_bundle;
	struct origin origin; /* image NULL: not known */

	struct arena arena; /* owns the spec */
	struct runtime_spec *spec;
	struct disk_ids *uids, *gids; /* owned */
	struct strv mount_points;
	struct ftree_dir_opts scan;

	struct ftree old, now;
	struct changes changes;
	int changes_fd; /* where the changes' files are: rootfd or upperfd */
	struct ftree_dir_notes notes;
};

struct changed_opts {
	bool checksum; /* look at the content of all files that look the same */
	/* Only to write a layer: what is in an upper directory is taken as it is. */
	bool blind;
	/* `changes` are all files there are, for a layer that holds everything. */
	bool whole;
};

int changed_open(const char *path, struct changed *ret, struct err *e);
/* Load the image that the bundle was made of, by digest or, where the store finds it so only, by
 * name.  -EINVAL when the bundle does not say. */
int changed_load_base(const struct changed *c, const struct store *s, struct image *ret,
		      struct err *e);
/* Compare with the image it came from. */
int changed_find(struct changed *c, const struct store *s, const struct image *base,
		 const struct changed_opts *opts, struct err *e);
void changed_done(struct changed *c);
AUTO_DEFINE_DONE(changed, changed_done)

#endif
