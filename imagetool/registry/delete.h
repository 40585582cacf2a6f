/* SPDX-License-Identifier: Apache-2.0 */
/* Taking things out of a repository. */
#ifndef IMAGETOOL_REGISTRY_DELETE_H
#define IMAGETOOL_REGISTRY_DELETE_H

#include "imagetool/registry/registry.h"

/* A manifest by its digest, with every tag it has; a tag alone where `reference` is one and the
 * registry can do that.  A manifest that refers to a subject leaves the list of referrers where
 * that is kept in a tag. */
int registry_delete_manifest(struct registry *r, const char *reference, struct err *e);
int registry_delete_blob(struct registry *r, const char *digest, struct err *e);

#endif
