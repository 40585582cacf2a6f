/* SPDX-License-Identifier: Apache-2.0 */
/* A file's extended attributes, as far as a layer holds them, as part of its hash. */
#ifndef IMAGETOOL_CONTEXT_HASH_XATTRS_H
#define IMAGETOOL_CONTEXT_HASH_XATTRS_H

#include <stdint.h>

#include "imagetool/context/context.h"

/* `hash` is the content's; without attributes that count it stays so. */
int hash_xattrs(int fd, uint8_t hash[CONTEXT_HASH_SIZE], struct err *e);

#endif
