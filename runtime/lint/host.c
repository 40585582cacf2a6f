/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about this host: what `create` would refuse, by its own plans, and
 * what is missing on disk.  Plans stop at their first fault; what comes in lists
 * is asked item by item.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/path.h"
#include "runtime/annotation.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/container/rdt.h"
#include "runtime/init/mount_plan.h"
#include "runtime/init/sysctl.h"
#include "runtime/landlock/landlock.h"
#include "runtime/lint/lint.h"
#include "runtime/ns/plan.h"
#include "runtime/spawn/filter.h"

/* Files of one container that are asked about, each by a plan. */
#define UNIFIED_MAX 64

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_writable_by_others(const struct stat *st)
{
	return (st->st_mode & (S_IWGRP | S_IWOTH)) && !(st->st_mode & S_ISVTX);
}

static void check_bundle(struct lint *l)
{
	struct stat dir, file;

	if (fstat(l->bundlefd, &dir) == 0 && is_writable_by_others(&dir))
		lint_add(l, LINT_RULE_WRITABLE_BUNDLE, "", "the bundle's directory has mode %03o",
			 (unsigned)dir.st_mode & 0777);
	if (!l->req->config && fstatat(l->bundlefd, "config.json", &file, 0) == 0 &&
	    is_writable_by_others(&file))
		lint_add(l, LINT_RULE_WRITABLE_BUNDLE, "", "config.json has mode %03o",
			 (unsigned)file.st_mode & 0777);
}

/* Returns a descriptor of the root file system, or -1. */
static int open_rootfs(struct lint *l)
{
	const char *path = l->spec->root ? l->spec->root->path : "";
	autofree char *full = NULL;
	int fd;

	if (!*path)
		return -1;
	full = path_is_absolute(path) ? xstrdup(path) : path_join(l->bundle, path);
	fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		lint_add(l, LINT_RULE_ROOTFS, "root.path", "open '%s': %s", full,
			 strerrordesc_np(errno));
	return fd;
}

/* A mount may bring what the root file system lacks. */
static bool is_covered(const struct lint *l, const char *path)
{
	const struct spec_mount *m = l->spec->mounts.items;

	for (size_t i = 0; i < l->spec->mounts.n; i++)
		if (!streq(m[i].destination, "/proc") && path_is_below(path, m[i].destination))
			return true;
	return false;
}

static bool is_there(const struct lint *l, int rootfd, const char *path)
{
	autofd int fd = beneath_open(rootfd, path, O_PATH, 0, BENEATH_CHROOT, NULL);

	return fd >= 0 || is_covered(l, path);
}

static const char *search_path(const struct lint *l)
{
	const struct oci_strings *env = &l->process->env;

	for (size_t i = 0; i < env->n; i++)
		if (starts_with(env->items[i], "PATH="))
			return env->items[i] + strlen("PATH=");
	return DEFAULT_PATH;
}

static bool is_in_path(const struct lint *l, int rootfd, const char *name)
{
	auto_(strv) struct strv dirs = { 0 };

	strv_split(&dirs, search_path(l), ':', true);
	for (size_t i = 0; i < dirs.n; i++) {
		autofree char *file = path_join(dirs.v[i], name);

		if (is_there(l, rootfd, file))
			return true;
	}
	return false;
}

static void check_program(struct lint *l, int rootfd)
{
	const char *name = l->process->args.n > 0 ? l->process->args.items[0] : "";

	if (!*name || (strchr(name, '/') && !path_is_absolute(name)))
		return;
	if (path_is_absolute(name) ? is_there(l, rootfd, name) : is_in_path(l, rootfd, name))
		return;
	lint_add(l, LINT_RULE_PROGRAM, "process.args[0]", "'%s' is not in the root file system%s",
		 name, path_is_absolute(name) ? "" : ", in no directory of PATH");
}

static void check_root(struct lint *l)
{
	autofd int fd = open_rootfs(l);

	if (fd >= 0)
		check_program(l, fd);
	if (!l->spec->process)
		lint_add(l, LINT_RULE_MISSING, "process", "there is nothing to run");
}

