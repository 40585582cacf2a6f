/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names and numbers, masks. */
#ifndef LIBUTIL_SIG_H
#define LIBUTIL_SIG_H

#include <signal.h>

#include "libutil/err.h"

/* "KILL", "SIGKILL", "sigkill", "9", "RTMIN+3" -> number; -EINVAL for anything else. */
int sig_parse(const char *text, int *ret, struct err *e);
/* "SIGKILL"; "SIGRTMIN+3"; NULL when unknown.  Static storage or `buf`-free constant. */
const char *sig_name(int sig);
/* All dispositions to default, empty mask: what a fresh program expects. */
void sig_reset_all(void);

#endif
