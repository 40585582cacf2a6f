/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a container, one JSON object a line: "stats" every interval,
 * "oom" when the kernel ran out of memory for it.  Standard output carries
 * nothing else, whatever the log is told to say.
 */
#ifndef RUNTIME_LIVE_EVENTS_H
#define RUNTIME_LIVE_EVENTS_H

#include "libutil/strbuf.h"
#include "runtime/cgroup/oom.h"
#include "runtime/container/container.h"

/* One line with the statistics as they are now. */
int events_stats(const struct container *c, struct strbuf *out, struct err *e);
/* One line for an event.  Pure. */
void events_oom(const char *id, const struct oom_event *event, struct strbuf *out);

/* Write lines to `fd`, the statistics every `interval_ns`, until the first process has ended. */
int events_follow(const struct container *c, int fd, int64_t interval_ns, struct err *e);

#endif
