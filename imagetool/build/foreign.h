/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of `docker build`, `podman build` and `buildah build` that a build here has no use for:
 * the answer says what does it.
 */
#ifndef IMAGETOOL_BUILD_FOREIGN_H
#define IMAGETOOL_BUILD_FOREIGN_H

#include "libutil/opts.h"

/* clang-format off */
/* X(letter, name, id, whether a value follows, answer) */
#define BUILD_FOREIGN_OPTIONS(X)                                                                   \
	X('v', "volume", volume, "VALUE",                                                          \
	  "steps mount what the Dockerfile says: RUN --mount=type=bind, of the context or of "     \
	  "--build-context NAME=DIR")                                                              \
	X(0, "builder", builder, "VALUE", "there are no builders: leave it out")                   \
	X(0, "isolation", isolation, "VALUE", "every step is a container of creel: leave it out")  \
	X(0, "compress", compress, NULL,                                                           \
	  "the context is read where it is and does not travel: leave it out")                     \
	X(0, "security-opt", security_opt, "VALUE",                                                \
	  "a step asks itself: RUN --security=insecure, with --allow security.insecure")           \
	X(0, "squash-all", squash_all, NULL,                                                       \
	  "'creel-image convert --squash NAME NAME' makes all layers one")                         \
	X(0, "manifest", manifest, "VALUE",                                                        \
	  "several platforms are an index by themselves: give --platform and --tag")               \
	X(0, "from", from, "VALUE",                                                                \
	  "--build-context NAME=docker-image://IMAGE puts another image in the place of NAME")     \
	X(0, "timestamp", timestamp, "VALUE",                                                      \
	  "it is --source-date-epoch, and for files --output "                                     \
	  "type=image,rewrite-timestamp=true")                                                     \
	X(0, "env", env, "VALUE",                                                                  \
	  "ENV in the Dockerfile does it, or afterwards 'creel-image commit --change'")            \
	X(0, "os", os, "VALUE", "give --platform OS/ARCH")                                         \
	X(0, "variant", variant, "VALUE", "give --platform OS/ARCH/VARIANT")                       \
	X(0, "logfile", logfile, "VALUE", "standard error tells what happens: 2>FILE keeps it")
/* clang-format on */

#define X(letter, name, id, arg, why)                                                              \
	int build_foreign_##id(void *values, const char *text, struct err *e);
BUILD_FOREIGN_OPTIONS(X)
#undef X

#define BUILD_FOREIGN_ROW(l, n, id, a, why)                                                        \
	{ .letter = l,                                                                             \
	  .name = n,                                                                               \
	  .kind = OPT_CALL,                                                                        \
	  .bits = OPT_HIDDEN,                                                                      \
	  .arg = a,                                                                                \
	  .help = why,                                                                             \
	  .call = build_foreign_##id },

#endif
