/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: names of Landlock's rights, and since which version of its interface there are. */
#ifndef RUNTIME_LANDLOCK_RIGHTS_H
#define RUNTIME_LANDLOCK_RIGHTS_H

#include <stdint.h>

#include "libutil/macro.h"

enum landlock_kind {
	LANDLOCK_FS,     /* handledAccessFs */
	LANDLOCK_NET,    /* handledAccessNet */
	LANDLOCK_SCOPED, /* scoped */
	LANDLOCK_KIND_COUNT,
};

/* The highest version of the interface whose rights have names here. */
#define LANDLOCK_KNOWN_ABI 7

/* A right by its name, or by a number (decimal, or hexadecimal behind "0x"): a mask, or 0. */
uint64_t landlock_right(enum landlock_kind kind, const char *text);
/* The name of the lowest right of a mask; NULL when it has none. */
const char *landlock_right_name(enum landlock_kind kind, uint64_t mask);
/* What version `abi` knows.  Of versions newer than this list it is everything: the kernel knows
 * better. */
uint64_t landlock_known(enum landlock_kind kind, int abi);
/* The version that brought the lowest right of a mask; 0: not in this list. */
int landlock_since(enum landlock_kind kind, uint64_t mask);
/* Rights that files have which are no directories. */
uint64_t landlock_file_rights(void);
/* "6.10": the first Linux with a version of the interface, NULL when that is not known. */
const char *landlock_linux(int abi);

#endif
