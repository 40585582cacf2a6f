/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about linux: what separates the container from the host, and is not there. */
#include <inttypes.h>
#include <unistd.h>

#include "libutil/path.h"
#include "runtime/lint/lint.h"

/* How many names are told of many. */
#define NAMES_SHOWN 8

static void check_namespaces(struct lint *l)
{
	static const struct {
		enum oci_namespace type;
		enum lint_rule rule;
		const char *name;
	} wanted[] = {
		{ OCI_NS_PID, LINT_RULE_HOST_PID, "pid" },
		{ OCI_NS_NETWORK, LINT_RULE_HOST_NETWORK, "network" },
		{ OCI_NS_IPC, LINT_RULE_HOST_IPC, "ipc" },
		{ OCI_NS_MOUNT, LINT_RULE_HOST_MOUNTS, "mount" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		const struct spec_namespace *ns = spec_find_namespace(l->spec, wanted[i].type);

		if (!lint_has_namespace(l, wanted[i].type))
			lint_add(l, wanted[i].rule, "linux.namespaces",
				 ns ? "the path of '%s' is the host's own" : "no '%s'",
				 wanted[i].name);
	}
}

static void check_map(struct lint *l, const char *key, const struct oci_array *map)
{
	const struct spec_id_mapping *m = map->items;

	/* An unprivileged user's map of himself begins with his own id. */
	for (size_t i = 0; i < map->n; i++)
		if (m[i].host_id.v == 0 && m[i].size.v > 0)
			lint_add(l, LINT_RULE_MAPPED_ROOT, lint_path(l, "linux.%s[%zu]", key, i),
				 "id %" PRIu64 " of the container is 0 of the host",
				 m[i].container_id.v);
}

static bool has_mount(const struct lint *l, const char *destination)
{
	const struct spec_mount *m = l->spec->mounts.items;

	for (size_t i = 0; i < l->spec->mounts.n; i++)
		if (streq(m[i].destination, destination))
			return true;
	return false;
}

/* It, or a directory above it, is in the list. */
static bool is_listed(const struct oci_strings *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (path_is_below(path, list->items[i]))
			return true;
	return false;
}

/* The list of `creel spec` is the current one; engines of older years lack what was learnt since.
 */
static void check_masks(struct lint *l)
{
	const struct runtime_spec *model = runtime_spec_default(&l->arena, false);
	const struct oci_strings *want = &model->linux_->masked_paths;
	auto_(strbuf) struct strbuf missing = { 0 };

	if (!l->linux_->masked_paths.n) {
		lint_add(l, LINT_RULE_NO_MASKS, "linux.maskedPaths", "is empty");
		return;
	}
	for (size_t i = 0; i < want->n; i++)
		if (access(want->items[i], F_OK) == 0 &&
		    !is_listed(&l->linux_->masked_paths, want->items[i]))
			strbuf_addf(&missing, "%s%s", missing.len ? ", " : "", want->items[i]);
	if (missing.len)
		lint_add(l, LINT_RULE_UNMASKED, "linux.maskedPaths", "without %s",
			 strbuf_str(&missing));
}

/* An allowed rule for all devices, which no later one takes back. */
static void check_devices(struct lint *l)
{
	const struct spec_resources *r = l->linux_->resources;
	const struct spec_device_rule *rule = r ? r->devices.items : NULL;
	size_t open = 0;

	for (size_t i = 0; r && i < r->devices.n; i++) {
		bool all = (!rule[i].type || streq(rule[i].type, "a")) && rule[i].major.v <= 0 &&
			   rule[i].minor.v <= 0;

		if (all && (!rule[i].access || strpbrk(rule[i].access, "rw")))
			open = rule[i].allow ? i + 1 : 0;
	}
	if (open)
		lint_add(l, LINT_RULE_ALL_DEVICES,
			 lint_path(l, "linux.resources.devices[%zu]", open - 1),
			 "allows all of them");
}

/* One finding for all: who asks for one asks for many. */
static void check_disks(struct lint *l)
{
	const struct spec_device *d = l->linux_->devices.items;
	auto_(strbuf) struct strbuf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < l->linux_->devices.n; i++)
		if (streq(d[i].type, "b") && n++ < NAMES_SHOWN)
			strbuf_addf(&names, "%s'%.60s'", names.len ? ", " : "", d[i].path);
	if (n > 0)
		lint_add(l, LINT_RULE_BLOCK_DEVICE, "linux.devices", "%s%s", strbuf_str(&names),
			 n > NAMES_SHOWN ? ", ..." : "");
}

void lint_linux(struct lint *l)
{
	const char *propagation = l->linux_->rootfs_propagation;

	check_namespaces(l);
	check_map(l, "uidMappings", &l->linux_->uid_mappings);
	check_map(l, "gidMappings", &l->linux_->gid_mappings);
	/* In a user namespace what these protect belongs to somebody else. */
	if (has_mount(l, "/proc")) {
		check_masks(l);
		if (!l->linux_->readonly_paths.n && !lint_has_namespace(l, OCI_NS_USER))
			lint_add(l, LINT_RULE_NO_READONLY, "linux.readonlyPaths", "is empty");
	}
	check_devices(l);
	check_disks(l);
	if (propagation && (streq(propagation, "shared") || streq(propagation, "rshared")))
		lint_add(l, LINT_RULE_SHARED, "linux.rootfsPropagation", "'%s'", propagation);
}
