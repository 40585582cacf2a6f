/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the runtime on a running container, for somebody who waits for its end. */
#ifndef SHIM_V2_JOB_H
#define SHIM_V2_JOB_H

#include "shim/v2/task.h"

struct job {
	struct call call;
	struct task *task;
	struct ttrpc_call *asker; /* NULL: nobody */
	enum runtime_verb verb;
	int fd; /* owned: a document the runtime reads; -1: none */
	/* Before the asker is answered with an empty message; may be NULL. */
	void (*went_well)(struct task *t);
	enum ttrpc_code (*code)(const struct err *why); /* of a failure; NULL: unknown */
};

/* `ask` need not stay.  The asker is answered when it has ended, also when it cannot begin. */
void job_start(struct task *t, struct ttrpc_call *asker, enum runtime_verb verb,
	       const struct runtime_ask *ask, const struct job *how);
#define JOB_PLAIN ((struct job){ .fd = -1 })

/* A document in memory, as a descriptor, that a child of ours can open by the path in `buf`. */
#define JOB_PATH_SIZE 64
int job_document(const char *text, size_t len, char buf[JOB_PATH_SIZE], struct err *e);

#endif
