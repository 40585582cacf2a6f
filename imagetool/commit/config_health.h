/* SPDX-License-Identifier: Apache-2.0 */
/* HEALTHCHECK as the config has it. */
#ifndef IMAGETOOL_COMMIT_CONFIG_HEALTH_H
#define IMAGETOOL_COMMIT_CONFIG_HEALTH_H

#include "imagetool/dockerfile/dockerfile.h"
#include "oci-spec/image_spec.h"

/* What is not said is the base's no more: docker takes its defaults then. */
int health_of(const struct instruction *i, struct arena *a, struct image_healthcheck **ret,
	      struct err *e);

#endif
