/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes as a layer's tar archive: what is new from the directory, what is gone
 * as whiteouts.  Files may change meanwhile: a file has the size it had when it
 * was opened, what it lacks then is zeros, and what is gone is left out.
 */
#ifndef IMAGETOOL_DIFF_LAYER_WRITE_H
#define IMAGETOOL_DIFF_LAYER_WRITE_H

#include "imagetool/diff/compare.h"
#include "imagetool/tar/write.h"

struct layer_write_notes {
	uint64_t gone, shrunk; /* while they were read */
};

/* `rootfd` is the new tree's directory.  The archive is not ended. */
int layer_write(const struct changes *changes, int rootfd, struct tar_writer *w,
		struct layer_write_notes *notes, struct err *e);

#endif
