/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hard resource limits that a container's process asks for beyond ours.  In a
 * user namespace of its own it has no right to raise them, and we have none over
 * it once it is there; so we raise our own before the clone, which inherits
 * them, and take them back afterwards.  Soft limits stay, so nothing changes for
 * us.  What we may not raise either is left as it is: the init side then fails
 * with the limit's name.
 */
#ifndef RUNTIME_SPAWN_CEILING_H
#define RUNTIME_SPAWN_CEILING_H

#include <sys/resource.h>

#include "oci-spec/runtime_spec.h"

struct ceiling {
	struct rlimit old[RLIM_NLIMITS];
	bool raised[RLIM_NLIMITS];
};

void ceiling_raise(const struct spec_process *process, struct ceiling *ret);
void ceiling_restore(const struct ceiling *c);

#endif
