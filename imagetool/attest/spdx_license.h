/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses as package managers write them, in the words of SPDX documents. */
#ifndef IMAGETOOL_ATTEST_SPDX_LICENSE_H
#define IMAGETOOL_ATTEST_SPDX_LICENSE_H

#include "libutil/strbuf.h"

/* "MIT", "(GPL-2.0-or-later WITH GCC-exception-3.1) AND Zlib": only names that SPDX has. */
bool spdx_is_expression(const char *text);
/* Does it say anything?  Not "UNKNOWN". */
bool spdx_says_something(const char *text);
/* "LicenseRef-GPLv2", for a license with a name of its own; equal texts have equal ones. */
void spdx_license_ref(const char *text, struct strbuf *out);

#endif
