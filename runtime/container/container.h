/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that exists, as the host side sees it: its directory, its record,
 * its control groups, and a descriptor of its first process.
 */
#ifndef RUNTIME_CONTAINER_CONTAINER_H
#define RUNTIME_CONTAINER_CONTAINER_H

#include "runtime/cgroup/cgroup.h"
#include "runtime/container/record.h"
#include "runtime/container/status.h"
#include "runtime/container/store.h"

struct container {
	const struct store *store; /* borrowed */
	char *id;                  /* owned */
	int dirfd;                 /* -1 in most of container_look() */
	uid_t owner;               /* of the directory: told by container_look() alone */
	struct arena arena;
	struct record *record;
	struct cgroup *cgroup; /* owned; NULL: none, or dirfd is -1 */
	int pidfd;             /* of the first process while it lives, else -1 */
	int endedfd;           /* the same once it has ended under our eyes, else -1 */
	bool locked;           /* by us */
};
#define CONTAINER_NONE                                                                             \
	{                                                                                          \
		.dirfd = -1, .pidfd = -1, .endedfd = -1                                            \
	}

/* Load a container by id; unknown is -ENOENT.  A directory without a record is what a creator
 * killed in its first moment leaves: -ENODATA, and only `delete` can help; while somebody works
 * there it is -EINPROGRESS. */
int container_load(const struct store *s, const char *id, struct container *ret, struct err *e);
void container_done(struct container *c);
AUTO_DEFINE_DONE(container, container_done)

/* The same for who asks of many no more than container_status() and container_state(): without its
 * directory, if all is as usual. */
int container_look(const struct store *s, const char *id, struct container *ret, struct err *e);

/* Lock, then load again: what was true before the lock was held may be no longer. */
int container_load_locked(const struct store *s, const char *id, struct container *ret,
			  struct err *e);

/* container_load_locked() for who wants to change a container that is made and lives; looks before
 * it waits for the lock. */
int container_load_living(const struct store *s, const char *id, struct container *ret,
			  struct err *e);

/* Ask the kernel for what status_decide() needs. */
int container_status(const struct container *c, enum oci_status *ret, struct err *e);
/* The same for who asks it of many. */
int container_status_by(const struct container *c, struct cgroup_eye *eye, enum oci_status *ret,
			struct err *e);

/* The configuration as it was at create, decoded into c->arena. */
int container_spec(struct container *c, struct runtime_spec **ret, struct err *e);

/* Write a record into a container's directory, at once; `name` is STORE_STATE, or what will be. */
int container_put_record(int dirfd, const char *name, const struct record *rec,
			 const struct cgroup *cgroup, struct err *e);
/* Replace its state.json by what c->record says.  The container is locked by the caller. */
int container_write_record(const struct container *c, struct err *e);
/* Another configuration for it: written beside the old one, then put in its place, or dropped.  The
 * container is locked by the caller. */
int container_stage_spec(const struct container *c, const struct runtime_spec *spec, struct err *e);
int container_keep_spec(const struct container *c, struct err *e);
void container_drop_spec(const struct container *c);

/* The document of `state`: pid 0 when stopped.  `owner` may be "". */
void container_state(const struct container *c, enum oci_status status, const char *owner,
		     struct oci_state *ret);

/* The pid as long as the process lives, else 0. */
pid_t container_pid(const struct container *c);

#endif
