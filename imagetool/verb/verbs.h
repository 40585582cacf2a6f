/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb of creel-image, in the order --help shows them.  Verb X lives in verb/X.c as verb_X;
 * names of two words share a file, or have one each.
 */
#ifndef IMAGETOOL_VERB_VERBS_H
#define IMAGETOOL_VERB_VERBS_H

#include "libutil/verb.h"

#define IMAGE_VERBS(X)                                                                             \
	X(pull)                                                                                    \
	X(push)                                                                                    \
	X(search)                                                                                  \
	X(list)                                                                                    \
	X(inspect)                                                                                 \
	X(history)                                                                                 \
	X(tag)                                                                                     \
	X(untag)                                                                                   \
	X(rm)                                                                                      \
	X(tags)                                                                                    \
	X(referrers)                                                                               \
	X(delete)                                                                                  \
	X(index_create)                                                                            \
	X(index_add)                                                                               \
	X(index_remove)                                                                            \
	X(index_annotate)                                                                          \
	X(index_inspect)                                                                           \
	X(artifact_push)                                                                           \
	X(artifact_pull)                                                                           \
	X(artifact_attach)                                                                         \
	X(du)                                                                                      \
	X(prune)                                                                                   \
	X(verify)                                                                                  \
	X(unpack)                                                                                  \
	X(bundle)                                                                                  \
	X(mount)                                                                                   \
	X(umount)                                                                                  \
	X(unshare)                                                                                 \
	X(diff)                                                                                    \
	X(build)                                                                                   \
	X(commit)                                                                                  \
	X(convert)                                                                                 \
	X(copy)                                                                                    \
	X(import)                                                                                  \
	X(export)                                                                                  \
	X(load)                                                                                    \
	X(save)                                                                                    \
	X(login)                                                                                   \
	X(logout)

#define X(name) extern const struct verb verb_##name;
IMAGE_VERBS(X)
#undef X

#endif
