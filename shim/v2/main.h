/* SPDX-License-Identifier: Apache-2.0 */
/* The program that containerd calls. */
#ifndef SHIM_V2_MAIN_H
#define SHIM_V2_MAIN_H

#include "libutil/macro.h"

/* Returns the exit status. */
int v2_main(char *const *argv);

#endif
