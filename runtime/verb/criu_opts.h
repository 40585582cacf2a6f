/* SPDX-License-Identifier: Apache-2.0 */
/* The options that `checkpoint` and `restore` share. */
#ifndef RUNTIME_VERB_CRIU_OPTS_H
#define RUNTIME_VERB_CRIU_OPTS_H

#include "runtime/criu/options.h"
#include "runtime/verb/create_opts.h"

struct criu_values {
	struct create_opts create; /* only `restore` fills it */
	struct criu_flags flags;
};

#define CRIU_AT(member) offsetof(struct criu_values, flags.member)

/* clang-format off */
#define CRIU_FLAG(option, member, help)                                                            \
	{ 0, option, OPT_FLAG, 0, CRIU_AT(member), NULL, help, NULL, NULL }
#define CRIU_STRING(option, member, arg, help)                                                     \
	{ 0, option, OPT_STRING, 0, CRIU_AT(member), arg, help, NULL, NULL }
#define CRIU_CHOICE(option, member, help, words)                                                   \
	{ 0, option, OPT_CHOICE, 0, CRIU_AT(member), NULL, help, words, NULL }

/* Rows for the table of either verb. */
#define CRIU_OPTS_ROWS                                                                             \
	CRIU_STRING("image-path", image_path, "DIR",                                               \
		    "directory of the images; without it 'checkpoint' in the working directory"),  \
	CRIU_STRING("work-path", work_path, "DIR",                                                 \
		    "directory of criu's log and statistics; without it that of the images"),      \
	CRIU_FLAG("tcp-established", tcp_established, "allow open TCP connections"),               \
	CRIU_FLAG("ext-unix-sk", ext_unix_sk, "allow unix sockets whose other end is outside"),    \
	CRIU_FLAG("shell-job", shell_job,                                                          \
		  "allow a session and a terminal that came from outside"),                        \
	CRIU_FLAG("file-locks", file_locks, "allow locked files"),                                 \
	CRIU_CHOICE("manage-cgroups-mode", cgroups_mode, "what to do with control groups",         \
		    criu_cgroups_modes),                                                           \
	{ 0, "empty-ns", OPT_LIST, 0, CRIU_AT(empty_ns), "NAMESPACE",                              \
	  "leave out what a namespace holds; only 'network', which always is", NULL, NULL },       \
	CRIU_FLAG("auto-dedup", auto_dedup, "drop pages from parent images that changed since"),   \
	CRIU_FLAG("lazy-pages", lazy_pages, "move memory when it is asked for"),                   \
	CRIU_CHOICE("network-lock", network_lock,                                                  \
		    "how criu holds up packets of open connections", criu_network_locks)
/* clang-format on */

#endif
