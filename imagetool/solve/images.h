/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images a build starts from: found in the store, else pulled; by --pull asked for at the
 * registry in any case.  Each is loaded once and stays as it was found, so that graph and solver
 * speak of the same one.
 */
#ifndef IMAGETOOL_SOLVE_IMAGES_H
#define IMAGETOOL_SOLVE_IMAGES_H

#include "imagetool/graph/vertex.h"
#include "imagetool/registry/registry.h"
#include "imagetool/store/image.h"

struct images_opts {
	struct store *store; /* borrowed */
	bool pull;           /* --pull: ask the registry even when the store has the name */
	bool never;          /* --pull=never: what the store lacks is not to be had */
	struct registry_opts registry;
	bool quiet; /* downloads show nothing */
};

struct images;

int images_new(const struct images_opts *opts, struct images **ret, struct err *e);
void images_free(struct images *i);
AUTO_DEFINE(images, images_free)

/* Any thread.  The image lives as long as `i`; its files are made ready to mount only when the
 * solver needs them.  -IMAGE_ENOTFOUND. */
int images_get(struct images *i, const struct vertex_image *want, const struct image **ret,
	       struct err *e);

#endif
