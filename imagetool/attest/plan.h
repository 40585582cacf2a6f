/* SPDX-License-Identifier: Apache-2.0 */
/* --attest, --provenance, --sbom: what is to be said about an image.  Pure. */
#ifndef IMAGETOOL_ATTEST_PLAN_H
#define IMAGETOOL_ATTEST_PLAN_H

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strv.h"

struct attest_plan {
	bool provenance, sbom;
	bool max; /* mode=max: build arguments, secrets' names, the Dockerfile, every step */
	bool v02; /* version=v0.2 */
	bool inline_only; /* attached to images, and not beside files */
	bool reproducible;
	char *builder_id; /* owned; NULL */
	/* What was said of each; internal. */
	bool provenance_said, sbom_said;
};

/* `provenance` and `sbom` are the short options' values or NULL.  `ret` must be zeroed. */
int attest_plan_make(const struct strv *attest, const char *provenance, const char *sbom,
		     struct attest_plan *ret, struct err *e);
void attest_plan_done(struct attest_plan *p);
AUTO_DEFINE_DONE(attest_plan, attest_plan_done)

#endif
