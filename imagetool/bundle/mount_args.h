/* SPDX-License-Identifier: Apache-2.0 */
/* The spellings of --volume and --tmpfs as data; nothing here asks the file system. */
#ifndef IMAGETOOL_BUNDLE_MOUNT_ARGS_H
#define IMAGETOOL_BUNDLE_MOUNT_ARGS_H

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strv.h"

enum mount_kind {
	MOUNT_BIND,   /* a path of the host */
	MOUNT_VOLUME, /* a directory below BUNDLE/volumes, filled with what the image has there */
	MOUNT_TMPFS,
};

struct mount_arg {
	enum mount_kind kind;
	char *source; /* BIND: path as given; VOLUME: name, or NULL to be made from the target */
	char *destination; /* absolute and clean, not "/" */
	struct strv options;
};

struct mount_args {
	struct mount_arg *items; /* owned */
	size_t n, cap;
};

void mount_args_done(struct mount_args *m);
AUTO_DEFINE_DONE(mount_args, mount_args_done)

/* "SRC:DST[:OPTIONS]" or "DST".  SRC with a slash or beginning with "." is a path, else a name. */
int mount_args_add_volume(struct mount_args *m, const char *text, struct err *e);
/* "DST[:OPTIONS]" */
int mount_args_add_tmpfs(struct mount_args *m, const char *text, struct err *e);
/* A volume of the image's config; nothing when something is to be mounted there already. */
int mount_args_add_image_volume(struct mount_args *m, const char *path, struct err *e);
/* Parents before what is mounted in them. */
void mount_args_sort(struct mount_args *m);

#endif
