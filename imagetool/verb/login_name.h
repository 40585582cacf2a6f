/* SPDX-License-Identifier: Apache-2.0 */
/* What one logs in to and out of: "host[:port][/namespace]". */
#ifndef IMAGETOOL_VERB_LOGIN_NAME_H
#define IMAGETOOL_VERB_LOGIN_NAME_H

#include "oci-spec/image_spec.h"

struct login_name {
	struct image_reference ref; /* the registry, and a repository below the namespace */
	char *repository;           /* the namespace, or "" */
	char *key;                  /* "host/namespace", or "host" */
};

/* People paste addresses: a scheme in front and a slash behind are dropped. */
int login_name_parse(const char *text, struct login_name *ret, struct err *e);
void login_name_done(struct login_name *n);
AUTO_DEFINE_DONE(login_name, login_name_done)

#endif
