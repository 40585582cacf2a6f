/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image and a person's options become a bundle, in two steps: what can be
 * decided and refused without the root file system, then what is written into
 * the bundle beside it.  Where the root file system comes from is no concern here.
 */
#ifndef IMAGETOOL_BUNDLE_PLAN_H
#define IMAGETOOL_BUNDLE_PLAN_H

#include "imagetool/bundle/cdi_options.h"
#include "imagetool/bundle/config.h"
#include "imagetool/bundle/identity.h"
#include "imagetool/bundle/options.h"

struct bundle_plan {
	const struct container_options *options;
	const struct image_config *image;
	struct config_wishes wishes;
	struct mount_args mounts;
	struct identity identity;
	struct cdi_wanted cdi;
	char *name;                /* owned: what the directory will be called */
	struct config_notes notes; /* after bundle_plan_write() */
	/* Of a user namespace in which the bundle is made, for an ordinary user to run outside of
	 * it: config.json gets them.  Set before bundle_plan_make(), borrowed; n 0: there is none.
	 */
	struct {
		const struct spec_id_mapping *items;
		size_t n;
	} uid_maps, gid_maps;
};

/* `options`, `image` and `command` (NULL-terminated, empty: the image's) are borrowed; `dir` is
 * where the bundle will be; `ret` is zeroed but for the maps.  All that is wrong with the options
 * is said here, but for names of users. */
int bundle_plan_make(const struct container_options *options, const struct image_config *image,
		     const char *dir, char *const *command, struct bundle_plan *ret, struct err *e);
/* Volumes, files and config.json, in the directory that is to become the bundle. */
int bundle_plan_write(struct bundle_plan *p, int bundlefd, int rootfd, struct err *e);
void bundle_plan_done(struct bundle_plan *p);
AUTO_DEFINE_DONE(bundle_plan, bundle_plan_done)

#endif
