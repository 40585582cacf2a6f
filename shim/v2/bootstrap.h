/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: what `start` reads and answers, which differs between containerd's
 * versions.
 *
 *     1.6          Any with options, or nothing       address
 *     1.7 to 2.2   the same                           address, or from 2.0 on JSON
 *     2.3          BootstrapParams                    JSON
 *
 * Between 1.7 and 2.2 nothing tells which one asks, and 1.7 refuses what is new
 * in the JSON: V3_VARIABLE=3 in the environment says that it is 2.0 or later.
 */
#ifndef SHIM_V2_BOOTSTRAP_H
#define SHIM_V2_BOOTSTRAP_H

#include "shim/message/bootstrap.h"

#define V3_VARIABLE "CREEL_SHIM_PROTOCOL"

struct v2_boot {
	bool has_params; /* of containerd 2.3; else all but the options is absent */
	struct msg_bootstrap_params params;
	struct msg_any options; /* type_url NULL: none */
};

/* What it points to lies in `a`. */
int v2_boot_decode(const void *data, size_t len, struct arena *a, struct v2_boot *ret,
		   struct err *e);

/* `wanted` is the variable's value or NULL. */
void v2_boot_answer(const struct v2_boot *b, const char *wanted, const char *address,
		    struct strbuf *out);

#endif
