/* SPDX-License-Identifier: Apache-2.0 */
/* io.containerd.cgroups.v1.Metrics: what the controllers of cgroup v1 say.  The tables of numbers
 * give the members in the order of their fields. */
#ifndef SHIM_MESSAGE_METRICS_V1_H
#define SHIM_MESSAGE_METRICS_V1_H

#include "libutil/protobuf.h"

#define MSG_METRICS_V1 "io.containerd.cgroups.v1.Metrics"

/* Of memory.stat, in the order of their numbers from 1 on. */
#define MSG_V1_MEMORY(X)                                                                           \
	X(cache, 1)                                                                                \
	X(rss, 2)                                                                                  \
	X(rss_huge, 3)                                                                             \
	X(mapped_file, 4)                                                                          \
	X(dirty, 5)                                                                                \
	X(writeback, 6)                                                                            \
	X(pg_pg_in, 7)                                                                             \
	X(pg_pg_out, 8)                                                                            \
	X(pg_fault, 9)                                                                             \
	X(pg_maj_fault, 10)                                                                        \
	X(inactive_anon, 11)                                                                       \
	X(active_anon, 12)                                                                         \
	X(inactive_file, 13)                                                                       \
	X(active_file, 14)                                                                         \
	X(unevictable, 15)                                                                         \
	X(hierarchical_memory_limit, 16)                                                           \
	X(hierarchical_swap_limit, 17)                                                             \
	X(total_cache, 18)                                                                         \
	X(total_rss, 19)                                                                           \
	X(total_rss_huge, 20)                                                                      \
	X(total_mapped_file, 21)                                                                   \
	X(total_dirty, 22)                                                                         \
	X(total_writeback, 23)                                                                     \
	X(total_pg_pg_in, 24)                                                                      \
	X(total_pg_pg_out, 25)                                                                     \
	X(total_pg_fault, 26)                                                                      \
	X(total_pg_maj_fault, 27)                                                                  \
	X(total_inactive_anon, 28)                                                                 \
	X(total_active_anon, 29)                                                                   \
	X(total_inactive_file, 30)                                                                 \
	X(total_active_file, 31)                                                                   \
	X(total_unevictable, 32)

/* The lists of blkio.*_recursive; each of struct msg_v1_blkio_entry. */
#define MSG_V1_BLKIO(X)                                                                            \
	X(service_bytes, 1)                                                                        \
	X(serviced, 2)                                                                             \
	X(queued, 3)                                                                               \
	X(service_time, 4)                                                                         \
	X(wait_time, 5)                                                                            \
	X(merged, 6)                                                                               \
	X(time, 7)                                                                                 \
	X(sectors, 8)

struct msg_v1_hugetlb {
	struct pb_number usage, max, failcnt;
	const char *pagesize;
};

struct msg_v1_pids {
	struct pb_number current, limit;
};

struct msg_v1_cpu_usage {
	struct pb_number total, kernel, user;
	struct pb_list per_cpu; /* numbers */
};

struct msg_v1_throttling {
	struct pb_number periods, throttled_periods, throttled_time;
};

struct msg_v1_cpu {
	struct msg_v1_cpu_usage *usage;
	struct msg_v1_throttling *throttling;
};

struct msg_v1_memory_entry {
	struct pb_number limit, usage, max, failcnt;
};

#define X(name, number) struct pb_number name;
struct msg_v1_memory {
	MSG_V1_MEMORY(X)
	struct msg_v1_memory_entry *usage, *swap, *kernel, *kernel_tcp;
};
#undef X

struct msg_v1_blkio_entry {
	const char *op, *device;
	struct pb_number major, minor, value;
};

#define X(name, number) struct pb_list name;
struct msg_v1_blkio {
	MSG_V1_BLKIO(X)
};
#undef X

struct msg_rdma_entry {
	const char *device;
	struct pb_number hca_handles, hca_objects;
};

struct msg_rdma {
	struct pb_list current, limit; /* struct msg_rdma_entry */
};

struct msg_v1_oom_control {
	struct pb_number oom_kill_disable, under_oom, oom_kill;
};

struct msg_metrics_v1 {
	struct pb_list hugetlb; /* struct msg_v1_hugetlb */
	struct msg_v1_pids *pids;
	struct msg_v1_cpu *cpu;
	struct msg_v1_memory *memory;
	struct msg_v1_blkio *blkio;
	struct msg_rdma *rdma;
	struct msg_v1_oom_control *oom_control;
};

extern const struct pb_message msg_metrics_v1_message;
extern const struct pb_message msg_rdma_message; /* the same in v2 */

#endif
