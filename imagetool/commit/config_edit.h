/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that only describe how an image runs, carried out on its config:
 * CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL
 * USER VOLUME WORKDIR.  `commit --change` and builds share them.  Members that are
 * sets or maps keep the order of their keys, so that equal images are equal bytes.
 */
#ifndef IMAGETOOL_COMMIT_CONFIG_EDIT_H
#define IMAGETOOL_COMMIT_CONFIG_EDIT_H

#include "imagetool/dockerfile/dockerfile.h"
#include "imagetool/dockerfile/expand.h"
#include "oci-spec/image_spec.h"

struct config_edit {
	struct arena *arena;         /* owns what is added */
	struct image_config *config; /* changed in place: lists are replaced, never written to */
	bool cmd_set;                /* ENTRYPOINT leaves a CMD of this edit alone */
};

/* `config` is the caller's own copy; its `config` member is copied here, or made. */
void config_edit_begin(struct config_edit *ed, struct arena *a, struct image_config *config);

/* `x` says what variables are; NULL: those of the image's environment.  -EINVAL for an instruction
 * that does something. */
int config_edit_apply(struct config_edit *ed, const struct instruction *i, const struct expand *x,
		      struct err *e);

/* One --change: "CMD /bin/sh", also podman's "CMD=/bin/sh". */
int config_edit_change(struct config_edit *ed, const char *text, struct err *e);

#endif
