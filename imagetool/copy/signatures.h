/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where signatures of an image are: in a registry or a store by cosign's tag
 * ("sha256-<hex>.sig"), and by manifests that name it as their subject.  Each is
 * checked as it is found.
 */
#ifndef IMAGETOOL_COPY_SIGNATURES_H
#define IMAGETOOL_COPY_SIGNATURES_H

#include "imagetool/copy/source.h"
#include "imagetool/sign/check.h"

/* Manifests of signatures that are looked at, and signatures in one of them. */
#define SIGNATURES_MANIFESTS_MAX 64
#define SIGNATURES_LAYERS_MAX    64

struct signatures_result {
	struct strv good; /* "FORM: who", one for each that holds */
	struct strv bad;  /* why each of the others does not */
};
void signatures_result_done(struct signatures_result *r);
AUTO_DEFINE_DONE(signatures_result, signatures_result_done)

/* Succeeds when there is at least one good one, else -IMAGE_EVERIFY.  Only failures to look fail
 * otherwise.  `ret` must be zeroed. */
int signatures_check(struct image_source *s, const struct sign_trust *t,
		     const struct sign_subject *subject, struct signatures_result *ret,
		     struct err *e);

#endif
