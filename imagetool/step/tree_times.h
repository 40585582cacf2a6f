/* SPDX-License-Identifier: Apache-2.0 */
/* One time for all files of a tree. */
#ifndef IMAGETOOL_STEP_TREE_TIMES_H
#define IMAGETOOL_STEP_TREE_TIMES_H

#include <time.h>

#include "libutil/err.h"

/* The directory itself, and all below it; no link is followed. */
int tree_set_times(int dirfd, time_t seconds, struct err *e);

#endif
