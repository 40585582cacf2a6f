/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of linux.resources (config-linux.md "Control groups" and below). */
#include "oci-spec/runtime_check.h"

#include <ctype.h>
#include <inttypes.h>

static bool has_blank(const char *s)
{
	for (; *s; s++) {
		if (isspace((unsigned char)*s))
			return true;
	}
	return false;
}

static int check_device_rules(const struct check *c, const struct oci_array *list)
{
	const struct spec_device_rule *items = list->items;

	for (size_t i = 0; i < list->n; i++) {
		const struct spec_device_rule *d = &items[i];

		if (d->type && !streq(d->type, "a") && !streq(d->type, "b") &&
		    !streq(d->type, "c")) {
			if (check_fail(
				    c,
				    "devices[%zu].type: unknown device type '%.20s', expected a, b or c",
				    i, d->type) < 0)
				return -EINVAL;
			continue;
		}
		if (d->access && d->access[strspn(d->access, "rwm")]) {
			if (check_fail(c, "devices[%zu].access: '%.20s' is not made of r, w and m",
				       i, d->access) < 0)
				return -EINVAL;
			continue;
		}
		/* -1 is every number. */
		if (d->major.v < -1 || d->major.v > UINT32_MAX) {
			if (check_fail(c, "devices[%zu].major: %" PRId64 " is not a device number",
				       i, d->major.v) < 0)
				return -EINVAL;
			continue;
		}
		if (d->minor.v < -1 || d->minor.v > UINT32_MAX) {
			if (check_fail(c, "devices[%zu].minor: %" PRId64 " is not a device number",
				       i, d->minor.v) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

static int check_memory(const struct check *c, const struct spec_memory *m)
{
	const struct {
		const char *key;
		int64_t v;
	} sizes[] = {
		{ "limit", m->limit.v },
		{ "reservation", m->reservation.v },
		{ "swap", m->swap.v },
		{ "kernel", m->kernel.v },
		{ "kernelTCP", m->kernel_tcp.v },
	};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		if (sizes[i].v < -1) {
			if (check_fail(c,
				       "memory.%s: %" PRId64 " is neither a size nor -1 (no limit)",
				       sizes[i].key, sizes[i].v) < 0)
				return -EINVAL;
			continue;
		}
	}
	if (m->swappiness.v > 100)
		return check_fail(c, "memory.swappiness: %" PRIu64 " is out of range 0 to 100",
				  m->swappiness.v);
	return 0;
}

static int check_set(const struct check *c, const char *key, const char *list)
{
	if (list && list[strspn(list, "0123456789, -")])
		return check_fail(c, "cpu.%s: '%.60s' is not a list like '0-3,7'", key, list);
	return 0;
}

static int check_cpu(const struct check *c, const struct spec_cpu *cpu)
{
	int r = check_set(c, "cpus", cpu->cpus);

	if (r == 0)
		r = check_set(c, "mems", cpu->mems);
	if (r == 0 && cpu->idle.v != 0 && cpu->idle.v != 1)
		r = check_fail(c, "cpu.idle: %" PRId64 " is out of range 0 to 1", cpu->idle.v);
	return r;
}

/* 0 is what Docker writes for "not given". */
static bool is_weight(uint64_t v)
{
	return v == 0 || (v >= 10 && v <= 1000);
}

static int check_block_io(const struct check *c, const struct spec_block_io *io)
{
	const struct spec_weight_device *devices = io->weight_device.items;

	if (!is_weight(io->weight.v))
		return check_fail(c, "blockIO.weight: %" PRIu64 " is out of range 10 to 1000",
				  io->weight.v);
	if (!is_weight(io->leaf_weight.v))
		return check_fail(c, "blockIO.leafWeight: %" PRIu64 " is out of range 10 to 1000",
				  io->leaf_weight.v);
	for (size_t i = 0; i < io->weight_device.n; i++) {
		if (!is_weight(devices[i].weight.v)) {
			if (check_fail(c,
				       "blockIO.weightDevice[%zu].weight: %" PRIu64
				       " is out of range 10 to 1000",
				       i, devices[i].weight.v) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

/* "64KB", "2MB", "1GB": the kernel's file names are made of them. */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits && s[0] != '0' && s[digits] && strchr("KMG", s[digits]) &&
	       streq(s + digits + 1, "B");
}

static int check_hugepages(const struct check *c, const struct oci_array *list)
{
	const struct spec_hugepage_limit *items = list->items;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_page_size(items[i].page_size)) {
			if (check_fail(
				    c,
				    "hugepageLimits[%zu].pageSize: '%.60s' is not a page size like '2MB'",
				    i, items[i].page_size) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

static int check_network(const struct check *c, const struct spec_network *n)
{
	const struct spec_interface_priority *items = n->priorities.items;

	for (size_t i = 0; i < n->priorities.n; i++) {
		if (has_blank(items[i].name)) {
			if (check_fail(
				    c,
				    "network.priorities[%zu].name: '%.60s' is not an interface name",
				    i, items[i].name) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

static int check_rdma(const struct check *c, const struct oci_array *map)
{
	const struct spec_rdma *items = map->items;

	for (size_t i = 0; i < map->n; i++) {
		if (has_blank(items[i].key)) {
			if (check_fail(c, "rdma: '%.60s' is not a device name", items[i].key) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

/* Keys are names of files in the container's own cgroup. */
static int check_unified(const struct check *c, const struct oci_strmap *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const char *key = map->items[i].key;

		if (strchr(key, '/') || has_blank(key) || streq(key, ".") || streq(key, "..")) {
			if (check_fail(c, "unified: '%.60s' is not the name of a cgroup file",
				       key) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

int check_resources(const struct check *c, const struct spec_resources *r)
{
	int ret = check_device_rules(c, &r->devices);

	if (ret == 0 && r->memory)
		ret = check_memory(c, r->memory);
	if (ret == 0 && r->cpu)
		ret = check_cpu(c, r->cpu);
	if (ret == 0 && r->block_io)
		ret = check_block_io(c, r->block_io);
	if (ret == 0)
		ret = check_hugepages(c, &r->hugepage_limits);
	if (ret == 0 && r->network)
		ret = check_network(c, r->network);
	if (ret == 0)
		ret = check_rdma(c, &r->rdma);
	if (ret == 0)
		ret = check_unified(c, &r->unified);
	return ret;
}
