/* SPDX-License-Identifier: Apache-2.0 */
/* A new time namespace: offsets, then the way in. */
#ifndef RUNTIME_NS_TIMENS_H
#define RUNTIME_NS_TIMENS_H

#include "libutil/strbuf.h"
#include "oci-spec/runtime_spec.h"

/* Pure: what is written to timens_offsets, a line for each clock of `offsets` (struct
 * spec_time_offset). */
int timens_format(const struct oci_array *offsets, struct strbuf *out, struct err *e);

/* After unshare(CLONE_NEWTIME), which concerns children only: write the offsets, then enter.  In
 * this order, as the kernel freezes the offsets when the first process is inside.  `selffd` is this
 * process's own directory in a procfs of the host's. */
int timens_enter(int selffd, const struct oci_array *offsets, struct err *e);

#endif
