/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts and devices of a container that runs.  A child of ours visits its
 * namespaces, all but that of pids: the container does not see it.  What is on the
 * host is opened before it goes in; inside, every path is resolved below the
 * container's root, since the container may change any name while we look.
 *
 * All or nothing: when one item fails, those before it are taken back.
 */
#ifndef RUNTIME_INIT_LIVE_H
#define RUNTIME_INIT_LIVE_H

#include "oci-spec/runtime_spec.h"

enum live_act {
	LIVE_MOUNT,         /* spec->mounts */
	LIVE_UNMOUNT,       /* what lies on top of their destinations */
	LIVE_MAKE_DEVICE,   /* spec->linux_->devices */
	LIVE_REMOVE_DEVICE, /* nodes of these numbers */
};

struct live_job {
	enum live_act act;
	/* The container's own document, but that mounts or devices are those to act on. */
	const struct runtime_spec *spec;
	const char *bundle;
	int pidfd; /* the container's first process */
	/* LIVE_MOUNT and LIVE_UNMOUNT: struct spec_mount, those of the container's own document. */
	const struct oci_array *all_mounts;
	/* LIVE_MAKE_DEVICE: for each device its path on the host. */
	const char *const *host_paths;
};

/* Called on the host side; returns when it is done. */
int live_run(const struct live_job *job, struct err *e);

#endif
