/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's command line, made of conmon's options.  Pure. */
#ifndef SHIM_CONMON_COMMAND_H
#define SHIM_CONMON_COMMAND_H

#include "shim/conmon/options.h"

/* Append the call that makes the process; `console` is the socket for its terminal or NULL. */
void conmon_command(struct strv *argv, const struct conmon_opts *o, const char *console);

/* What the call is called in messages: create, restore or exec. */
const char *conmon_command_name(const struct conmon_opts *o);

#endif
