/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that options name by VENDOR/CLASS=NAME: --device, --gpus, --cdi-spec-dir.  Looked up
 * once; what they change is edit_cdi()'s.
 */
#ifndef IMAGETOOL_BUNDLE_CDI_OPTIONS_H
#define IMAGETOOL_BUNDLE_CDI_OPTIONS_H

#include "imagetool/bundle/options.h"
#include "imagetool/cdi/devices.h"

struct cdi_wanted {
	struct cdi_devices devices; /* all there are; nothing is read when none is wanted */
	struct cdi_list list;       /* those that are wanted, in their order */
};

void cdi_wanted_done(struct cdi_wanted *w);

/* `ret` is zeroed. */
int cdi_options_read(const struct container_options *o, struct cdi_wanted *ret, struct err *e);
/* The directories that were given, else `usual` (NULL-terminated). */
int cdi_options_devices(const struct container_options *o, const char *const *usual,
			struct cdi_devices *ret, struct err *e);

#endif
