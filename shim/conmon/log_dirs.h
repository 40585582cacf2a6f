/* SPDX-License-Identifier: Apache-2.0 */
/* --log-allowlist-dir: where log files may be. */
#ifndef SHIM_CONMON_LOG_DIRS_H
#define SHIM_CONMON_LOG_DIRS_H

#include "libutil/err.h"
#include "libutil/strv.h"

/* May a log be where "[DRIVER:]PATH" says?  Its directory is followed to where it really is, and so
 * are `dirs`, one of which it has to be or to be below.  Without any, and for a driver without a
 * file, it may. */
int log_dirs_check(const struct strv *dirs, const char *spec, struct err *e);

#endif
