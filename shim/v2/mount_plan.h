/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: a mount that a Create request asks for, as what mount(2) takes.
 *
 * The words are containerd's (its table of mount options), not config.json's:
 * what is no flag goes to the file system.
 */
#ifndef SHIM_V2_MOUNT_PLAN_H
#define SHIM_V2_MOUNT_PLAN_H

#include "libutil/alloc.h"
#include "libutil/strv.h"
#include "shim/message/types.h"

/* What mount(2) takes as data, with its NUL. */
#define MOUNT_DATA_MAX   4096
#define MOUNT_MAPPINGS   16
#define MOUNT_LAYERS_MAX 500 /* the kernel's */

/* Ids in the mount -> ids below it. */
struct mount_mapping {
	uint32_t inside, outside, count;
};
struct mount_map {
	struct mount_mapping items[MOUNT_MAPPINGS];
	size_t n; /* 0: none */
};

struct mount_plan {
	const char *type, *source, *target; /* borrowed from the request; target "" is the root */
	unsigned long flags;                /* MS_* */
	bool loop;                          /* the source is a file: on a loop device */
	struct mount_map uids, gids;        /* both or none */
	struct strv words;                  /* for the file system */
	const struct pb_list *options;      /* borrowed: all words, for a helper */
	const char *helper;                 /* "mount.fuse3" for type "fuse3.x", or NULL */
};

int mount_plan_make(const struct msg_mount *m, struct mount_plan *ret, struct err *e);
void mount_plan_done(struct mount_plan *p);
AUTO_DEFINE_DONE(mount_plan, mount_plan_done)

static inline bool mount_plan_is_overlay(const struct mount_plan *p)
{
	return streq(p->type, "overlay");
}

/* The value of the word KEY=VALUE, or NULL. */
const char *mount_plan_value(const struct mount_plan *p, const char *key);
/* The file system's words joined by commas. */
char *mount_plan_data(const struct mount_plan *p) MALLOC_LIKE;

/* The layers of "lowerdir=A:B:C" where "\:" is a colon of a name; each as it is written. */
void mount_layers_split(const char *lowerdir, struct strv *ret);
/* Their longest common directory, absolute and owned; NULL when it is no more than "/". */
char *mount_layers_common(const struct strv *layers);
/* Put other layers in place of those of the plan: joined by colons, names below `common` (may be
 * NULL) relative to it. */
void mount_plan_set_layers(struct mount_plan *p, const struct strv *layers, const char *common);

#endif
