/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/limits.h"

#include <errno.h>
#include <inttypes.h>

#define J LIMITS_JSON

static const char not_v2[] = "cgroup v2 has nothing that means this";

/* "max" for less than none, which is also what a fresh group has. */
static void add_bytes(struct limits *l, const char *file, const char *json, int64_t value)
{
	if (value < 0)
		limits_add(l, file, json, "max")->flags = LIMIT_OPTIONAL;
	else
		limits_add_i64(l, file, json, value);
}

/* OCI counts memory and swap together, v2 counts swap alone. */
static int add_swap(struct limits *l, const struct spec_memory *m, struct err *e)
{
	static const char json[] = J "memory.swap", file[] = "memory.swap.max";

	if (m->swap.v == 0) {
		if (m->limit.v < 0)
			add_bytes(l, file, J "memory.limit", -1);
		return 0;
	}
	if (m->swap.v < 0) {
		add_bytes(l, file, json, -1);
		return 0;
	}
	if (m->limit.v <= 0)
		return limits_refuse(json, "it needs memory.limit", e);
	if (m->swap.v < m->limit.v)
		return limits_refuse(json, "it is smaller than memory.limit", e);
	/* No swap at all is what a host without swap accounting gives as well. */
	limits_add_i64(l, file, json, m->swap.v - m->limit.v)->flags =
		m->swap.v == m->limit.v ? LIMIT_OPTIONAL : 0;
	return 0;
}

static int add_memory(struct limits *l, const struct spec_memory *m, struct err *e)
{
	int r = add_swap(l, m, e);

	if (r < 0)
		return r;
	if (m->kernel.v > 0)
		return limits_refuse(J "memory.kernel", not_v2, e);
	if (m->kernel_tcp.v > 0)
		return limits_refuse(J "memory.kernelTCP", not_v2, e);
	if (m->swappiness.set)
		return limits_refuse(J "memory.swappiness", not_v2, e);
	/* What true asks for is how v2 is. */
	if (m->use_hierarchy.set && !m->use_hierarchy.v)
		return limits_refuse(J "memory.useHierarchy",
				     "cgroup v2 always counts the groups below", e);
	if (m->disable_oom_killer.v)
		return limits_refuse(J "memory.disableOOMKiller", not_v2, e);
	if (m->limit.v != 0)
		add_bytes(l, "memory.max", J "memory.limit", m->limit.v);
	if (m->reservation.v != 0)
		add_bytes(l, "memory.low", J "memory.reservation", m->reservation.v);
	return 0;
}

static void add_cpu_max(struct limits *l, const struct spec_cpu *c)
{
	static const char file[] = "cpu.max";

	if (c->quota.v > 0) {
		const char *period =
			c->period.v ? arena_printf(&l->arena, " %" PRIu64, c->period.v) : "";

		/* Without a period the kernel keeps the one it has. */
		limits_add(l, file, J "cpu.quota",
			   arena_printf(&l->arena, "%" PRId64 "%s", c->quota.v, period))
			->flags = LIMIT_RETRY;
	} else if (c->quota.v < 0) {
		limits_add(l, file, J "cpu.quota",
			   c->period.v ? arena_printf(&l->arena, "max %" PRIu64, c->period.v)
				       : "max")
			->flags = LIMIT_OPTIONAL;
	} else if (c->period.v != 0) {
		limits_add(l, file, J "cpu.period",
			   arena_printf(&l->arena, "%" PRIu64, c->period.v))
			->flags = LIMIT_KEEP_QUOTA | LIMIT_RETRY;
	}
}

static int add_cpu(struct limits *l, const struct spec_cpu *c, struct err *e)
{
	if (c->realtime_runtime.v != 0)
		return limits_refuse(J "cpu.realtimeRuntime", not_v2, e);
	if (c->realtime_period.v != 0)
		return limits_refuse(J "cpu.realtimePeriod", not_v2, e);
	if (c->idle.set)
		limits_add_i64(l, "cpu.idle", J "cpu.idle", c->idle.v)->flags =
			c->idle.v ? 0 : LIMIT_OPTIONAL;
	/*
	 * A weight limits nothing: it divides time between groups, and a tree without
	 * the controller does not divide by group at all.  So every engine's default
	 * shares run there.  An idle group refuses any weight.
	 */
	if (c->shares.v != 0 && c->idle.v != 1)
		limits_add_u64(l, "cpu.weight", J "cpu.shares",
			       limits_weight_of_shares(c->shares.v))
			->flags = LIMIT_OPTIONAL;
	add_cpu_max(l, c);
	if (c->burst.set)
		limits_add_u64(l, "cpu.max.burst", J "cpu.burst", c->burst.v)->flags =
			c->burst.v ? LIMIT_RETRY : LIMIT_OPTIONAL | LIMIT_RETRY;
	if (c->cpus && *c->cpus)
		limits_add(l, "cpuset.cpus", J "cpu.cpus", c->cpus);
	if (c->mems && *c->mems)
		limits_add(l, "cpuset.mems", J "cpu.mems", c->mems);
	return 0;
}

