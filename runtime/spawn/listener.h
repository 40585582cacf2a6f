/* SPDX-License-Identifier: Apache-2.0 */
/* Hands a seccomp notification descriptor to the agent that will answer (config-linux.md
 * "Seccomp"). */
#ifndef RUNTIME_SPAWN_LISTENER_H
#define RUNTIME_SPAWN_LISTENER_H

#include <sys/types.h>

#include "oci-spec/runtime_spec.h"

/* Pure: the container process state that goes beside the descriptor, of a container that is being
 * created unless `state` has a status. */
void listener_document(const struct spec_seccomp *seccomp, const struct oci_state *state, pid_t pid,
		       struct strbuf *out);
/* Where it goes; NULL: nowhere is said.  `seccomp` may be NULL. */
const char *listener_path(const struct spec_seccomp *seccomp, const struct oci_strmap *annotations);
/* One connection, one message, closed again. */
int listener_send(const struct spec_seccomp *seccomp, const struct oci_state *state, pid_t pid,
		  int listenerfd, struct err *e);

#endif
