/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/metrics_v2.h"

#define PART(text, name)                                                                           \
	static const struct pb_message v2_##name##_message =                                       \
		PB_MESSAGE_TYPE(text, struct msg_v2_##name, name##_rows)

#define P(member, number, ...) PB_FIELD(struct msg_v2_pids, member, number, __VA_ARGS__)
static const struct pb_field pids_rows[] = {
	P(current, 1, PB_UINT64),
	P(limit, 2, PB_UINT64),
};
PART("PidsStat", pids);

#define X(name, number) PB_FIELD(struct msg_v2_cpu, name, number, PB_UINT64),
static const struct pb_field cpu_rows[] = { MSG_V2_CPU(X) };
#undef X
PART("CPUStat", cpu);

#define X(name, number) PB_FIELD(struct msg_v2_memory, name, number, PB_UINT64),
static const struct pb_field memory_rows[] = { MSG_V2_MEMORY(X) };
#undef X
PART("MemoryStat", memory);

#define X(name, number) PB_FIELD(struct msg_v2_memory_events, name, number, PB_UINT64),
static const struct pb_field memory_events_rows[] = { MSG_V2_MEMORY_EVENTS(X) };
#undef X
PART("MemoryEvents", memory_events);

#define X(name, number) PB_FIELD(struct msg_v2_io_entry, name, number, PB_UINT64),
static const struct pb_field io_entry_rows[] = { MSG_V2_IO(X) };
#undef X
PART("IOEntry", io_entry);

#define I(member, number, ...) PB_FIELD(struct msg_v2_io, member, number, __VA_ARGS__)
static const struct pb_field io_rows[] = {
	I(usage, 1, PB_MESSAGE, .bits = PB_REPEATED, .type = &v2_io_entry_message),
};
PART("IOStat", io);

#define H(member, number, ...) PB_FIELD(struct msg_v2_hugetlb, member, number, __VA_ARGS__)
static const struct pb_field hugetlb_rows[] = {
	H(current, 1, PB_UINT64),
	H(max, 2, PB_UINT64),
	H(pagesize, 3, PB_STRING),
};
PART("HugeTlbStat", hugetlb);

#define S(member, number, ...) PB_FIELD(struct msg_metrics_v2, member, number, __VA_ARGS__)
static const struct pb_field metrics_rows[] = {
	S(pids, 1, PB_MESSAGE, .type = &v2_pids_message),
	S(cpu, 2, PB_MESSAGE, .type = &v2_cpu_message),
	S(memory, 4, PB_MESSAGE, .type = &v2_memory_message),
	S(rdma, 5, PB_MESSAGE, .type = &msg_rdma_message),
	S(io, 6, PB_MESSAGE, .type = &v2_io_message),
	S(hugetlb, 7, PB_MESSAGE, .bits = PB_REPEATED, .type = &v2_hugetlb_message),
	S(memory_events, 8, PB_MESSAGE, .type = &v2_memory_events_message),
};
const struct pb_message msg_metrics_v2_message =
	PB_MESSAGE_TYPE(MSG_METRICS_V2, struct msg_metrics_v2, metrics_rows);