/* BFQ takes OCI's numbers, the other weight file a wider range. */
static void add_io_weight(struct limits *l, const char *json, const char *device, uint64_t weight)
{
	struct limit *w = limits_add(l, "io.bfq.weight", json,
				     arena_printf(&l->arena, "%s %" PRIu64, device, weight));

	w->alt = "io.weight";
	w->alt_value = arena_printf(&l->arena, "%s %" PRIu64, device, limits_io_weight(weight));
}

static int add_weight_devices(struct limits *l, const struct spec_block_io *b, struct err *e)
{
	const struct spec_weight_device *d = b->weight_device.items;

	for (size_t i = 0; i < b->weight_device.n; i++) {
		const char *json = arena_printf(&l->arena, J "blockIO.weightDevice[%zu]", i);
		const char *device;
		int r = limits_device(l, &d[i].major, &d[i].minor, json, &device, e);

		if (r < 0)
			return r;
		if (d[i].leaf_weight.v != 0)
			return limits_refuse(json, "leafWeight: cgroup v2 has no leaf weights", e);
		if (d[i].weight.v != 0)
			add_io_weight(l, json, device, d[i].weight.v);
	}
	return 0;
}

static int add_throttle(struct limits *l, const struct oci_array *list, const char *name,
			const char *key, struct err *e)
{
	const struct spec_throttle_device *d = list->items;

	for (size_t i = 0; i < list->n; i++) {
		const char *json = arena_printf(&l->arena, J "blockIO.%s[%zu]", key, i);
		const char *device, *rate = "max"; /* v1 says 0 for it */
		int r = limits_device(l, &d[i].major, &d[i].minor, json, &device, e);

		if (r < 0)
			return r;
		if (d[i].rate.v != 0)
			rate = arena_printf(&l->arena, "%" PRIu64, d[i].rate.v);
		limits_add(l, "io.max", json,
			   arena_printf(&l->arena, "%s %s=%s", device, name, rate));
	}
	return 0;
}

static int add_block_io(struct limits *l, const struct spec_block_io *b, struct err *e)
{
	const struct {
		const struct oci_array *list;
		const char *name, *key;
	} throttles[] = {
		{ &b->throttle_read_bps_device, "rbps", "throttleReadBpsDevice" },
		{ &b->throttle_write_bps_device, "wbps", "throttleWriteBpsDevice" },
		{ &b->throttle_read_iops_device, "riops", "throttleReadIOPSDevice" },
		{ &b->throttle_write_iops_device, "wiops", "throttleWriteIOPSDevice" },
	};
	int r;

	if (b->leaf_weight.v != 0)
		return limits_refuse(J "blockIO.leafWeight", not_v2, e);
	if (b->weight.v != 0)
		add_io_weight(l, J "blockIO.weight", "default", b->weight.v);
	r = add_weight_devices(l, b, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(throttles); i++)
		r = add_throttle(l, throttles[i].list, throttles[i].name, throttles[i].key, e);
	return r;
}

static int check_network(const struct spec_network *n, struct err *e)
{
	if (n->class_id.v != 0)
		return limits_refuse(J "network.classID", not_v2, e);
	if (n->priorities.n > 0)
		return limits_refuse(J "network.priorities", not_v2, e);
	return 0;
}

/* Written last: they are for what the other members can't say. */
static int add_unified(struct limits *l, const struct spec_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		const struct oci_pair *p = &r->unified.items[i];
		const char *json = arena_printf(&l->arena, J "unified.%s", p->key);

		if (!*p->key || strchr(p->key, '/') || !strchr(p->key, '.') || p->key[0] == '.')
			return limits_refuse(json, "not the name of a cgroup file", e);
		limits_add(l, p->key, json, p->value)->flags = LIMIT_LINES;
	}
	return 0;
}

static int add_all(const struct spec_resources *r, struct limits *ret, struct err *e)
{
	int res = 0;

	if (r->memory)
		res = add_memory(ret, r->memory, e);
	if (res == 0 && r->cpu)
		res = add_cpu(ret, r->cpu, e);
	if (res == 0)
		limits_add_pids(ret, r);
	if (res == 0 && r->block_io)
		res = add_block_io(ret, r->block_io, e);
	if (res == 0)
		res = limits_add_hugetlb(ret, r, "max", e);
	if (res == 0 && r->network)
		res = check_network(r->network, e);
	if (res == 0)
		res = limits_add_rdma(ret, r, e);
	if (res == 0)
		res = add_unified(ret, r, e);
	return res;
}

int limits_v2(const struct spec_resources *r, struct limits *ret, struct err *e)
{
	size_t before = ret->n;
	int res = r ? add_all(r, ret, e) : 0;

	for (size_t i = before; i < ret->n; i++)
		ret->v[i].v2 = true;
	return res;
}
