/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: the words of mounts[].options as flags.
 *
 * One sorted table knows every word of config.md; `features` prints its names.  A
 * word that is not in it belongs to the file system (`mode=755`).
 */
#ifndef RUNTIME_INIT_MOUNT_OPTS_H
#define RUNTIME_INIT_MOUNT_OPTS_H

#include <stdint.h>

#include "libutil/err.h"
#include "oci-spec/field.h"

/* Flags of one mount, as mount_setattr(2) takes them: MOUNT_ATTR_*.  A change of atime mode clears
 * the whole mask MOUNT_ATTR__ATIME, as the kernel demands. */
struct mount_attrs {
	uint64_t set;
	uint64_t clear;
};

/* Flags of a super block: an index into mount_super_names[]. */
enum mount_super {
	MOUNT_SUPER_RO,
	MOUNT_SUPER_SYNC,
	MOUNT_SUPER_DIRSYNC,
	MOUNT_SUPER_MAND,
	MOUNT_SUPER_LAZYTIME,
	MOUNT_SUPER_IVERSION,
	MOUNT_SUPER_SILENT,
	MOUNT_SUPER_COUNT,
};

struct mount_opts {
	struct mount_attrs attr;      /* of the mount itself */
	struct mount_attrs rec;       /* of it and all below: rro, rnosuid, ... */
	uint32_t super_set;           /* 1 << MOUNT_SUPER_* */
	uint32_t super_clear;         /* the same */
	unsigned long propagation[4]; /* MS_SHARED ... (| MS_REC), in the order given */
	size_t n_propagation;
	bool bind;
	bool rbind;
	bool remount;
	bool tmpcopyup;
	bool idmap, ridmap;
	const char *idmap_text; /* borrowed: what followed "idmap="; see idmap_text.h */
	/* crun's: a source that is a symbolic link is bound itself, a destination that is one is
	 * covered itself, a source that is one is copied. */
	bool src_nofollow, dest_nofollow, copy_symlink;
	const char *useless; /* borrowed: a word for file systems, given for a bind mount, whose
				file system is another's */
	const char **data;   /* owned array of borrowed words for the file system */
	size_t n_data;
};

void mount_opts_done(struct mount_opts *o);

/* `path` names the array ("mounts[2].options") in messages. */
int mount_opts_parse(const struct oci_strings *words, const char *path, struct mount_opts *ret,
		     struct err *e);

/* Every known word, sorted, NULL-terminated. */
const char *const *mount_opts_names(void);

/* A word for linux.rootfsPropagation: MS_* flags, or 0 when it is none. */
unsigned long mount_propagation(const char *word);

/* How copies of the host's mounts leave its peer groups, so that what is mounted below them inside
 * does not appear on the host.  Slave keeps new mounts of the host coming in; shared (0: they stay
 * peers) is asked for by callers whose volumes must propagate back; private ones stay away from
 * everything.  Unbindable would forbid the binds to come and waits until the end. */
unsigned long mount_leave_host(unsigned long root_propagation);

/* MS_* flags of mount(2) that say the same, for kernels without the newer calls. */
unsigned long mount_attr_ms(uint64_t attr);
unsigned long mount_super_ms(uint32_t super);
/* The key fsconfig(2) knows a super block flag by ("ro"); *ret_off the one that clears it. */
const char *mount_super_key(enum mount_super which, const char **ret_off);

#endif
