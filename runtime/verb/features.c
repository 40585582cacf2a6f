/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "runtime/features.h"
#include "runtime/verb/verbs.h"

static int run(const void *global UNUSED, void *values UNUSED, char *const *args UNUSED,
	       int n UNUSED, struct err *e UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct oci_features features;

	features_fill(&a, &features);
	oci_encode(&oci_features_type, &features, 2, &text);
	(void)printf("%s\n", strbuf_str(&text));
	return 0;
}

const struct verb verb_features = {
	.name = "features",
	.summary = "print what this runtime can do as JSON",
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
