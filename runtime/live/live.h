/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts and devices of a container that runs: done, and written down in its own config.json (which
 * later verbs read) and its state.json (which `state` shows). */
#ifndef RUNTIME_LIVE_LIVE_H
#define RUNTIME_LIVE_LIVE_H

#include "libutil/strv.h"
#include "runtime/container/host.h"

struct live_request {
	const struct host *host;
	const char *id;
	bool remove;
	const char *file; /* a JSON array of what to add or remove; "-" is stdin; NULL: none */
	/* The same in short.  To add: SOURCE:DESTINATION[:OPTION,...] for a bind mount, or
	 * HOST[:CONTAINER[:rwm]] for a device; to remove: the path in the container. */
	const struct strv *words;
};

int container_mounts(const struct live_request *req, struct err *e);
int container_devices(const struct live_request *req, struct err *e);

/* words.c, pure: the short forms. */
int live_mount_word(const char *word, struct arena *a, struct spec_mount *ret, struct err *e);
/* *ret_host is the path on the host; type and numbers are not known yet. */
int live_device_word(const char *word, struct arena *a, struct spec_live_device *ret,
		     const char **ret_host, struct err *e);

#endif
