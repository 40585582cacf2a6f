/* SPDX-License-Identifier: Apache-2.0 */
/* The program as tables, and what every verb is given: the global options. */
#ifndef IMAGETOOL_PROGRAM_H
#define IMAGETOOL_PROGRAM_H

#include "imagetool/store/store.h"
#include "libutil/log_opts.h"
#include "libutil/verb.h"

struct image_globals {
	const char *store; /* --store DIR, or NULL */
	struct log_opts log;
};

extern const struct program creel_image_program;

/* Open the store the options name: --store, else /var/lib/creel/images for root, else
 * $XDG_DATA_HOME/creel/images or ~/.local/share/creel/images.  `global` is what verbs get. */
int globals_open_store(const void *global, enum store_access access, struct store **ret,
		       struct err *e);
/* Where that is; owned by the caller. */
int globals_store_path(const void *global, char **ret, struct err *e);

#endif
