/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and agents of RUN --mount=type=ssh: what run_ssh.c needs, and what tests look at. */
#ifndef IMAGETOOL_STEP_RUN_AGENT_H
#define IMAGETOOL_STEP_RUN_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imagetool/step/run_internal.h"

#define RUN_AGENT_HEAD 4
#define RUN_AGENT_MAX  ((size_t)256 << 10) /* as OpenSSH's */

/* Bytes that follow the head. */
size_t run_agent_length(const uint8_t head[RUN_AGENT_HEAD]);
/* May a step ask for this? `message` is without the head. */
bool run_agent_allows(const uint8_t *message, size_t len);

/* run_keys.c: an agent of the step's own that holds the keys of files.  *ret_socket lives in the
 * step's arena. */
struct run_keys;
int run_keys_start(struct run_step *s, const struct run_ssh *ssh, struct run_keys **ret,
		   const char **ret_socket, struct err *e);
void run_keys_stop(struct run_keys *k);

#endif
