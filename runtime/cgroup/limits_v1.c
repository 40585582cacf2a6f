/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/limits.h"

#include <errno.h>
#include <inttypes.h>

#define J LIMITS_JSON

static int add_memory(struct limits *l, const struct spec_memory *m, struct err *e)
{
	/* 0 is what an engine sends for "not given". */
	if (m->limit.v != 0)
		limits_add_i64(l, "memory.limit_in_bytes", J "memory.limit", m->limit.v)->flags =
			m->limit.v < 0 ? LIMIT_OPTIONAL | LIMIT_RETRY : LIMIT_RETRY;
	if (m->swap.v > 0 && m->limit.v > m->swap.v)
		return limits_refuse(J "memory.swap", "it is smaller than memory.limit", e);
	if (m->swap.v > 0 && m->limit.v <= 0)
		return limits_refuse(J "memory.swap", "it needs memory.limit", e);
	if (m->swap.v != 0)
		limits_add_i64(l, "memory.memsw.limit_in_bytes", J "memory.swap", m->swap.v)
			->flags = m->swap.v < 0 ? LIMIT_OPTIONAL : 0;
	/* No limit of memory means none of memory and swap either. */
	else if (m->limit.v < 0)
		limits_add(l, "memory.memsw.limit_in_bytes", J "memory.limit", "-1")->flags =
			LIMIT_OPTIONAL;
	if (m->reservation.v != 0)
		limits_add_i64(l, "memory.soft_limit_in_bytes", J "memory.reservation",
			       m->reservation.v)
			->flags = m->reservation.v < 0 ? LIMIT_OPTIONAL : 0;
	/* Refused by Linux 5.16 to 6.0, without effect since. */
	if (m->kernel.v != 0)
		limits_add_i64(l, "memory.kmem.limit_in_bytes", J "memory.kernel", m->kernel.v)
			->flags = m->kernel.v < 0 ? LIMIT_OPTIONAL : LIMIT_FORGOTTEN;
	if (m->kernel_tcp.v != 0)
		limits_add_i64(l, "memory.kmem.tcp.limit_in_bytes", J "memory.kernelTCP",
			       m->kernel_tcp.v)
			->flags = m->kernel_tcp.v < 0 ? LIMIT_OPTIONAL : 0;
	if (m->swappiness.set && m->swappiness.v > 100)
		return limits_refuse(J "memory.swappiness", "it is more than 100", e);
	if (m->swappiness.set)
		limits_add_u64(l, "memory.swappiness", J "memory.swappiness", m->swappiness.v);
	if (m->disable_oom_killer.set)
		limits_add(l, "memory.oom_control", J "memory.disableOOMKiller",
			   m->disable_oom_killer.v ? "1" : "0")
			->flags = m->disable_oom_killer.v ? 0 : LIMIT_OPTIONAL;
	/* Always on in kernels since 5.11, which refuse 0. */
	if (m->use_hierarchy.set)
		limits_add(l, "memory.use_hierarchy", J "memory.useHierarchy",
			   m->use_hierarchy.v ? "1" : "0")
			->flags = m->use_hierarchy.v ? LIMIT_OPTIONAL : 0;
	return 0;
}

/* Period, quota and burst depend on one another and on the parent's: EINVAL asks for another order.
 */
static void add_cpu(struct limits *l, const struct spec_cpu *c)
{
	if (c->idle.set)
		limits_add_i64(l, "cpu.idle", J "cpu.idle", c->idle.v)->flags =
			c->idle.v ? 0 : LIMIT_OPTIONAL;
	/* A weight limits nothing, and an idle group refuses any: see limits_v2.c. */
	if (c->shares.v != 0 && c->idle.v != 1)
		limits_add_u64(l, "cpu.shares", J "cpu.shares", c->shares.v)->flags =
			LIMIT_OPTIONAL;
	if (c->realtime_period.v != 0)
		limits_add_u64(l, "cpu.rt_period_us", J "cpu.realtimePeriod", c->realtime_period.v)
			->flags = LIMIT_RETRY;
	if (c->realtime_runtime.v != 0)
		limits_add_i64(l, "cpu.rt_runtime_us", J "cpu.realtimeRuntime",
			       c->realtime_runtime.v)
			->flags = LIMIT_RETRY;
	if (c->period.v != 0)
		limits_add_u64(l, "cpu.cfs_period_us", J "cpu.period", c->period.v)->flags =
			LIMIT_RETRY;
	if (c->quota.v != 0)
		limits_add_i64(l, "cpu.cfs_quota_us", J "cpu.quota", c->quota.v)->flags =
			c->quota.v < 0 ? LIMIT_OPTIONAL : LIMIT_RETRY;
	if (c->burst.set)
		limits_add_u64(l, "cpu.cfs_burst_us", J "cpu.burst", c->burst.v)->flags =
			c->burst.v ? LIMIT_RETRY : LIMIT_OPTIONAL | LIMIT_RETRY;
	if (c->cpus && *c->cpus)
		limits_add(l, "cpuset.cpus", J "cpu.cpus", c->cpus);
	if (c->mems && *c->mems)
		limits_add(l, "cpuset.mems", J "cpu.mems", c->mems);
}

