/* SPDX-License-Identifier: Apache-2.0 */
/* What --attest asks for, as statements for result.h. */
#ifndef IMAGETOOL_ATTEST_ATTEST_H
#define IMAGETOOL_ATTEST_ATTEST_H

#include "imagetool/attest/plan.h"
#include "imagetool/attest/provenance.h"
#include "imagetool/result/result.h"

struct attest_input {
	const struct attest_plan *plan;
	struct provenance how; /* what the plan says is the plan's, `finished` is now */
	const char *name;      /* of the image, for people; NULL */
	bool has_epoch;        /* when the SBOM was made */
	int64_t epoch;
};

/* For image `i`; `rootfd` is its tree, borrowed, -1: none is needed, as no SBOM was asked for.  All
 * of `ret` is of `a`. */
int attest_statements(const struct attest_input *in, int rootfd, struct arena *a,
		      struct result_statements *ret, struct err *e);

#endif
