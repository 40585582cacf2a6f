/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb/create_opts.h"

void create_opts_request(const struct create_opts *o, const struct host *host, const char *id,
			 struct create_request *ret)
{
	*ret = (struct create_request){
		.host = host,
		.id = id,
		.bundle = o->bundle,
		.config = o->config,
		.console_socket = o->console_socket,
		.pidfd_socket = o->pidfd_socket,
		.pid_file = o->pid_file,
		.preserve_fds = o->preserve_fds,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.detached = o->detach,
	};
}
