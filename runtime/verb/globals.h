/* SPDX-License-Identifier: Apache-2.0 */
/* The options before the verb. */
#ifndef RUNTIME_VERB_GLOBALS_H
#define RUNTIME_VERB_GLOBALS_H

#include "libutil/log_opts.h"
#include "runtime/container/host.h"

struct globals {
	const char *root;
	char *default_root; /* owned by the program */
	struct log_opts log;
	bool systemd_cgroup;
	int cgroup_manager; /* enum cgroup_driver */
	int rootless;       /* enum host_rootless */
	struct host host;   /* what the verbs get */
};

extern const struct opt globals_opts[];
void globals_defaults(void *globals);
/* Set up logging and decide what `host` says. */
int globals_prepare(void *globals, struct err *e);

static inline const struct host *globals_host(const void *globals)
{
	return &((const struct globals *)globals)->host;
}

#endif