static void check_namespaces(struct lint *l)
{
	const struct spec_namespace *ns = l->linux_->namespaces.items;
	struct ns_plan plan;
	struct err why = { 0 };

	for (size_t i = 0; i < l->linux_->namespaces.n; i++)
		if (ns[i].path && access(ns[i].path, F_OK) < 0)
			lint_add(l, LINT_RULE_NAMESPACE,
				 lint_path(l, "linux.namespaces[%zu].path", i), "open '%s': %s",
				 ns[i].path, strerrordesc_np(errno));
	if (ns_plan_make(l->spec, &plan, &why) < 0)
		lint_add_failure(l, LINT_RULE_NAMESPACE, "linux.namespaces", &why);
}

static bool plan_cgroup(struct lint *l, const struct spec_resources *r)
{
	const struct host *h = l->req->host;
	struct spec_linux linux_ = *l->linux_;
	struct runtime_spec one = *l->spec;
	struct cgroup *cg = NULL;
	struct err why = { 0 };
	int res;

	linux_.resources = (struct spec_resources *)(uintptr_t)r;
	one.linux_ = &linux_;
	res = cgroup_plan(&one, "lint", h->driver, host_is_rootless(h), &cg, &why);
	if (res < 0)
		lint_add_failure(l, LINT_RULE_CGROUP, "linux.resources", &why);
	cgroup_free(cg);
	return res >= 0;
}

/* Each member for itself; swap means nothing without the rest of memory. */
static void check_cgroup(struct lint *l)
{
	const struct spec_resources *r = l->linux_->resources;
	const struct spec_resources none = { 0 };
	struct spec_resources one;

	if (!plan_cgroup(l, &none) || !r)
		return;
#define EACH(member)                                                                               \
	do {                                                                                       \
		one = none;                                                                        \
		one.member = r->member;                                                            \
		(void)plan_cgroup(l, &one);                                                        \
	} while (0)
	EACH(devices);
	EACH(memory);
	EACH(cpu);
	EACH(pids);
	EACH(block_io);
	EACH(hugepage_limits);
	EACH(network);
	EACH(rdma);
#undef EACH
	for (size_t i = 0; i < r->unified.n && i < UNIFIED_MAX; i++) {
		one = none;
		one.unified = (struct oci_strmap){ &r->unified.items[i], 1 };
		(void)plan_cgroup(l, &one);
	}
}

/* One at a time: the plan of all stops at the first that cannot work. */
static void check_mount(struct lint *l, size_t i)
{
	const struct spec_mount *all = l->spec->mounts.items;
	struct spec_mount before = { .destination = "/", .type = "tmpfs", .source = "tmpfs" };
	struct runtime_spec one = *l->spec;
	struct mount_plan plan = { 0 };
	struct spec_mount *list;
	struct err why = { 0 };
	const char *path = lint_path(l, "mounts[%zu]", i);

	/* At its own index, so that messages name it. */
	list = arena_alloc(&l->arena, i + 1, sizeof(*list));
	for (size_t k = 0; k < i; k++)
		list[k] = before;
	list[i] = all[i];
	one.mounts = (struct oci_array){ list, i + 1 };
	if (mount_plan_make(&one, l->bundle, &plan, &why) < 0) {
		lint_add_failure(l, LINT_RULE_MOUNT, path, &why);
		return;
	}
	if (plan.n > 0 && plan.ops[plan.n - 1].kind == MOUNT_OP_BIND &&
	    access(plan.ops[plan.n - 1].source, F_OK) < 0)
		lint_add(l, LINT_RULE_MOUNT_SOURCE, lint_path(l, "%s.source", path), "'%s': %s",
			 plan.ops[plan.n - 1].source, strerrordesc_np(errno));
	mount_plan_done(&plan);
}

/* More than any engine writes; lists of this length would cost their square. */
#define MOUNTS_MAX 512

static void check_mounts(struct lint *l)
{
	for (size_t i = 0; i < l->spec->mounts.n && i < MOUNTS_MAX; i++)
		check_mount(l, i);
}

