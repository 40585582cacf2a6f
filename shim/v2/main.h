/* SPDX-License-Identifier: Apache-2.0 */
/* The program as containerd calls it: by a name that begins with "containerd-shim-". */
#ifndef SHIM_V2_MAIN_H
#define SHIM_V2_MAIN_H

#include "libutil/macro.h"

bool v2_is_called(char *const *argv);
/* Returns the exit status. */
int v2_main(char *const *argv);

#endif