static const char *weight_line(struct limits *l, const char *device, uint64_t weight)
{
	return arena_printf(&l->arena, "%s %" PRIu64, device, weight);
}

static int add_weight_devices(struct limits *l, const struct spec_block_io *b, struct err *e)
{
	const struct spec_weight_device *d = b->weight_device.items;

	for (size_t i = 0; i < b->weight_device.n; i++) {
		const char *json = arena_printf(&l->arena, J "blockIO.weightDevice[%zu]", i);
		const char *device;
		struct limit *w;
		int r = limits_device(l, &d[i].major, &d[i].minor, json, &device, e);

		if (r < 0)
			return r;
		if (d[i].weight.v != 0) {
			w = limits_add(l, "blkio.bfq.weight_device", json,
				       weight_line(l, device, d[i].weight.v));
			w->alt = "blkio.weight_device";
			w->alt_value = w->value;
		}
		if (d[i].leaf_weight.v != 0)
			limits_add(l, "blkio.leaf_weight_device", json,
				   weight_line(l, device, d[i].leaf_weight.v));
	}
	return 0;
}

static int add_throttle(struct limits *l, const struct oci_array *list, const char *file,
			const char *key, struct err *e)
{
	const struct spec_throttle_device *d = list->items;

	for (size_t i = 0; i < list->n; i++) {
		const char *json = arena_printf(&l->arena, J "blockIO.%s[%zu]", key, i);
		const char *device;
		int r = limits_device(l, &d[i].major, &d[i].minor, json, &device, e);

		if (r < 0)
			return r;
		limits_add(l, file, json, weight_line(l, device, d[i].rate.v));
	}
	return 0;
}

static int add_block_io(struct limits *l, const struct spec_block_io *b, struct err *e)
{
	const struct {
		const struct oci_array *list;
		const char *file, *key;
	} throttles[] = {
		{ &b->throttle_read_bps_device, "blkio.throttle.read_bps_device",
		  "throttleReadBpsDevice" },
		{ &b->throttle_write_bps_device, "blkio.throttle.write_bps_device",
		  "throttleWriteBpsDevice" },
		{ &b->throttle_read_iops_device, "blkio.throttle.read_iops_device",
		  "throttleReadIOPSDevice" },
		{ &b->throttle_write_iops_device, "blkio.throttle.write_iops_device",
		  "throttleWriteIOPSDevice" },
	};
	int r;

	if (b->weight.v != 0) {
		struct limit *w =
			limits_add_u64(l, "blkio.bfq.weight", J "blockIO.weight", b->weight.v);

		w->alt = "blkio.weight";
		w->alt_value = w->value;
	}
	if (b->leaf_weight.v != 0)
		limits_add_u64(l, "blkio.leaf_weight", J "blockIO.leafWeight", b->leaf_weight.v);
	r = add_weight_devices(l, b, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(throttles); i++)
		r = add_throttle(l, throttles[i].list, throttles[i].file, throttles[i].key, e);
	return r;
}

static void add_network(struct limits *l, const struct spec_network *n)
{
	const struct spec_interface_priority *p = n->priorities.items;

	if (n->class_id.v != 0)
		limits_add_u64(l, "net_cls.classid", J "network.classID", n->class_id.v);
	for (size_t i = 0; i < n->priorities.n; i++)
		limits_add(l, "net_prio.ifpriomap",
			   arena_printf(&l->arena, J "network.priorities[%zu]", i),
			   arena_printf(&l->arena, "%s %" PRIu64, p[i].name, p[i].priority.v));
}

int limits_v1(const struct spec_resources *r, struct limits *ret, struct err *e)
{
	int res = 0;

	if (!r)
		return 0;
	if (r->unified.n > 0)
		return limits_refuse(J "unified",
				     "this host has no cgroup v2 tree, whose files 'unified' names",
				     e);
	if (r->memory)
		res = add_memory(ret, r->memory, e);
	if (res == 0 && r->cpu)
		add_cpu(ret, r->cpu);
	if (res == 0)
		limits_add_pids(ret, r);
	if (res == 0 && r->block_io)
		res = add_block_io(ret, r->block_io, e);
	if (res == 0)
		res = limits_add_hugetlb(ret, r, "limit_in_bytes", e);
	if (res == 0 && r->network)
		add_network(ret, r->network);
	if (res == 0)
		res = limits_add_rdma(ret, r, e);
	return res;
}