static void check_hook_list(struct lint *l, const char *kind, const struct oci_array *list)
{
	const struct spec_hook *hooks = list->items;

	for (size_t i = 0; i < list->n; i++) {
		const char *path = lint_path(l, "hooks.%s[%zu].path", kind, i);
		struct stat st;

		if (stat(hooks[i].path, &st) < 0)
			lint_add(l, LINT_RULE_HOOK, path, "'%s': %s", hooks[i].path,
				 strerrordesc_np(errno));
		else if (!S_ISREG(st.st_mode) || access(hooks[i].path, X_OK) < 0)
			lint_add(l, LINT_RULE_HOOK, path, "'%s' is no program that may be executed",
				 hooks[i].path);
		else if (is_writable_by_others(&st))
			lint_add(l, LINT_RULE_WRITABLE_HOOK, path, "'%s' has mode %03o",
				 hooks[i].path, (unsigned)st.st_mode & 0777);
	}
}

/* startContainer hooks are looked up inside the container. */
static void check_hooks(struct lint *l)
{
	const struct spec_hooks *h = l->spec->hooks;

	if (!h)
		return;
	check_hook_list(l, "prestart", &h->prestart);
	check_hook_list(l, "createRuntime", &h->create_runtime);
	check_hook_list(l, "createContainer", &h->create_container);
	check_hook_list(l, "poststart", &h->poststart);
	check_hook_list(l, "poststop", &h->poststop);
}

static void check_sysctls(struct lint *l)
{
	const struct oci_strmap *map = &l->linux_->sysctl;
	bool has[OCI_NS_COUNT] = { false };

	for (int type = OCI_NS_NONE + 1; type < OCI_NS_COUNT; type++)
		has[type] = lint_has_namespace(l, (enum oci_namespace)type);
	for (size_t i = 0; i < map->n; i++) {
		const char *key = map->items[i].key;
		struct err why = { 0 };
		const char *text;

		if (sysctl_check(key, map->items[i].value, has, &why) >= 0)
			continue;
		/* The message names the map; each of its members is a place of its own. */
		text = strstr(why.msg, ": ");
		lint_add(l, LINT_RULE_SYSCTL, lint_path(l, "linux.sysctl[\"%s\"]", key), "%s",
			 text ? text + 2 : why.msg);
	}
}

static void check_annotations(struct lint *l)
{
	struct err why = { 0 };

	if (annotations_check(&l->spec->annotations, &why) < 0)
		lint_add_failure(l, LINT_RULE_ANNOTATION, "annotations", &why);
}

static void check_landlock(struct lint *l)
{
	struct landlock_rules *rules = NULL;
	struct err why = { 0 };
	int r = landlock_of(l->spec, &l->arena, &rules, &why);

	if (r >= 0 && rules)
		r = landlock_fit(rules, landlock_abi(), &why);
	if (r < 0)
		lint_add_failure(l, LINT_RULE_LANDLOCK, "annotations", &why);
}

static void check_rdt(struct lint *l)
{
	struct record rec = { 0 };
	struct resctrl *plan = NULL;
	struct err why = { 0 };

	if (rdt_plan(l->spec, "lint", &l->arena, &rec, &plan, &why) < 0)
		lint_add_failure(l, LINT_RULE_RDT, "linux.intelRdt", &why);
}

static void check_filter(struct lint *l)
{
	const struct store without_cache = STORE_NONE;
	struct seccomp_program program = { 0 };
	struct err why = { 0 };

	if (filter_compile(&without_cache, l->spec, &program, &why) < 0)
		lint_add_failure(l, LINT_RULE_FILTER, "linux.seccomp", &why);
	seccomp_program_done(&program);
}

void lint_host(struct lint *l)
{
	static void (*const plans[])(struct lint * l) = {
		check_namespaces,  check_cgroup,   check_mounts, check_sysctls,
		check_annotations, check_landlock, check_rdt,    check_filter,
	};

	check_bundle(l);
	check_root(l);
	check_hooks(l);
	/* Plans are made of documents that passed. */
	for (size_t i = 0; !l->faulty && i < ARRAY_LEN(plans); i++)
		plans[i](l);
}
