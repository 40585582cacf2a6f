/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/plan.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct ns_row {
	const char *name;
	uint64_t flag;
	bool late; /* not a flag of clone3() */
};

static const struct ns_row ns_rows[OCI_NS_COUNT] = {
	[OCI_NS_NONE] = { "no", 0, false },
	[OCI_NS_PID] = { "pid", CLONE_NEWPID, false },
	[OCI_NS_NETWORK] = { "network", CLONE_NEWNET, false },
	[OCI_NS_MOUNT] = { "mount", CLONE_NEWNS, false },
	[OCI_NS_IPC] = { "ipc", CLONE_NEWIPC, false },
	[OCI_NS_UTS] = { "uts", CLONE_NEWUTS, false },
	[OCI_NS_USER] = { "user", CLONE_NEWUSER, false },
	[OCI_NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP, true },
	[OCI_NS_TIME] = { "time", CLONE_NEWTIME, true },
};

/* Order of joins.  User first: it grants the rights to what it owns.  Mount last: paths of the
 * others are opened before it, but a reader of /proc should see what the caller saw. */
static const enum oci_namespace join_order[] = {
	OCI_NS_USER,   OCI_NS_IPC,  OCI_NS_UTS,   OCI_NS_NETWORK,
	OCI_NS_CGROUP, OCI_NS_TIME, OCI_NS_MOUNT,
};

uint64_t ns_clone_flag(enum oci_namespace type)
{
	return ns_rows[type].flag;
}

const char *ns_name(enum oci_namespace type)
{
	return ns_rows[type].name;
}

static void plan_joins(const struct runtime_spec *spec, struct ns_plan *p)
{
	for (size_t i = 0; i < sizeof(join_order) / sizeof(join_order[0]); i++) {
		const struct spec_namespace *ns = spec_find_namespace(spec, join_order[i]);

		if (ns && ns->path)
			p->joins[p->n_joins++] =
				(struct ns_join){ .type = join_order[i], .path = ns->path };
	}
}

static void plan_namespaces(const struct runtime_spec *spec, struct ns_plan *p)
{
	const struct spec_namespace *ns = spec->linux_ ? spec->linux_->namespaces.items : NULL;
	size_t n = spec->linux_ ? spec->linux_->namespaces.n : 0;

	for (size_t i = 0; i < n; i++) {
		int type = ns[i].type;

		p->has[type] = true;
		p->is_new[type] = !ns[i].path;
		if (ns[i].path && type == OCI_NS_PID)
			p->pid_path = ns[i].path;
		if (ns[i].path)
			continue;
		if (ns_rows[type].late)
			p->late_flags |= ns_rows[type].flag;
		else
			p->clone_flags |= ns_rows[type].flag;
	}
	plan_joins(spec, p);
	p->new_userns = p->is_new[OCI_NS_USER];
	p->intermediate =
		(p->has[OCI_NS_USER] && !p->new_userns) || (p->new_userns && p->n_joins > 0);
}

/* A member of config.json that means nothing without a namespace of the container's own. */
struct ns_need {
	bool present;
	const char *path;
	enum oci_namespace type;
	bool must_be_new;
};

static int check_needs(const struct ns_need *need, size_t n, const struct ns_plan *p, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = ns_rows[need[i].type].name;

		if (!need[i].present)
			continue;
		if (!p->has[need[i].type])
			return err_set(e, EINVAL,
				       "%s: needs a %s namespace in linux.namespaces, it would "
				       "change the host",
				       need[i].path, name);
		if (need[i].must_be_new && !p->is_new[need[i].type])
			return err_set(
				e, EINVAL,
				"%s: needs a new %s namespace, not one that is joined by path",
				need[i].path, name);
	}
	return 0;
}

/* What would otherwise be done to the host, or silently not at all. */
static int check_needed(const struct runtime_spec *spec, const struct ns_plan *p, struct err *e)
{
	static const struct spec_linux none;
	const struct spec_linux *l = spec->linux_ ? spec->linux_ : &none;
	const struct ns_need needs[] = {
		{ spec->hostname != NULL, "hostname", OCI_NS_UTS, false },
		{ spec->domainname != NULL, "domainname", OCI_NS_UTS, false },
		{ spec->mounts.n > 0, "mounts", OCI_NS_MOUNT, false },
		{ spec->root && spec->root->readonly, "root.readonly", OCI_NS_MOUNT, false },
		{ l->masked_paths.n > 0, "linux.maskedPaths", OCI_NS_MOUNT, false },
		{ l->readonly_paths.n > 0, "linux.readonlyPaths", OCI_NS_MOUNT, false },
		{ l->rootfs_propagation != NULL, "linux.rootfsPropagation", OCI_NS_MOUNT, false },
		{ l->net_devices.n > 0, "linux.netDevices", OCI_NS_NETWORK, false },
		{ l->uid_mappings.n > 0, "linux.uidMappings", OCI_NS_USER, false },
		{ l->gid_mappings.n > 0, "linux.gidMappings", OCI_NS_USER, false },
		{ l->time_offsets.n > 0, "linux.timeOffsets", OCI_NS_TIME, true },
	};

	return check_needs(needs, sizeof(needs) / sizeof(needs[0]), p, e);
}

static int check_mappings(const struct runtime_spec *spec, const struct ns_plan *p, struct err *e)
{
	if (!p->new_userns)
		return 0;
	if (spec->linux_->uid_mappings.n == 0)
		return err_set(
			e, EINVAL,
			"linux.uidMappings: a new user namespace needs at least one mapping");
	if (spec->linux_->gid_mappings.n == 0)
		return err_set(
			e, EINVAL,
			"linux.gidMappings: a new user namespace needs at least one mapping");
	return 0;
}

int ns_plan_make(const struct runtime_spec *spec, struct ns_plan *ret, struct err *e)
{
	struct ns_plan p = { 0 };
	int r;

	plan_namespaces(spec, &p);
	r = check_needed(spec, &p, e);
	if (r < 0)
		return r;
	r = check_mappings(spec, &p, e);
	if (r < 0)
		return r;
	*ret = p;
	return 0;
}

void ns_plan_exec(const struct runtime_spec *spec, struct ns_plan *ret)
{
	struct ns_plan made = { 0 };

	plan_namespaces(spec, &made);
	*ret = (struct ns_plan){ .intermediate = made.has[OCI_NS_USER] || made.has[OCI_NS_PID] };
	memcpy(ret->has, made.has, sizeof(ret->has));
}
