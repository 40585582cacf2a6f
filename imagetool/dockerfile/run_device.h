/* SPDX-License-Identifier: Apache-2.0 */
/* RUN --device=NAME[,required]: words with commas between them, as BuildKit takes them. */
#ifndef IMAGETOOL_DOCKERFILE_RUN_DEVICE_H
#define IMAGETOOL_DOCKERFILE_RUN_DEVICE_H

#include "libutil/alloc.h"
#include "libutil/err.h"

struct run_device {
	const char *name; /* as written */
	bool required;
};

/* Variables mean nothing in it.  Texts are put into `a`. */
int run_device_parse(const char *text, struct arena *a, struct run_device *ret, struct err *e);

#endif
