/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criu's lock on a network namespace that outlives the container, as one by path does.
 *
 * A dump leaves it locked: nobody shall answer for connections whose owner is
 * away.  A restore unlocks it once; but told that namespaces come back empty, it
 * locks before that, too.  In the namespace that the dump was made in that were
 * twice, and no packet would pass any more.
 */
#ifndef RUNTIME_CHECKPOINT_NETLOCK_H
#define RUNTIME_CHECKPOINT_NETLOCK_H

#include "oci-spec/runtime_spec.h"
#include "runtime/criu/options.h"

/* Before a dump: the image tells which namespace of process `pid` stays `locked`, if any. */
int netlock_note(const struct runtime_spec *spec, pid_t pid, int imagefd, bool locked,
		 struct err *e);
/* Before a restore; behind criu_options_flags(). */
int netlock_options(const struct runtime_spec *spec, int imagefd, struct criu_options *o,
		    struct err *e);

#endif
