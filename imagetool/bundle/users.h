/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who "USER[:GROUP]" of an image is, by the passwd and group files inside its
 * root file system.  They are read and parsed here: name services would load
 * code that the image brings (CVE-2019-14271).  A file that is a link out of the
 * root, a fifo, a device or too large is refused (CVE-2024-9676, CVE-2026-47262).
 */
#ifndef IMAGETOOL_BUNDLE_USERS_H
#define IMAGETOOL_BUNDLE_USERS_H

#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

#define USERS_FILE_MAX   ((size_t)4 << 20)
#define USERS_GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

struct bundle_user {
	uint32_t uid, gid;
	uint32_t *groups; /* additional ones; owned */
	size_t n_groups;
};

void bundle_user_done(struct bundle_user *u);
AUTO_DEFINE_DONE(bundle_user, bundle_user_done)

/*
 * image-spec conversion.md, "Config.User": numbers are taken as they are, and a number without a
 * group has its passwd entry's group, else 0; a name must be known (-ENOENT otherwise); additional
 * groups come only with a user's name that has no group behind it.  "" is 0:0.
 */
int users_lookup(int rootfd, const char *spec, struct bundle_user *ret, struct err *e);

/* As a step of a build runs, by BuildKit's rules: a number that the passwd file knows has that
 * user's additional groups too, and the first of these is always the group itself
 * (CVE-2022-36109).  "" is root, whatever is wrong with the files. */
int users_lookup_step(int rootfd, const char *spec, struct bundle_user *ret, struct err *e);

/* The same on texts, NULL for a missing file. */
int users_resolve(const char *spec, const char *passwd, const char *group, struct bundle_user *ret,
		  struct err *e);

/* One more group: a number, or a name of the image. */
int users_add_group(int rootfd, const char *name, struct bundle_user *u, struct err *e);

#endif
