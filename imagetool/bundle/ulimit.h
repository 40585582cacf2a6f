/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --ulimit: NAME=SOFT[:HARD], docker's names. */
#ifndef IMAGETOOL_BUNDLE_ULIMIT_H
#define IMAGETOOL_BUNDLE_ULIMIT_H

#include "libutil/alloc.h"
#include "oci-spec/runtime_spec.h"

/* -1 and "unlimited" are no limit; without HARD it is the same as SOFT. */
int ulimit_parse(const char *text, struct arena *a, struct spec_rlimit *ret, struct err *e);

#endif
