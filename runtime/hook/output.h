/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that hooks write to, named by the annotations run.oci.hooks.stdout and
 * run.oci.hooks.stderr. What goes there is not in the message of a failing hook.
 */
#ifndef RUNTIME_HOOK_OUTPUT_H
#define RUNTIME_HOOK_OUTPUT_H

#include "oci-spec/runtime_spec.h"

struct hook_output {
	int outfd, errfd; /* owned, open for appending; -1: none is named */
};
#define HOOK_OUTPUT_NONE                                                                           \
	{                                                                                          \
		.outfd = -1, .errfd = -1                                                           \
	}

/* Host side: open, or make with mode 0600. */
int hook_output_open(const struct oci_strmap *annotations, struct hook_output *ret, struct err *e);
void hook_output_done(struct hook_output *o);

#endif
