/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs `mounts` and `devices` share. */
#ifndef RUNTIME_VERB_LIVE_H
#define RUNTIME_VERB_LIVE_H

#include "runtime/live/live.h"

/* "add|remove CONTAINER [FILE]" */
int live_arguments(char *const *args, int n, struct live_request *req, struct err *e);

#endif
