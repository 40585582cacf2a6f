/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole build: input to Dockerfile and contexts, these to a graph (graph/), which is solved
 * (solve/), and what comes out of it becomes images and files (result/).
 *
 * Of a Dockerfile's `# syntax=` nothing is ever downloaded or run: the language is built in.
 */
#ifndef IMAGETOOL_BUILD_BUILD_H
#define IMAGETOOL_BUILD_BUILD_H

#include "imagetool/build/options.h"
#include "imagetool/store/store.h"

/* Nobody needs to be told more than that the last checks found something. */
#define BUILD_FOUND 1

/* Returns 0, BUILD_FOUND for --check with findings, or what failed.  Prints progress and warnings
 * to standard error; answers of --call, and with --quiet the image's id, to standard output.  The
 * signals of interrupt.h end it cleanly: -EINTR. */
int build(struct store *s, const struct build_options *o, struct err *e);

#endif
