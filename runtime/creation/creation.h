/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container being made: by `create`, which leaves its first process waiting
 * at the start gate, or by `run`, which lets it go.
 *
 * Everything is read, planned and checked before anything is changed.  From then
 * on each thing made is undone, last one first, when something fails.
 */
#ifndef RUNTIME_CREATION_CREATION_H
#define RUNTIME_CREATION_CREATION_H

#include "libutil/strbuf.h"
#include "runtime/container/host.h"
#include "runtime/container/record.h"
#include "runtime/container/store.h"
#include "runtime/creation/notify_socket.h"
#include "runtime/hook/output.h"
#include "runtime/seccomp/seccomp.h"
#include "runtime/spawn/ceiling.h"
#include "runtime/spawn/inherit.h"
#include "runtime/spawn/serve.h"

struct creation;

/* Where the first process comes from, if not from a clone. */
struct creation_way {
	const char *verb; /* for messages */
	/* Sets c->child; it must not run yet. */
	int (*bring)(struct creation *c, struct err *e);
	/* The record names it: let it run. */
	int (*let_go)(struct creation *c, struct err *e);
	void *ctx; /* borrowed */
};

struct create_request {
	const struct host *host;
	const char *id;
	const char *bundle;         /* NULL: the working directory */
	const char *config;         /* NULL: config.json of the bundle */
	const char *console_socket; /* NULL: none; also the next two */
	const char *pidfd_socket;
	const char *pid_file;
	int clonefd; /* of selfexe_protect(); taken */
	unsigned preserve_fds;
	bool no_pivot;
	bool tied; /* the container dies with this process */
	bool no_new_keyring;
	bool gate;                      /* `create`: wait for `start` */
	bool detached;                  /* nobody of ours stays with the terminal */
	const struct creation_way *way; /* NULL: cloned */
};

struct creation {
	const struct create_request *req;
	struct store store;
	struct arena arena; /* spec, plans, texts */
	struct runtime_spec *spec;
	struct strbuf config;
	const char *bundle, *rootfs; /* absolute, in arena */
	struct inherit inherit;
	struct seccomp_program seccomp;
	struct cgroup *cgroup;
	struct record record;
	struct resctrl *rdt; /* in arena; NULL: none */
	struct oci_state state;
	struct hook_output hook_output; /* of the hooks that init runs */
	struct ns_plan plan;
	struct init_job job;
	struct child child;
	struct service service;
	struct notify_socket notify;
	int bundlefd, rootfsfd, consolefd, pidfdsock, sigfd, gatefd, notifydirfd;
	int clonefd;  /* 0: none */
	int dirfd;    /* >= 0: our state directory exists and is locked */
	int masterfd; /* the terminal, when nobody else was given it */
	bool rootless;
	bool rdt_made, cgroup_made, pid_file_made, config_kept;
	bool ahead;        /* init was let go before it was ready */
	bool policy_waits; /* for the mounts, one of which opens a device */
};
#define CREATION_NONE                                                                              \
	{                                                                                          \
		.store = STORE_NONE, .child = CHILD_NONE, .bundlefd = -1, .rootfsfd = -1,          \
		.consolefd = -1, .pidfdsock = -1, .sigfd = -1, .gatefd = -1, .notifydirfd = -1,    \
		.dirfd = -1, .masterfd = -1, .notify = NOTIFY_SOCKET_NONE,                         \
		.hook_output = HOOK_OUTPUT_NONE                                                    \
	}

/* plan.c: read and decide; changes nothing. */
int creation_plan(struct creation *c, struct err *e);
/* Is the source of one of mounts[] a block device, by an absolute path? */
bool creation_mounts_device(const struct runtime_spec *spec);
/* creation.c: plan, then make.  On success the first process waits at the gate (req->gate) or runs;
 * on failure nothing is left. */
int creation_run(struct creation *c, struct err *e);
/* Take back all that was made, last first. */
void creation_undo(struct creation *c);
/* Give back what this process holds; the container stays. */
void creation_done(struct creation *c);
AUTO_DEFINE_DONE(creation, creation_done)

#endif
