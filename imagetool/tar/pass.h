/* SPDX-License-Identifier: Apache-2.0 */
/* From one archive into another. */
#ifndef IMAGETOOL_TAR_PASS_H
#define IMAGETOOL_TAR_PASS_H

#include "imagetool/tar/read.h"
#include "imagetool/tar/write.h"

/* The content of the entry that `t` stands at; holes are written out. */
int tar_pass_content(struct tar_reader *t, int64_t size, struct tar_writer *w, struct err *e);

#endif
