/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that describe a container, with docker's spellings: one list for
 * every program that takes them.  A program embeds struct container_options in
 * its values and CONTAINER_OPTION_ROWS(offset of it) in its table of options;
 * what they mean is said once, in plan.h.
 *
 *     X(B, letter, name, kind, member, value's name in help, help)
 *
 * B is handed through: the offset of the struct in the program's values.
 */
#ifndef IMAGETOOL_BUNDLE_OPTIONS_H
#define IMAGETOOL_BUNDLE_OPTIONS_H

#include "libutil/opts.h"

/* clang-format off */
#define PROCESS_OPTIONS(X, B)                                                                      \
	X(B, 'e', "env", LIST, env, "NAME[=VALUE]",                                                \
	  "set an environment variable; without a value, to what it is here")                      \
	X(B, 'w', "workdir", STRING, workdir, "DIR", "working directory in the container")         \
	X(B, 'u', "user", STRING, user, "USER[:GROUP]",                                            \
	  "who runs the command: names of the image, or numbers")                                  \
	X(B, 0, "entrypoint", STRING, entrypoint, "WORD or JSON array",                            \
	  "replace the image's entrypoint and command; \"\" takes both away")                      \
	X(B, 0, "cmd", STRING, cmd, "WORD or JSON array",                                          \
	  "replace the image's command, as arguments behind DIR do")                               \
	X(B, 't', "tty", FLAG, tty, NULL, "give the process a terminal")

#define MOUNT_OPTIONS(X, B)                                                                        \
	X(B, 'v', "volume", LIST, volumes, "[SRC:]DST[:OPTIONS]",                                  \
	  "mount a path of the host, or a volume kept in DIR/volumes")                             \
	X(B, 0, "tmpfs", LIST, tmpfs, "DST[:OPTIONS]", "mount an empty tmpfs")                     \
	X(B, 0, "read-only", FLAG, read_only, NULL, "mount the root file system read-only")

#define IDENTITY_OPTIONS(X, B)                                                                     \
	X(B, 0, "hostname", STRING, hostname, "NAME", "host name in the container")
/* clang-format on */

#define CONTAINER_OPTIONS(X, B)                                                                    \
	PROCESS_OPTIONS(X, B)                                                                      \
	MOUNT_OPTIONS(X, B)                                                                        \
	IDENTITY_OPTIONS(X, B)

#define OPTION_TYPE_LIST   struct strv
#define OPTION_TYPE_STRING const char *
#define OPTION_TYPE_FLAG   bool

/* As they were typed; what was not given is NULL, empty or false. */
struct container_options {
#define X(base, letter, name, kind, member, arg, help) OPTION_TYPE_##kind member;
	CONTAINER_OPTIONS(X, 0)
#undef X
};

#define CONTAINER_OPTION_ROW(base, l, n, k, member, a, h)                                          \
	{ .letter = l,                                                                             \
	  .name = n,                                                                               \
	  .kind = OPT_##k,                                                                         \
	  .offset = (base) + offsetof(struct container_options, member),                           \
	  .arg = a,                                                                                \
	  .help = h },
#define CONTAINER_OPTION_ROWS(base) CONTAINER_OPTIONS(CONTAINER_OPTION_ROW, base)

#endif
