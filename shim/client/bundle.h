/* SPDX-License-Identifier: Apache-2.0 */
/* The little that a supervisor must know of a bundle; everything else is the runtime's business. */
#ifndef SHIM_CLIENT_BUNDLE_H
#define SHIM_CLIENT_BUNDLE_H

#include "libutil/alloc.h"
#include "libutil/err.h"

/* Runtimes refuse larger ones too. */
#define BUNDLE_CONFIG_MAX ((size_t)16 << 20)

struct bundle {
	bool terminal;           /* its process wants one */
	const char *restart;     /* annotation org.creel.restart, or NULL */
	const char *stop_signal; /* annotation org.opencontainers.image.stopSignal, or NULL */
};

/* Read config.json of the bundle in `dir`; strings belong to `a`. */
int bundle_read(const char *dir, struct arena *a, struct bundle *ret, struct err *e);

#endif
