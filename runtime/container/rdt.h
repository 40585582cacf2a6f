/* SPDX-License-Identifier: Apache-2.0 */
/* A container and its class of service in resctrl, along its life.  Where a record says nothing of
 * resctrl, nothing is touched. */
#ifndef RUNTIME_CONTAINER_RDT_H
#define RUNTIME_CONTAINER_RDT_H

#include "runtime/container/container.h"
#include "runtime/resctrl/resctrl.h"

/* Decide and look; without linux.intelRdt *ret stays NULL.  Both *ret and what `rec` is told lie in
 * `a`. */
int rdt_plan(const struct runtime_spec *spec, const char *id, struct arena *a, struct record *rec,
	     struct resctrl **ret, struct err *e);
/* What was planned is made; on failure taken back. */
int rdt_make(const struct record *rec, const struct resctrl *plan, struct err *e);
/* A creation that failed takes back a class it made for others, too. */
void rdt_undo(const struct record *rec, const struct resctrl *plan);
/* A process with all its threads. */
int rdt_add(const struct record *rec, pid_t pid, struct err *e);
int rdt_add_all(const struct record *rec, const struct cgroup *cg, struct err *e);
/* The members of intel_rdt in the statistics. */
void rdt_encode(const struct record *rec, struct json_writer *w);
/* With the container. */
int rdt_remove(const struct record *rec, struct err *e);

/* Other lines for a living container, which gets a class of its own if it had none.  `ret_old`:
 * what rdt_update_undo() needs. */
struct rdt_old {
	char *schemata; /* owned */
	bool was_none;
};
int rdt_update(struct container *c, const struct spec_intel_rdt *change, struct rdt_old *ret_old,
	       struct err *e);
void rdt_update_undo(struct container *c, struct rdt_old *old);

#endif
