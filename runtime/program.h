/* SPDX-License-Identifier: Apache-2.0 */
/* creel: its verbs and global options.  main() hands it to verb_main(); the document generator
 * reads it. */
#ifndef RUNTIME_PROGRAM_H
#define RUNTIME_PROGRAM_H

#include "libutil/verb.h"

extern const struct program creel_program;

#endif
