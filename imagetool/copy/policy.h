/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containers-policy.json(5): which images of registries may be taken.  The
 * longest scope of transports.docker that is the image's counts, else the
 * transport's "", else the default.  Pure but for the keys it names.
 */
#ifndef IMAGETOOL_COPY_POLICY_H
#define IMAGETOOL_COPY_POLICY_H

#include "imagetool/sign/trust.h"
#include "libutil/json.h"
#include "oci-spec/image_spec.h"

#define POLICY_FILE_MAX ((size_t)1 << 20)

enum policy_identity {
	POLICY_EXACT_OR_DIGEST, /* the name as it was asked for; by digest, its repository */
	POLICY_REPOSITORY,
};

/* One requirement; all of a list must be met. */
struct policy_rule {
	enum { POLICY_ACCEPT, POLICY_REJECT, POLICY_SIGSTORE } kind;
	struct sign_trust *trust; /* SIGSTORE; owned */
	enum policy_identity identity;
};

#define POLICY_RULES_MAX 16
struct policy {
	struct policy_rule rules[POLICY_RULES_MAX];
	size_t n;
};

/* The requirements for one image.  A kind of requirement that is not known here is an error: it was
 * meant to be met. */
int policy_parse(const char *name, const char *text, size_t len, const struct image_reference *ref,
		 struct policy *ret, struct err *e);
int policy_read(const char *path, const struct image_reference *ref, struct policy *ret,
		struct err *e);
void policy_done(struct policy *p);
AUTO_DEFINE_DONE(policy, policy_done)

/* Does the name inside a signature stand for this image? */
bool policy_matches(const struct policy_rule *rule, const struct image_reference *ref,
		    const char *signed_name);

#endif
