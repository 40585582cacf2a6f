/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/resources.h"

/* A member that the change sets; one it sets to something else than "not given". */
#define TAKE(member)                                                                               \
	do {                                                                                       \
		if (from->member.set)                                                              \
			to->member = from->member;                                                 \
	} while (0)
#define TAKE_UNLESS_0(member)                                                                      \
	do {                                                                                       \
		if (from->member.v != 0)                                                           \
			to->member = from->member;                                                 \
	} while (0)

/* A copy of an object in the arena, empty when there is none. */
#define COPY_OF(c_type, object)                                                                    \
	((struct c_type *)arena_grow(a, object, (object) != NULL, 1, sizeof(struct c_type)))

/* ---- Lists ---- */

typedef bool same_fn(const void *x, const void *y);

static bool same_text(const char *x, const char *y)
{
	return streq(x ? x : "", y ? y : "");
}

/* Items whose first member is their name. */
static bool same_name(const void *x, const void *y)
{
	return same_text(*(const char *const *)x, *(const char *const *)y);
}

/* Items whose first members are major and minor. */
static bool same_device(const void *x, const void *y)
{
	const struct opt_i64 *a = x, *b = y;

	return a[0].v == b[0].v && a[1].v == b[1].v;
}

static struct oci_array merge_list(const struct oci_array *old, const struct oci_array *more,
				   size_t size, same_fn *same, struct arena *a)
{
	struct oci_array all = { .n = old->n };
	char *items = arena_grow(a, old->items, old->n, old->n + more->n, size);

	for (size_t i = 0; i < more->n; i++) {
		const char *item = (const char *)more->items + i * size;
		size_t at = 0;

		while (at < all.n && !same(items + at * size, item))
			at++;
		memcpy(items + at * size, item, size);
		all.n += at == all.n;
	}
	all.items = items;
	return all;
}

#define MERGE_LIST(member, c_type, same)                                                           \
	do {                                                                                       \
		if (from->member.n > 0)                                                            \
			to->member =                                                               \
				merge_list(&to->member, &from->member, sizeof(c_type), same, a);   \
	} while (0)

static struct oci_strmap merge_map(const struct oci_strmap *old, const struct oci_strmap *more,
				   struct arena *a)
{
	const struct oci_array x = { old->items, old->n }, y = { more->items, more->n };
	struct oci_array all = merge_list(&x, &y, sizeof(struct oci_pair), same_name, a);

	return (struct oci_strmap){ all.items, all.n };
}

/* ---- Objects ---- */

static void merge_memory(const struct spec_memory *from, struct spec_memory *to)
{
	/* Without a limit of memory there is none of memory and swap either. */
	if (from->limit.v < 0 && from->swap.v == 0 && to->swap.set)
		to->swap = from->limit;
	TAKE_UNLESS_0(limit);
	TAKE_UNLESS_0(reservation);
	TAKE_UNLESS_0(swap);
	TAKE_UNLESS_0(kernel);
	TAKE_UNLESS_0(kernel_tcp);
	TAKE(swappiness);
	TAKE(disable_oom_killer);
	TAKE(use_hierarchy);
	TAKE(check_before_update);
}

static void merge_cpu(const struct spec_cpu *from, struct spec_cpu *to)
{
	TAKE_UNLESS_0(shares);
	TAKE_UNLESS_0(quota);
	TAKE_UNLESS_0(period);
	TAKE_UNLESS_0(realtime_runtime);
	TAKE_UNLESS_0(realtime_period);
	TAKE(burst);
	TAKE(idle);
	if (from->cpus)
		to->cpus = from->cpus;
	if (from->mems)
		to->mems = from->mems;
}

static void merge_block_io(const struct spec_block_io *from, struct spec_block_io *to,
			   struct arena *a)
{
	TAKE_UNLESS_0(weight);
	TAKE_UNLESS_0(leaf_weight);
	MERGE_LIST(weight_device, struct spec_weight_device, same_device);
	MERGE_LIST(throttle_read_bps_device, struct spec_throttle_device, same_device);
	MERGE_LIST(throttle_write_bps_device, struct spec_throttle_device, same_device);
	MERGE_LIST(throttle_read_iops_device, struct spec_throttle_device, same_device);
	MERGE_LIST(throttle_write_iops_device, struct spec_throttle_device, same_device);
}

