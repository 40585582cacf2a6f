/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may do in its own user namespace, whatever its user id. */
#ifndef LIBUTIL_CAPS_H
#define LIBUTIL_CAPS_H

#include <linux/capability.h>

#include "libutil/macro.h"

/* Is the capability (CAP_*) in the effective set? */
bool caps_hold(unsigned cap);

#endif
