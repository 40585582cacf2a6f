/* SPDX-License-Identifier: Apache-2.0 */
/* An entry as header blocks; no stream here. */
#ifndef IMAGETOOL_TAR_WRITE_HEADER_H
#define IMAGETOOL_TAR_WRITE_HEADER_H

#include "imagetool/tar/read.h"
#include "libutil/strbuf.h"

/* Append the entry's header to `out`, with a PAX header in front where one is needed. */
int tar_header_write(const struct tar_entry *n, struct strbuf *out, struct err *e);

#endif
