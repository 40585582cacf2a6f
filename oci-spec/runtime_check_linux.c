/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of linux, without resources and seccomp (config-linux.md). */
#include "oci-spec/runtime_check.h"

#include <ctype.h>
#include <inttypes.h>

#include "libutil/path.h"

static int check_namespaces(const struct check *c, const struct spec_linux *l)
{
	const struct spec_namespace *items = l->namespaces.items;
	unsigned seen = 0;

	for (size_t i = 0; i < l->namespaces.n; i++) {
		if (seen & 1U << items[i].type) {
			if (check_fail(c, "linux.namespaces[%zu].type: '%s' is given twice", i,
				       field_word(&oci_namespace_words, items[i].type)) < 0)
				return -EINVAL;
			continue;
		}
		seen |= 1U << items[i].type;
	}
	return 0;
}

static int check_users(const struct check *c, const struct runtime_spec *spec)
{
	const struct spec_linux *l = spec->linux_;
	int r = check_mappings(c, "linux.", &l->uid_mappings, &l->gid_mappings);

	if (r == 0 && l->uid_mappings.n && !spec_find_namespace(spec, OCI_NS_USER))
		r = check_fail(c, "linux.uidMappings: needs a namespace of type 'user'");
	return r;
}

static int check_time_offsets(const struct check *c, const struct runtime_spec *spec)
{
	const struct spec_namespace *ns = spec_find_namespace(spec, OCI_NS_TIME);
	const struct spec_time_offset *items = spec->linux_->time_offsets.items;
	size_t n = spec->linux_->time_offsets.n;

	if (n && !ns)
		return check_fail(c, "linux.timeOffsets: needs a namespace of type 'time'");
	/* Offsets are fixed once a process has entered the namespace. */
	if (n && ns->path)
		return check_fail(
			c,
			"linux.timeOffsets: the time namespace has a path, its offsets cannot change");
	for (size_t i = 0; i < n; i++) {
		if (!streq(items[i].key, "monotonic") && !streq(items[i].key, "boottime")) {
			if (check_fail(
				    c,
				    "linux.timeOffsets: unknown clock '%.60s', expected monotonic or boottime",
				    items[i].key) < 0)
				return -EINVAL;
			continue;
		}
		if (items[i].nanosecs.v > 999999999) {
			if (check_fail(c,
				       "linux.timeOffsets.%s.nanosecs: %" PRIu64
				       " is out of range 0 to 999999999",
				       items[i].key, items[i].nanosecs.v) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

/* The kernel keeps 12 bits of major and 20 bits of minor. */
static int check_device_number(const struct check *c, size_t i, const char *key,
			       const struct opt_i64 *n, int64_t max)
{
	if (!n->set)
		return check_fail(c, "linux.devices[%zu].%s: is required", i, key);
	if (n->v < 0 || n->v > max)
		return check_fail(
			c, "linux.devices[%zu].%s: %" PRId64 " is out of range 0 to %" PRId64, i,
			key, n->v, max);
	return 0;
}

int check_devices(const struct check *c, const struct oci_array *devices)
{
	const struct spec_device *items = devices->items;

	for (size_t i = 0; i < devices->n; i++) {
		const struct spec_device *d = &items[i];
		int r = 0;

		if (strlen(d->type) != 1 || !strchr("cbup", d->type[0])) {
			if (check_fail(
				    c,
				    "linux.devices[%zu].type: unknown device type '%.20s', expected c, b, u or p",
				    i, d->type) < 0)
				return -EINVAL;
			continue;
		}
		if (d->path[0] != '/') {
			if (check_fail(
				    c,
				    "linux.devices[%zu].path: must be an absolute path, not '%.60s'",
				    i, d->path) < 0)
				return -EINVAL;
			continue;
		}
		if (d->type[0] == 'p')
			continue;
		r = check_device_number(c, i, "major", &d->major, 0xfff);
		if (r == 0)
			r = check_device_number(c, i, "minor", &d->minor, 0xfffff);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The rules of dev_valid_name() in the kernel. */
static bool is_interface_name(const char *name)
{
	if (!*name || strlen(name) > 15 || streq(name, ".") || streq(name, ".."))
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	}
	return true;
}

static int check_net_devices(const struct check *c, const struct runtime_spec *spec)
{
	const struct spec_net_device *items = spec->linux_->net_devices.items;
	size_t n = spec->linux_->net_devices.n;

	if (n && !spec_find_namespace(spec, OCI_NS_NETWORK))
		return check_fail(c, "linux.netDevices: needs a namespace of type 'network'");
	for (size_t i = 0; i < n; i++) {
		if (!is_interface_name(items[i].key)) {
			if (check_fail(c, "linux.netDevices: '%.60s' is not an interface name",
				       items[i].key) < 0)
				return -EINVAL;
			continue;
		}
		if (items[i].name && !is_interface_name(items[i].name)) {
			if (check_fail(c,
				       "linux.netDevices.%s.name: '%.60s' is not an interface name",
				       items[i].key, items[i].name) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

/* A key becomes a path below /proc/sys, a value one line of a file there. */
static int check_sysctl(const struct check *c, const struct oci_strmap *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const char *key = map->items[i].key;

		if (key[strcspn(key, " \t\r\n\v\f")] || *key == '/' || *key == '.' ||
		    strstr(key, "..") || path_has_dotdot(key)) {
			if (check_fail(c, "linux.sysctl: '%.60s' is not a parameter name", key) < 0)
				return -EINVAL;
			continue;
		}
		if (strchr(map->items[i].value, '\n')) {
			if (check_fail(c,
				       "linux.sysctl: the value of '%.60s' has more than one line",
				       key) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

static int check_paths(const struct check *c, const char *key, const struct oci_strings *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i][0] != '/') {
			if (check_fail(c, "linux.%s[%zu]: must be an absolute path, not '%.60s'",
				       key, i, list->items[i]) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

static int check_rdt(const struct check *c, const struct spec_intel_rdt *rdt)
{
	const char *id = rdt->clos_id;

	/* "/" is the default class of service. */
	if (id && !streq(id, "/") && (strpbrk(id, "/\n") || streq(id, ".") || streq(id, "..")))
		return check_fail(c, "linux.intelRdt.closID: '%.60s' is not a file name", id);
	if (rdt->mem_bw_schema &&
	    (!starts_with(rdt->mem_bw_schema, "MB:") || strchr(rdt->mem_bw_schema, '\n')))
		return check_fail(
			c,
			"linux.intelRdt.memBwSchema: '%.60s' is not one line that begins with 'MB:'",
			rdt->mem_bw_schema);
	for (size_t i = 0; i < rdt->schemata.n; i++) {
		if (strchr(rdt->schemata.items[i], '\n')) {
			if (check_fail(c, "linux.intelRdt.schemata[%zu]: has more than one line",
				       i) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

const char *const oci_memory_policy_modes[] = {
	"MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
	"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL",      NULL,
};
const char *const oci_memory_policy_flags[] = {
	"MPOL_F_NUMA_BALANCING",
	"MPOL_F_RELATIVE_NODES",
	"MPOL_F_STATIC_NODES",
	NULL,
};

static int check_memory_policy(const struct check *c, const struct spec_memory_policy *p)
{
	if (!check_word(p->mode, oci_memory_policy_modes))
		return check_fail(c, "linux.memoryPolicy.mode: unknown mode '%.60s'", p->mode);
	if (p->nodes && p->nodes[strspn(p->nodes, "0123456789, -")])
		return check_fail(c, "linux.memoryPolicy.nodes: '%.60s' is not a list like '0-3,7'",
				  p->nodes);
	for (size_t i = 0; i < p->flags.n; i++) {
		if (!check_word(p->flags.items[i], oci_memory_policy_flags)) {
			if (check_fail(c, "linux.memoryPolicy.flags[%zu]: unknown flag '%.60s'", i,
				       p->flags.items[i]) < 0)
				return -EINVAL;
			continue;
		}
	}
	return 0;
}

static int check_words(const struct check *c, const struct spec_linux *l)
{
	/* The recursive ones are not in the specification; runc and crun take them. */
	static const char *const propagations[] = { "shared",     "slave",       "private",
						    "unbindable", "rshared",     "rslave",
						    "rprivate",   "runbindable", NULL };
	static const char *const domains[] = { "LINUX", "LINUX32", NULL };

	if (l->rootfs_propagation && !check_word(l->rootfs_propagation, propagations))
		return check_fail(c, "linux.rootfsPropagation: unknown propagation '%.60s'",
				  l->rootfs_propagation);
	if (l->personality && l->personality->domain &&
	    !check_word(l->personality->domain, domains))
		return check_fail(c, "linux.personality.domain: unknown domain '%.60s'",
				  l->personality->domain);
	if (l->cgroups_path && path_has_dotdot(l->cgroups_path))
		return check_fail(c, "linux.cgroupsPath: '%.100s' must not contain '..'",
				  l->cgroups_path);
	return 0;
}

/* memory.swap counts memory and swap together: it says nothing without a limit.  An update may
 * change it alone. */
static int check_swap(const struct check *c, const struct spec_resources *r)
{
	if (r->memory && r->memory->swap.v > 0 && !r->memory->limit.set)
		return check_fail(c, "linux.resources.memory.swap: needs memory.limit");
	return 0;
}

static int check_optional(const struct check *c, const struct spec_linux *l)
{
	const struct check resources = {
		.name = c->name, .prefix = "linux.resources.", .e = c->e, .sink = c->sink
	};
	int r = 0;

	if (l->resources)
		r = check_resources(&resources, l->resources);
	if (r == 0 && l->resources)
		r = check_swap(c, l->resources);
	if (r == 0 && l->seccomp)
		r = check_seccomp(c, l->seccomp);
	if (r == 0 && l->intel_rdt)
		r = check_rdt(c, l->intel_rdt);
	if (r == 0 && l->memory_policy)
		r = check_memory_policy(c, l->memory_policy);
	return r;
}

int check_linux(const struct check *c, const struct runtime_spec *spec)
{
	const struct spec_linux *l = spec->linux_;
	int r = check_namespaces(c, l);

	if (r == 0)
		r = check_users(c, spec);
	if (r == 0)
		r = check_time_offsets(c, spec);
	if (r == 0)
		r = check_devices(c, &l->devices);
	if (r == 0)
		r = check_net_devices(c, spec);
	if (r == 0)
		r = check_sysctl(c, &l->sysctl);
	if (r == 0)
		r = check_paths(c, "maskedPaths", &l->masked_paths);
	if (r == 0)
		r = check_paths(c, "readonlyPaths", &l->readonly_paths);
	if (r == 0)
		r = check_words(c, l);
	return r < 0 ? r : check_optional(c, l);
}
