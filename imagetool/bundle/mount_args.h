/* SPDX-License-Identifier: Apache-2.0 */
/* The spellings of --volume, --mount and --tmpfs as data; nothing here asks the file system. */
#ifndef IMAGETOOL_BUNDLE_MOUNT_ARGS_H
#define IMAGETOOL_BUNDLE_MOUNT_ARGS_H

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strv.h"

enum mount_kind {
	MOUNT_BIND,   /* a path of the host */
	MOUNT_VOLUME, /* a directory below BUNDLE/volumes, filled with what the image has there */
	MOUNT_TMPFS,
	MOUNT_FILE, /* a file of the bundle's own, made by identity.h: source is below the bundle */
};

struct mount_arg {
	enum mount_kind kind;
	char *source; /* BIND: path as given; VOLUME: name, or NULL to be made from the target */
	char *destination; /* absolute and clean, not "/" */
	struct strv options;
	bool no_copy; /* VOLUME: begins empty */
	bool relabel; /* BIND: asked for SELinux labels, ":z" */
};

struct mount_args {
	struct mount_arg *items; /* owned */
	size_t n, cap;
	/* Words such as "cached", by which docker for other systems is told to be lazy, were left
	 * out: here all see the same files. */
	size_t consistency;
};

void mount_args_done(struct mount_args *m);
AUTO_DEFINE_DONE(mount_args, mount_args_done)

/* "SRC:DST[:OPTIONS]" or "DST".  SRC with a slash or beginning with "." is a path, else a name. */
int mount_args_add_volume(struct mount_args *m, const char *text, struct err *e);
/* "DST[:OPTIONS]" */
int mount_args_add_tmpfs(struct mount_args *m, const char *text, struct err *e);
/* "type=bind,source=SRC,target=DST,readonly", docker's --mount; commas in a value are protected by
 * double quotes around the whole word, as in CSV.  mount_spec.c. */
int mount_args_add_spec(struct mount_args *m, const char *text, struct err *e);
/* What is mounted already: nothing is added when `destination` is taken.  Takes nothing. */
void mount_args_add_file(struct mount_args *m, const char *source, const char *destination,
			 bool read_only);
void mount_args_add_bind(struct mount_args *m, const char *source, const char *destination,
			 const struct strv *options);
bool mount_args_has(const struct mount_args *m, const char *destination);
/* Two of them at one place. */
int mount_args_check(const struct mount_args *m, struct err *e);
/* A volume of the image's config; nothing when something is to be mounted there already. */
int mount_args_add_image_volume(struct mount_args *m, const char *path, struct err *e);
/* Parents before what is mounted in them. */
void mount_args_sort(struct mount_args *m);

/* ---- between mount_args.c and mount_spec.c ---- */

struct mount_arg *mount_args_new(struct mount_args *m, enum mount_kind kind);
/* Owned, absolute and clean. */
int mount_arg_destination(const char *text, char **ret, struct err *e);
/* A volume's name, or, for what looks like a path, a bind. */
int mount_arg_source(struct mount_arg *a, const char *text, struct err *e);
bool mount_arg_is_propagation(const char *word);
/* rbind and rprivate where nothing else is said. */
void mount_arg_bind_defaults(struct mount_arg *a);
void mount_arg_tmpfs_defaults(struct mount_arg *a);

#endif