static void merge_network(const struct spec_network *from, struct spec_network *to, struct arena *a)
{
	TAKE_UNLESS_0(class_id);
	MERGE_LIST(priorities, struct spec_interface_priority, same_name);
}

static bool same_rule(const struct spec_device_rule *x, const struct spec_device_rule *y)
{
	return x->allow == y->allow && same_text(x->type, y->type) &&
	       same_text(x->access, y->access) && x->major.set == y->major.set &&
	       x->major.v == y->major.v && x->minor.set == y->minor.set && x->minor.v == y->minor.v;
}

static bool same_rules(const struct oci_array *x, const struct oci_array *y)
{
	const struct spec_device_rule *v = x->items, *w = y->items;

	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!same_rule(&v[i], &w[i]))
			return false;
	return true;
}

static struct spec_resources *merge_all(const struct spec_resources *old,
					const struct spec_resources *from, struct arena *a)
{
	struct spec_resources *to = COPY_OF(spec_resources, old);

	if (from->memory)
		merge_memory(from->memory, to->memory = COPY_OF(spec_memory, to->memory));
	if (from->cpu)
		merge_cpu(from->cpu, to->cpu = COPY_OF(spec_cpu, to->cpu));
	if (from->pids)
		to->pids = from->pids;
	if (from->block_io)
		merge_block_io(from->block_io, to->block_io = COPY_OF(spec_block_io, to->block_io),
			       a);
	if (from->network)
		merge_network(from->network, to->network = COPY_OF(spec_network, to->network), a);
	MERGE_LIST(hugepage_limits, struct spec_hugepage_limit, same_name);
	MERGE_LIST(rdma, struct spec_rdma, same_name);
	if (from->unified.n > 0)
		to->unified = merge_map(&to->unified, &from->unified, a);
	if (from->devices.items)
		to->devices = from->devices;
	return to;
}

/* ---- What is to be done ---- */

static void add_memory_context(const struct spec_memory *merged, struct spec_memory *to)
{
	to->check_before_update = merged->check_before_update;
	if (to->limit.v == 0 && to->swap.v == 0)
		return;
	to->limit = merged->limit;
	to->swap = merged->swap;
}

static void add_cpu_context(const struct spec_cpu *old, const struct spec_cpu *merged,
			    struct spec_cpu *to)
{
	if (to->quota.v != 0 || to->period.v != 0) {
		to->quota = merged->quota;
		to->period = merged->period;
	}
	if (to->realtime_runtime.v != 0 || to->realtime_period.v != 0) {
		to->realtime_runtime = merged->realtime_runtime;
		to->realtime_period = merged->realtime_period;
	}
	/* An idle group takes no weight, and forgets the one it had. */
	if (to->shares.v != 0)
		to->idle = merged->idle;
	else if (to->idle.set && to->idle.v == 0 && old && old->idle.v == 1)
		to->shares = merged->shares;
}

void resources_merge(const struct spec_resources *old, const struct spec_resources *change,
		     struct arena *a, struct resources_update *ret)
{
	struct spec_resources *merged = merge_all(old, change, a),
			      *apply = COPY_OF(spec_resources, change);

	if (apply->memory)
		add_memory_context(merged->memory,
				   apply->memory = COPY_OF(spec_memory, apply->memory));
	if (apply->cpu)
		add_cpu_context(old ? old->cpu : NULL, merged->cpu,
				apply->cpu = COPY_OF(spec_cpu, apply->cpu));
	/* Engines send back the rules they once gave.  What a hook allowed since must not go by
	 * that. */
	if (old && same_rules(&old->devices, &change->devices))
		apply->devices = (struct oci_array){ 0 };
	*ret = (struct resources_update){ merged, apply };
}
