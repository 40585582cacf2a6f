/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image config to runtime config, by the rules of image-spec's conversion.md,
 * with what a person adds on the command line on top.  Pure: users are looked
 * up and volumes are made before.
 */
#ifndef IMAGETOOL_BUNDLE_CONFIG_H
#define IMAGETOOL_BUNDLE_CONFIG_H

#include "imagetool/bundle/mount_args.h"
#include "imagetool/bundle/users.h"
#include "oci-spec/image_spec.h"
#include "oci-spec/runtime_spec.h"

/* NULL and empty mean: as the image says. */
struct config_wishes {
	struct strv env;        /* NAME=VALUE; NAME alone takes the image's away */
	struct strv entrypoint; /* with has_entrypoint; empty takes the image's away */
	bool has_entrypoint;
	struct strv command; /* with has_command */
	bool has_command;
	const char *workdir;
	const char *hostname;
	bool tty;
	bool read_only;
};

void config_wishes_done(struct config_wishes *w);
AUTO_DEFINE_DONE(config_wishes, config_wishes_done)

struct config_input {
	const struct image_config *image;
	const struct config_wishes *wishes;
	const struct bundle_user *user;
	const struct mount_args
		*mounts; /* sources are final: a path, absolute or below the bundle */
	bool rootless;
};

struct config_notes {
	size_t labels; /* left out: a runtime would take them for orders */
};

/* Runtimes or shims take annotations of this name for orders, so that nobody's description may be
 * one.
 */
bool annotation_is_order(const char *key);

/* Memory comes from `a`; texts of the image and the wishes are borrowed. */
int config_convert(const struct config_input *in, struct arena *a, struct runtime_spec **ret,
		   struct config_notes *ret_notes, struct err *e);

#endif
