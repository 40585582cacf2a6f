/* SPDX-License-Identifier: Apache-2.0 */
/* For verbs that act on one repository of a registry. */
#ifndef IMAGETOOL_VERB_REMOTE_H
#define IMAGETOOL_VERB_REMOTE_H

#include "imagetool/verb/registry_flags.h"
#include "libutil/json.h"

struct remote {
	struct image_reference ref;
	struct registry *registry;
	int signals;
};

enum remote_access { REMOTE_READ, REMOTE_WRITE };

/* `name` is [docker://]NAME.  `flags` are of the verb; `ret` must be zeroed. */
int remote_open(struct remote *ret, const char *name, struct registry_flags *flags,
		enum remote_access access, struct err *e);
void remote_done(struct remote *r);
AUTO_DEFINE_DONE(remote, remote_done)

/* The tag or digest that the name says. */
const char *remote_reference(const struct remote *r);
/* Its digest: what the name says, or what the registry has for the tag.  -IMAGE_ENOTFOUND. */
int remote_digest(struct remote *r, char ret[DIGEST_TEXT_SIZE], struct err *e);

/* Finished JSON or text to standard output. */
int remote_print(const struct strbuf *out, struct err *e);

#endif
