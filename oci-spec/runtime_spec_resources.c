/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: linux.resources (config-linux.md "Control groups" and below). */
#include "oci-spec/runtime_rows.h"

#define D(...) FIELD_ROW(struct spec_device_rule, __VA_ARGS__)
static const struct field device_rule_rows[] = {
	D(allow, "allow", FIELD_BOOL, .bits = FIELD_REQUIRED),
	D(type, "type", FIELD_STRING),
	D(major, "major", FIELD_I64),
	D(minor, "minor", FIELD_I64),
	D(access, "access", FIELD_STRING),
};
static const struct field_type device_rule_type =
	FIELD_TYPE("device rule", struct spec_device_rule, device_rule_rows);

#define M(...) FIELD_ROW(struct spec_memory, __VA_ARGS__)
static const struct field memory_rows[] = {
	M(limit, "limit", FIELD_I64),
	M(reservation, "reservation", FIELD_I64),
	M(swap, "swap", FIELD_I64),
	M(kernel, "kernel", FIELD_I64),
	M(kernel_tcp, "kernelTCP", FIELD_I64),
	M(swappiness, "swappiness", FIELD_U64),
	M(disable_oom_killer, "disableOOMKiller", FIELD_OPT_BOOL),
	M(use_hierarchy, "useHierarchy", FIELD_OPT_BOOL),
	M(check_before_update, "checkBeforeUpdate", FIELD_OPT_BOOL),
};
static const struct field_type memory_type = FIELD_TYPE("memory", struct spec_memory, memory_rows);

#define C(...) FIELD_ROW(struct spec_cpu, __VA_ARGS__)
static const struct field cpu_rows[] = {
	C(shares, "shares", FIELD_U64),
	C(quota, "quota", FIELD_I64),
	C(burst, "burst", FIELD_U64),
	C(period, "period", FIELD_U64),
	C(realtime_runtime, "realtimeRuntime", FIELD_I64),
	C(realtime_period, "realtimePeriod", FIELD_U64),
	C(cpus, "cpus", FIELD_STRING),
	C(mems, "mems", FIELD_STRING),
	C(idle, "idle", FIELD_I64),
};
static const struct field_type cpu_type = FIELD_TYPE("cpu", struct spec_cpu, cpu_rows);

#define P(...) FIELD_ROW(struct spec_pids, __VA_ARGS__)
static const struct field pids_rows[] = {
	P(limit, "limit", FIELD_I64, .bits = FIELD_REQUIRED),
};
static const struct field_type pids_type = FIELD_TYPE("pids", struct spec_pids, pids_rows);

#define W(...) FIELD_ROW(struct spec_weight_device, __VA_ARGS__)
static const struct field weight_device_rows[] = {
	W(major, "major", FIELD_I64, .bits = FIELD_REQUIRED),
	W(minor, "minor", FIELD_I64, .bits = FIELD_REQUIRED),
	W(weight, "weight", FIELD_U64, .max = UINT16_MAX),
	W(leaf_weight, "leafWeight", FIELD_U64, .max = UINT16_MAX),
};
static const struct field_type weight_device_type =
	FIELD_TYPE("weight device", struct spec_weight_device, weight_device_rows);

#define T(...) FIELD_ROW(struct spec_throttle_device, __VA_ARGS__)
static const struct field throttle_device_rows[] = {
	T(major, "major", FIELD_I64, .bits = FIELD_REQUIRED),
	T(minor, "minor", FIELD_I64, .bits = FIELD_REQUIRED),
	T(rate, "rate", FIELD_U64),
};
static const struct field_type throttle_device_type =
	FIELD_TYPE("throttle device", struct spec_throttle_device, throttle_device_rows);

#define B(...) FIELD_ROW(struct spec_block_io, __VA_ARGS__)
static const struct field block_io_rows[] = {
	B(weight, "weight", FIELD_U64, .max = UINT16_MAX),
	B(leaf_weight, "leafWeight", FIELD_U64, .max = UINT16_MAX),
	B(weight_device, "weightDevice", FIELD_OBJECTS, .type = &weight_device_type),
	B(throttle_read_bps_device, "throttleReadBpsDevice", FIELD_OBJECTS,
	  .type = &throttle_device_type),
	B(throttle_write_bps_device, "throttleWriteBpsDevice", FIELD_OBJECTS,
	  .type = &throttle_device_type),
	B(throttle_read_iops_device, "throttleReadIOPSDevice", FIELD_OBJECTS,
	  .type = &throttle_device_type),
	B(throttle_write_iops_device, "throttleWriteIOPSDevice", FIELD_OBJECTS,
	  .type = &throttle_device_type),
};
static const struct field_type block_io_type =
	FIELD_TYPE("block I/O", struct spec_block_io, block_io_rows);

#define H(...) FIELD_ROW(struct spec_hugepage_limit, __VA_ARGS__)
static const struct field hugepage_limit_rows[] = {
	H(page_size, "pageSize", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	H(limit, "limit", FIELD_U64, .bits = FIELD_REQUIRED),
};
static const struct field_type hugepage_limit_type =
	FIELD_TYPE("huge page limit", struct spec_hugepage_limit, hugepage_limit_rows);

#define I(...) FIELD_ROW(struct spec_interface_priority, __VA_ARGS__)
static const struct field interface_priority_rows[] = {
	I(name, "name", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	I(priority, "priority", FIELD_U64, .bits = FIELD_REQUIRED, ROW_U32),
};
static const struct field_type interface_priority_type =
	FIELD_TYPE("interface priority", struct spec_interface_priority, interface_priority_rows);

#define N(...) FIELD_ROW(struct spec_network, __VA_ARGS__)
static const struct field network_rows[] = {
	N(class_id, "classID", FIELD_U64, ROW_U32),
	N(priorities, "priorities", FIELD_OBJECTS, .type = &interface_priority_type),
};
static const struct field_type network_type =
	FIELD_TYPE("network", struct spec_network, network_rows);

#define X(...) FIELD_ROW(struct spec_rdma, __VA_ARGS__)
static const struct field rdma_rows[] = {
	X(hca_handles, "hcaHandles", FIELD_U64, ROW_U32),
	X(hca_objects, "hcaObjects", FIELD_U64, ROW_U32),
};
static const struct field_type rdma_type = FIELD_TYPE("rdma", struct spec_rdma, rdma_rows);

#define R(...) FIELD_ROW(struct spec_resources, __VA_ARGS__)
static const struct field resources_rows[] = {
	R(devices, "devices", FIELD_OBJECTS, .type = &device_rule_type),
	R(memory, "memory", FIELD_OBJECT, .type = &memory_type),
	R(cpu, "cpu", FIELD_OBJECT, .type = &cpu_type),
	R(pids, "pids", FIELD_OBJECT, .type = &pids_type),
	R(block_io, "blockIO", FIELD_OBJECT, .type = &block_io_type),
	R(hugepage_limits, "hugepageLimits", FIELD_OBJECTS, .type = &hugepage_limit_type),
	R(network, "network", FIELD_OBJECT, .type = &network_type),
	R(rdma, "rdma", FIELD_OBJMAP, .type = &rdma_type),
	R(unified, "unified", FIELD_STRMAP),
};
const struct field_type spec_resources_type =
	FIELD_TYPE("resources", struct spec_resources, resources_rows);
