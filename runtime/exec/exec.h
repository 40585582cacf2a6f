/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a running container. */
#ifndef RUNTIME_EXEC_EXEC_H
#define RUNTIME_EXEC_EXEC_H

#include "runtime/container/host.h"
#include "runtime/exec/process.h"

struct exec_request {
	const struct host *host;
	const char *id;
	const char
		*process_file; /* --process: a whole process document; then `changes` is not read */
	struct exec_changes changes;
	const char *console_socket; /* NULL: none; also those below */
	const char *pidfd_socket;
	const char *pid_file;
	const struct strv *cgroups; /* groups below the container's; see cgroup_open() */
	unsigned preserve_fds;
	bool detached;
	bool ignore_paused;
};

/* Returns the exit status of the process, 0 when detached. */
int container_exec(const struct exec_request *req, struct err *e);

#endif
