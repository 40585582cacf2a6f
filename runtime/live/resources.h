/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: linux.resources of a container that an update changes.
 *
 * What the update leaves out stays as it is.  Numbers by which an engine says
 * "not given" (a limit, a weight or a share of 0) leave it out too; in the lists
 * an entry replaces the one for the same device, page size, interface or file.
 * Only the device rules are a whole: a list of them replaces the old one.
 */
#ifndef RUNTIME_LIVE_RESOURCES_H
#define RUNTIME_LIVE_RESOURCES_H

#include "oci-spec/runtime_spec.h"

struct resources_update {
	struct spec_resources *merged; /* what the container has afterwards */
	/* What to do now: the change, and of the old values those that the kernel counts together
	 * with a new one (quota and period, memory and swap, the weight that `idle` hid). */
	struct spec_resources *apply;
};

/* `old` may be NULL.  Both results lie in `a` and share texts and lists with the arguments. */
void resources_merge(const struct spec_resources *old, const struct spec_resources *change,
		     struct arena *a, struct resources_update *ret);

#endif
