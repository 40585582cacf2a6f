/* SPDX-License-Identifier: Apache-2.0 */
/* EXPOSE's words: "80", "53/udp", "8000-8010/tcp". */
#ifndef IMAGETOOL_COMMIT_PORTS_H
#define IMAGETOOL_COMMIT_PORTS_H

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "oci-spec/field.h"

/* Adds every port as "80/tcp". */
int ports_add(const char *word, struct arena *a, struct oci_strings *ports, struct err *e);

#endif
