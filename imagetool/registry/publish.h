/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes into a repository. */
#ifndef IMAGETOOL_REGISTRY_PUBLISH_H
#define IMAGETOOL_REGISTRY_PUBLISH_H

#include "imagetool/registry/registry.h"
#include "libutil/strv.h"

struct manifest_put {
	const char *text; /* goes out byte for byte */
	size_t len;
	const char *media_type;
	const char *digest;      /* of text */
	const struct strv *tags; /* names it gets; NULL or none: it is there by digest alone */
};

struct manifest_put_result {
	char *warning; /* owned; what the registry wants people to read, or NULL */
	bool fallback; /* the list of referrers was kept by us, in a tag */
};
void manifest_put_result_done(struct manifest_put_result *r);
AUTO_DEFINE_DONE(manifest_put_result, manifest_put_result_done)

/*
 * What it names must be there.  Several tags go in one request where the registry can do that.
 * A `subject` in it makes it a referrer of that: a registry that does not say that it noticed
 * (OCI-Subject) gets the list of referrers in a tag, as the distribution spec has it.  `ret` must
 * be zeroed, or is NULL.
 */
int registry_put_manifest(struct registry *r, const struct manifest_put *m,
			  struct manifest_put_result *ret, struct err *e);

/* Is there a manifest of this name, and which?  1 and its digest ("" when the registry does not
 * say); 0: none. */
int registry_head_manifest(struct registry *r, const char *reference,
			   char ret_digest[DIGEST_TEXT_SIZE], struct err *e);

#endif
