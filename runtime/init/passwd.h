/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a passwd file of an image, which anybody may have written. */
#ifndef RUNTIME_INIT_PASSWD_H
#define RUNTIME_INIT_PASSWD_H

#include <stdint.h>

#include "libutil/macro.h"

/* Larger files are not read. */
#define PASSWD_MAX ((size_t)1 << 20)

/* Home directory of the first entry with that id; NULL: there is none, or it is empty.  Owned by
 * the caller.  Lines that make no sense are passed over. */
char *passwd_home(const char *text, uint32_t uid);
/* Its name, likewise. */
char *passwd_name(const char *text, uint32_t uid);

#endif
