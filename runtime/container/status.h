/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: from what was observed about a container to the status it shows.
 */
#ifndef RUNTIME_CONTAINER_STATUS_H
#define RUNTIME_CONTAINER_STATUS_H

#include "oci-spec/runtime_spec.h"
#include "runtime/container/record.h"

struct observation {
	enum record_phase phase;
	bool creator_alive; /* somebody holds the lock of a container that is being made */
	bool alive;         /* the first process: same pid, same start time, no zombie */
	bool frozen;
	bool gate; /* the start gate is there: nobody has said `start` */
};

/* A dead container in a frozen cgroup is stopped, not paused: there is nothing to resume. */
enum oci_status status_decide(const struct observation *seen);

/* "running", ... */
const char *status_name(enum oci_status status);

#endif
