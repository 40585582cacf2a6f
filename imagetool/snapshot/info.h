/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about one snapshot beside its files; STORE/snapshots/KEY/info holds it as JSON. */
#ifndef IMAGETOOL_SNAPSHOT_INFO_H
#define IMAGETOOL_SNAPSHOT_INFO_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"

#define SNAPSHOT_INFO_NAME "info"
#define SNAPSHOT_INFO_MAX  ((size_t)16 << 20)

struct snapshot_info {
	char *form;    /* "dir", "erofs" */
	char *diff_id; /* of the layer */
	char *boot;    /* /proc/sys/kernel/random/boot_id when it was made */
	int64_t size;  /* bytes of file content */
	int64_t entries;
	bool root_stated; /* the layer says what the root directory is like: */
	mode_t root_mode;
	int64_t root_uid, root_gid;
	struct timespec root_mtime;
	bool root_opaque; /* nothing below is seen */
	/* Directories the layer makes without stating them, in order of making.  Their attributes
	 * come from below; only snapshots that wait for their parents have any. */
	struct strv implied;
	/* Directories that hold whiteouts.  overlayfs shows whiteouts where it has nothing to
	 * merge, so these must be directories below, too. */
	struct strv whiteout_dirs;
	bool redo; /* cannot be settled: has to be made again with its parents at hand */
};

void snapshot_info_done(struct snapshot_info *i);
AUTO_DEFINE_DONE(snapshot_info, snapshot_info_done)

void snapshot_info_encode(const struct snapshot_info *i, struct strbuf *out);
/* `i` is filled from nothing. */
int snapshot_info_decode(const char *text, size_t len, struct snapshot_info *ret, struct err *e);

#endif
