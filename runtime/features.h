/* SPDX-License-Identifier: Apache-2.0 */
/* What `features` says (features.md, features-linux.md): taken from the tables the program works
 * with. */
#ifndef RUNTIME_FEATURES_H
#define RUNTIME_FEATURES_H

#include "oci-spec/runtime_spec.h"

/* Memory comes from `a`, or lives as long as the program. */
void features_fill(struct arena *a, struct oci_features *ret);

#endif
