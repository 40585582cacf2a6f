/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/metrics_v1.h"

#define PART(text, name)                                                                           \
	static const struct pb_message v1_##name##_message =                                       \
		PB_MESSAGE_TYPE(text, struct msg_v1_##name, name##_rows)
#define ENTRY PB_MESSAGE, .type = &v1_memory_entry_message
#define LIST  PB_MESSAGE, .bits = PB_REPEATED

#define H(member, number, ...) PB_FIELD(struct msg_v1_hugetlb, member, number, __VA_ARGS__)
static const struct pb_field hugetlb_rows[] = {
	H(usage, 1, PB_UINT64),
	H(max, 2, PB_UINT64),
	H(failcnt, 3, PB_UINT64),
	H(pagesize, 4, PB_STRING),
};
PART("HugetlbStat", hugetlb);

#define P(member, number, ...) PB_FIELD(struct msg_v1_pids, member, number, __VA_ARGS__)
static const struct pb_field pids_rows[] = {
	P(current, 1, PB_UINT64),
	P(limit, 2, PB_UINT64),
};
PART("PidsStat", pids);

#define U(member, number, ...) PB_FIELD(struct msg_v1_cpu_usage, member, number, __VA_ARGS__)
static const struct pb_field cpu_usage_rows[] = {
	U(total, 1, PB_UINT64),
	U(kernel, 2, PB_UINT64),
	U(user, 3, PB_UINT64),
	U(per_cpu, 4, PB_UINT64, .bits = PB_REPEATED | PB_PACKED),
};
PART("CPUUsage", cpu_usage);

#define T(member, number, ...) PB_FIELD(struct msg_v1_throttling, member, number, __VA_ARGS__)
static const struct pb_field throttling_rows[] = {
	T(periods, 1, PB_UINT64),
	T(throttled_periods, 2, PB_UINT64),
	T(throttled_time, 3, PB_UINT64),
};
PART("Throttle", throttling);

#define C(member, number, ...) PB_FIELD(struct msg_v1_cpu, member, number, __VA_ARGS__)
static const struct pb_field cpu_rows[] = {
	C(usage, 1, PB_MESSAGE, .type = &v1_cpu_usage_message),
	C(throttling, 2, PB_MESSAGE, .type = &v1_throttling_message),
};
PART("CPUStat", cpu);

#define E(member, number, ...) PB_FIELD(struct msg_v1_memory_entry, member, number, __VA_ARGS__)
static const struct pb_field memory_entry_rows[] = {
	E(limit, 1, PB_UINT64),
	E(usage, 2, PB_UINT64),
	E(max, 3, PB_UINT64),
	E(failcnt, 4, PB_UINT64),
};
PART("MemoryEntry", memory_entry);

#define M(member, number, ...) PB_FIELD(struct msg_v1_memory, member, number, __VA_ARGS__)
#define NUMBER(name, number)   M(name, number, PB_UINT64),
static const struct pb_field memory_rows[] = {
	MSG_V1_MEMORY(NUMBER) M(usage, 33, ENTRY),
	M(swap, 34, ENTRY),
	M(kernel, 35, ENTRY),
	M(kernel_tcp, 36, ENTRY),
};
PART("MemoryStat", memory);

#define B(member, number, ...) PB_FIELD(struct msg_v1_blkio_entry, member, number, __VA_ARGS__)
static const struct pb_field blkio_entry_rows[] = {
	B(op, 1, PB_STRING),    B(device, 2, PB_STRING), B(major, 3, PB_UINT64),
	B(minor, 4, PB_UINT64), B(value, 5, PB_UINT64),
};
PART("BlkIOEntry", blkio_entry);

#define K(member, number, ...) PB_FIELD(struct msg_v1_blkio, member, number, __VA_ARGS__)
#define BLKIO(name, number)    K(name, number, LIST, .type = &v1_blkio_entry_message),
static const struct pb_field blkio_rows[] = { MSG_V1_BLKIO(BLKIO) };
PART("BlkIOStat", blkio);

#define R(member, number, ...) PB_FIELD(struct msg_rdma_entry, member, number, __VA_ARGS__)
static const struct pb_field rdma_entry_rows[] = {
	R(device, 1, PB_STRING),
	R(hca_handles, 2, PB_UINT32),
	R(hca_objects, 3, PB_UINT32),
};
static const struct pb_message rdma_entry_message =
	PB_MESSAGE_TYPE("RdmaEntry", struct msg_rdma_entry, rdma_entry_rows);

#define D(member, number, ...) PB_FIELD(struct msg_rdma, member, number, __VA_ARGS__)
static const struct pb_field rdma_rows[] = {
	D(current, 1, LIST, .type = &rdma_entry_message),
	D(limit, 2, LIST, .type = &rdma_entry_message),
};
const struct pb_message msg_rdma_message = PB_MESSAGE_TYPE("RdmaStat", struct msg_rdma, rdma_rows);

#define O(member, number, ...) PB_FIELD(struct msg_v1_oom_control, member, number, __VA_ARGS__)
static const struct pb_field oom_control_rows[] = {
	O(oom_kill_disable, 1, PB_UINT64),
	O(under_oom, 2, PB_UINT64),
	O(oom_kill, 3, PB_UINT64),
};
PART("MemoryOomControl", oom_control);

#define S(member, number, ...) PB_FIELD(struct msg_metrics_v1, member, number, __VA_ARGS__)
static const struct pb_field metrics_rows[] = {
	S(hugetlb, 1, LIST, .type = &v1_hugetlb_message),
	S(pids, 2, PB_MESSAGE, .type = &v1_pids_message),
	S(cpu, 3, PB_MESSAGE, .type = &v1_cpu_message),
	S(memory, 4, PB_MESSAGE, .type = &v1_memory_message),
	S(blkio, 5, PB_MESSAGE, .type = &v1_blkio_message),
	S(rdma, 6, PB_MESSAGE, .type = &msg_rdma_message),
	S(oom_control, 9, PB_MESSAGE, .type = &v1_oom_control_message),
};
const struct pb_message msg_metrics_v1_message =
	PB_MESSAGE_TYPE(MSG_METRICS_V1, struct msg_metrics_v1, metrics_rows);
