/* SPDX-License-Identifier: Apache-2.0 */
/* Other limits for a container that exists. */
#ifndef RUNTIME_LIVE_UPDATE_H
#define RUNTIME_LIVE_UPDATE_H

#include "runtime/container/host.h"

struct update_request {
	const struct host *host;
	const char *id;
	const char *file;                   /* linux.resources as JSON; "-" is stdin; NULL: none */
	const struct spec_resources *extra; /* wins over the file's members */
	const struct spec_intel_rdt *rdt;   /* linux.intelRdt; NULL: no change */
};

/* The kernel gets the change, and the container's own config.json says it from then on.  All is
 * checked before anything is changed. */
int container_update(const struct update_request *req, struct err *e);

#endif
