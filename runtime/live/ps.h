/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container. */
#ifndef RUNTIME_LIVE_PS_H
#define RUNTIME_LIVE_PS_H

#include "libutil/strbuf.h"
#include "runtime/container/container.h"

/* "[1,2]" */
void ps_json(const pid_t *pids, size_t n, struct strbuf *out);
/* Pure: keep the header of ps(1)'s table and the lines whose column PID is one of ours (ascending).
 */
int ps_filter(const char *table, const pid_t *pids, size_t n, struct strbuf *out, struct err *e);
/* The host's ps(1) with `args` (none: -ef), filtered; where there is no such program, a list of our
 * own. */
int ps_table(const pid_t *pids, size_t n, char *const *args, size_t n_args, struct strbuf *out,
	     struct err *e);

#endif
