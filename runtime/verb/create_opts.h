/* SPDX-License-Identifier: Apache-2.0 */
/* The options that `create` and `run` share. */
#ifndef RUNTIME_VERB_CREATE_OPTS_H
#define RUNTIME_VERB_CREATE_OPTS_H

#include "libutil/opts.h"
#include "runtime/creation/creation.h"

struct create_opts {
	const char *bundle, *config, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	bool detach, keep, no_subreaper, die_with_parent;
};

#define CREATE_OPTS_AT(member) offsetof(struct create_opts, member)

/* Rows for the table of either verb. */
#define CREATE_OPTS_ROWS                                                                              \
	{ 'b',                                                                                        \
	  "bundle",                                                                                   \
	  OPT_STRING,                                                                                 \
	  0,                                                                                          \
	  CREATE_OPTS_AT(bundle),                                                                     \
	  "DIR",                                                                                      \
	  "the bundle; without it the working directory",                                             \
	  NULL,                                                                                       \
	  NULL },                                                                                     \
		{ 'f',                                                                                \
		  "config",                                                                           \
		  OPT_STRING,                                                                         \
		  0,                                                                                  \
		  CREATE_OPTS_AT(config),                                                             \
		  "FILE",                                                                             \
		  "read FILE in place of the bundle's config.json",                                   \
		  NULL,                                                                               \
		  NULL },                                                                             \
		{ 0,                                                                                  \
		  "console-socket",                                                                   \
		  OPT_STRING,                                                                         \
		  0,                                                                                  \
		  CREATE_OPTS_AT(console_socket),                                                     \
		  "SOCKET",                                                                           \
		  "unix socket that receives the terminal's master end",                              \
		  NULL,                                                                               \
		  NULL },                                                                             \
		{ 0,                                                                                  \
		  "pidfd-socket",                                                                     \
		  OPT_STRING,                                                                         \
		  0,                                                                                  \
		  CREATE_OPTS_AT(pidfd_socket),                                                       \
		  "SOCKET",                                                                           \
		  "unix socket that receives a pidfd of the first process",                           \
		  NULL,                                                                               \
		  NULL },                                                                             \
		{ 0,                                                                                  \
		  "pid-file",                                                                         \
		  OPT_STRING,                                                                         \
		  0,                                                                                  \
		  CREATE_OPTS_AT(pid_file),                                                           \
		  "FILE",                                                                             \
		  "write the first process's id to FILE",                                             \
		  NULL,                                                                               \
		  NULL },                                                                             \
		{ 0,                                                                                  \
		  "no-pivot",                                                                         \
		  OPT_FLAG,                                                                           \
		  0,                                                                                  \
		  CREATE_OPTS_AT(no_pivot),                                                           \
		  NULL,                                                                               \
		  "use chroot in place of pivot_root, for root file systems on a ramdisk",            \
		  NULL,                                                                               \
		  NULL },                                                                             \
		{ 0,                                                                                  \
		  "no-new-keyring",                                                                   \
		  OPT_FLAG,                                                                           \
		  0,                                                                                  \
		  CREATE_OPTS_AT(no_new_keyring),                                                     \
		  NULL,                                                                               \
		  "stay in the caller's session keyring",                                             \
		  NULL,                                                                               \
		  NULL },                                                                             \
	{                                                                                             \
		0, "preserve-fds", OPT_U32, 0, CREATE_OPTS_AT(preserve_fds), "N",                     \
			"pass N descriptors from 3 on (behind those of LISTEN_FDS) to the container", \
			NULL, NULL                                                                    \
	}

void create_opts_request(const struct create_opts *o, const struct host *host, const char *id,
			 struct create_request *ret);

#endif
