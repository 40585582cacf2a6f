/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's control groups count, as containerd's Metrics message of their version. */
#ifndef SHIM_V2_METRICS_H
#define SHIM_V2_METRICS_H

#include "shim/message/metrics_v1.h"
#include "shim/message/metrics_v2.h"

/* `proc_cgroup` is cgroup_text() of the container's first process, from its creation.  *ret_type is
 * the message's name, `out` the message.  -ENOENT when the groups are gone. */
int metrics_encode(const char *proc_cgroup, const char **ret_type, struct strbuf *out,
		   struct err *e);

/* ---- between the files of this subject: `a` owns what the message points to ---- */

#define V1_CONTROLLERS(X) X(cpu) X(cpuacct) X(memory) X(pids) X(blkio) X(hugetlb) X(rdma)
#define X(name)           V1_##name,
enum v1_controller { V1_CONTROLLERS(X) V1_CONTROLLER_COUNT };
#undef X

/* -1 where a controller is not mounted. */
void metrics_read_v1(const int dirs[V1_CONTROLLER_COUNT], struct arena *a,
		     struct msg_metrics_v1 *ret);
void metrics_read_v2(int dir, struct arena *a, struct msg_metrics_v2 *ret);
/* rdma.current and rdma.max, the same in both. */
struct msg_rdma *metrics_read_rdma(int dir, struct arena *a);
/* "2MB" of "hugetlb.2MB.current" with the suffix ".current"; NULL when it is no such name. */
const char *metrics_page_size(const char *name, const char *suffix, struct arena *a);

#endif
