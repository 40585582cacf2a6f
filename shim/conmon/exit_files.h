/* SPDX-License-Identifier: Apache-2.0 */
/* The files by which callers learn how a container ended.  Each appears at once and whole. */
#ifndef SHIM_CONMON_EXIT_FILES_H
#define SHIM_CONMON_EXIT_FILES_H

#include "shim/conmon/options.h"

/* PERSISTDIR/exit, then EXITDIR/CID, which podman and CRI-O watch.  Both are tried. */
int exit_files_write(const struct conmon_opts *o, int status, struct err *e);
/* An empty file `oom` in PERSISTDIR and the bundle: memory ran out. */
int exit_files_oom(const struct conmon_opts *o, struct err *e);

#endif
