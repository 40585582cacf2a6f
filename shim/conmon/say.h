/* SPDX-License-Identifier: Apache-2.0 */
/* Our own messages.  In the background standard error leads nowhere: there is syslog then, if
 * --syslog asks for it. */
#ifndef SHIM_CONMON_SAY_H
#define SHIM_CONMON_SAY_H

#include "shim/conmon/options.h"

/* To standard error, and to syslog with --syslog or when `must` is set: output was lost. */
void say(const struct conmon_opts *o, enum log_level level, bool must, const char *text);

#endif
