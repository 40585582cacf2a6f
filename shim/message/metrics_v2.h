/* SPDX-License-Identifier: Apache-2.0 */
/* io.containerd.cgroups.v2.Metrics: what the unified hierarchy says. */
#ifndef SHIM_MESSAGE_METRICS_V2_H
#define SHIM_MESSAGE_METRICS_V2_H

#include "shim/message/metrics_v1.h"

#define MSG_METRICS_V2 "io.containerd.cgroups.v2.Metrics"

/* Of cpu.stat. */
#define MSG_V2_CPU(X)                                                                              \
	X(usage_usec, 1)                                                                           \
	X(user_usec, 2)                                                                            \
	X(system_usec, 3)                                                                          \
	X(nr_periods, 4)                                                                           \
	X(nr_throttled, 5)                                                                         \
	X(throttled_usec, 6)

/* Of memory.stat, then of memory.current, memory.max, memory.swap.current, memory.swap.max. */
#define MSG_V2_MEMORY(X)                                                                           \
	X(anon, 1)                                                                                 \
	X(file, 2)                                                                                 \
	X(kernel_stack, 3)                                                                         \
	X(slab, 4)                                                                                 \
	X(sock, 5)                                                                                 \
	X(shmem, 6)                                                                                \
	X(file_mapped, 7)                                                                          \
	X(file_dirty, 8)                                                                           \
	X(file_writeback, 9)                                                                       \
	X(anon_thp, 10)                                                                            \
	X(inactive_anon, 11)                                                                       \
	X(active_anon, 12)                                                                         \
	X(inactive_file, 13)                                                                       \
	X(active_file, 14)                                                                         \
	X(unevictable, 15)                                                                         \
	X(slab_reclaimable, 16)                                                                    \
	X(slab_unreclaimable, 17)                                                                  \
	X(pgfault, 18)                                                                             \
	X(pgmajfault, 19)                                                                          \
	X(workingset_refault, 20)                                                                  \
	X(workingset_activate, 21)                                                                 \
	X(workingset_nodereclaim, 22)                                                              \
	X(pgrefill, 23)                                                                            \
	X(pgscan, 24)                                                                              \
	X(pgsteal, 25)                                                                             \
	X(pgactivate, 26)                                                                          \
	X(pgdeactivate, 27)                                                                        \
	X(pglazyfree, 28)                                                                          \
	X(pglazyfreed, 29)                                                                         \
	X(thp_fault_alloc, 30)                                                                     \
	X(thp_collapse_alloc, 31)                                                                  \
	X(usage, 32)                                                                               \
	X(usage_limit, 33)                                                                         \
	X(swap_usage, 34)                                                                          \
	X(swap_limit, 35)

/* Of memory.events. */
#define MSG_V2_MEMORY_EVENTS(X)                                                                    \
	X(low, 1)                                                                                  \
	X(high, 2)                                                                                 \
	X(max, 3)                                                                                  \
	X(oom, 4)                                                                                  \
	X(oom_kill, 5)

/* Of a line of io.stat. */
#define MSG_V2_IO(X)                                                                               \
	X(major, 1)                                                                                \
	X(minor, 2)                                                                                \
	X(rbytes, 3)                                                                               \
	X(wbytes, 4)                                                                               \
	X(rios, 5)                                                                                 \
	X(wios, 6)

#define X(name, number) struct pb_number name;
struct msg_v2_cpu {
	MSG_V2_CPU(X)
};
struct msg_v2_memory {
	MSG_V2_MEMORY(X)
};
struct msg_v2_memory_events {
	MSG_V2_MEMORY_EVENTS(X)
};
struct msg_v2_io_entry {
	MSG_V2_IO(X)
};
#undef X

struct msg_v2_pids {
	struct pb_number current, limit;
};

struct msg_v2_io {
	struct pb_list usage; /* struct msg_v2_io_entry */
};

struct msg_v2_hugetlb {
	struct pb_number current, max;
	const char *pagesize;
};

struct msg_metrics_v2 {
	struct msg_v2_pids *pids;
	struct msg_v2_cpu *cpu;
	struct msg_v2_memory *memory;
	struct msg_rdma *rdma;
	struct msg_v2_io *io;
	struct pb_list hugetlb; /* struct msg_v2_hugetlb */
	struct msg_v2_memory_events *memory_events;
};

extern const struct pb_message msg_metrics_v2_message;

#endif
