/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN: a container on the root that was mounted for the step.
 *
 * All that is mounted for it is seen in a mount namespace of its own, which ends with it however it
 * ends; in the root nothing is left but what its processes have written: stubs that mounts needed
 * are taken away again.  The container dies with this process.
 */
#ifndef IMAGETOOL_STEP_RUN_H
#define IMAGETOOL_STEP_RUN_H

#include "imagetool/bundle/options.h"
#include "imagetool/cdi/allow.h"
#include "imagetool/step/step.h"

struct cni_network;
struct vertex_run;

/* --secret: what the build was given under an id. */
struct run_secret {
	const char *id;
	const void *data;
	size_t len;
};

/* --ssh: "default", or ID=SOCKET, or ID=KEY,KEY... */
struct run_ssh {
	const char *id;
	const char *socket;      /* of an agent; NULL: keys */
	const char *const *keys; /* files of private keys */
	size_t n_keys;
};

/* What all steps of a build have in common. */
struct run_env {
	const char *runtime; /* creel, see run_find_runtime() */
	/* As the build's options say: network (default, none, host, pasta, private, cni),
	 * add_hosts, dns*, ulimits, shm_size, cgroup_parent, memory, memory_swap, cpu_*, cpuset_*,
	 * cdi_dirs; all else is left as it is in a container that nobody described. */
	const struct container_options *options;
	bool allow_insecure; /* --allow security.insecure */
	bool allow_host;     /* --allow network.host, or the build runs by the host's network */
	const struct cdi_allow *devices; /* --allow device; NULL: none */
	const struct run_secret *secrets;
	size_t n_secrets;
	const struct run_ssh *ssh;
	size_t n_ssh;
	/* STORE/build, absolute: mounts/ has what cache mounts keep, run/ what is being used. */
	const char *dir;
	bool no_overlay; /* what is thrown away is a copy: no overlay can be made here */
	/* Networks of the host's administrator: --network cni[:NAME]; NULL: no network is such. */
	const struct cni_network *cni;
	const char *cni_path; /* directories of plugins, separated by ':' */
	int cancelfd;         /* when it becomes readable the step is killed: -EINTR; -1: none */
};

enum run_stream { RUN_STDOUT = 1, RUN_STDERR = 2 };

/* What it writes, any bytes, as it comes; on the thread of step_run().  Also, as RUN_STDERR, what
 * it waits for. */
typedef void run_log_fn(void *ctx, enum run_stream stream, const void *data, size_t len);

/* `trees` are those of r->mounts, one each, in their order; where a mount takes from nowhere its fd
 * is -1.  Any thread may call it; signals are left alone.  A program that ends with another status
 * than 0 is ECHILD, in BuildKit's words. */
int step_run(const struct vertex_run *r, const struct step_tree *trees,
	     const struct step_root *root, const struct run_env *env, run_log_fn *log, void *ctx,
	     struct err *e);

/* What a build's options say of steps, before there is one: -EINVAL names the option. */
int run_options_check(const struct container_options *o, struct err *e);

/* `given` (--runtime; may be NULL), else creel beside this program, else in PATH.  Owned by the
 * caller. */
int run_find_runtime(const char *given, char **ret, struct err *e);

/* What steps that were killed with their build left behind below STORE/build; those of builds that
 * still run are left alone. */
int run_sweep(const char *dir, const char *runtime, struct err *e);

#endif
