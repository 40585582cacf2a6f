/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of packages_scan(). */
#ifndef IMAGETOOL_ATTEST_SCAN_H
#define IMAGETOOL_ATTEST_SCAN_H

#include "imagetool/attest/packages.h"

/* `rootfd` is borrowed; -E2BIG. */
int scan_rpm(int rootfd, struct packages *p, struct err *e);

#endif
