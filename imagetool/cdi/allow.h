/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices steps of a build may have, and which they get.  `--allow device` allows all;
 * `--allow device=NAME` what NAME finds; `--allow device=NAME,alias=WORD` has WORD of a step mean
 * NAME, and allows that.  Devices may allow themselves by an annotation.
 */
#ifndef IMAGETOOL_CDI_ALLOW_H
#define IMAGETOOL_CDI_ALLOW_H

#include "imagetool/cdi/devices.h"
#include "imagetool/dockerfile/run_device.h"

#define CDI_AUTO_ALLOW "org.mobyproject.buildkit.device.autoallow"

struct cdi_allowed {
	const char *name, *alias; /* alias NULL: none */
};

struct cdi_allow {
	bool all;
	struct cdi_allowed *items; /* in an arena */
	size_t n;
};

/* What follows "device" in the option: "", "=NAME", "=NAME,alias=WORD". */
int cdi_allow_parse(const char *text, struct arena *a, struct cdi_allow *ret, struct err *e);

/* The devices for one step.  `missing` hears of what is optional and not there.  -EPERM names what
 * is not allowed. */
typedef void cdi_missing_fn(void *ctx, const char *name);
int cdi_allow_resolve(const struct cdi_allow *allow, const struct cdi_devices *d,
		      const struct run_device *wishes, size_t n, cdi_missing_fn *missing, void *ctx,
		      struct cdi_list *ret, struct err *e);

#endif
