/* SPDX-License-Identifier: Apache-2.0 */
/* What is installed in an image, as an SPDX 2.3 document. */
#ifndef IMAGETOOL_ATTEST_SBOM_H
#define IMAGETOOL_ATTEST_SBOM_H

#include <stdint.h>

#include "imagetool/attest/packages.h"
#include "libutil/strbuf.h"

#define SPDX_PREDICATE "https://spdx.dev/Document"

/* `name` is what was looked into, `created` in seconds.  Equal packages give equal bytes. */
void sbom_write(const struct packages *p, const char *name, int64_t created, struct strbuf *out);

#endif
