/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a layer that is missing lies in layers that are here, so that it need not
 * travel.  The blob becomes the very one that a pull of all its bytes makes: it is put
 * together in order, in the same partial file, and hashed by the same worker.  What was
 * taken wrongly ends in a digest that differs, and the layer is fetched once more, whole.
 */
#ifndef IMAGETOOL_PULL_KNOWN_H
#define IMAGETOOL_PULL_KNOWN_H

#include "imagetool/pull/transfer.h"

/* Values of --partial, in the order of pull_partials. */
enum pull_partial { PULL_PARTIAL_AUTO, PULL_PARTIAL_NEVER };
extern const char *const pull_partials[]; /* "auto", "never", NULL */

/* Ask for the tables of contents of the jobs' blobs where that may spare something; sets their
 * `known`.  Fails only when the pull has to end: what can't be had is not known. */
int pull_find_known(struct pull *p, struct err *e);

#endif
