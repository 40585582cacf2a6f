/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/external.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "runtime/init/mount_plan.h"

AUTO_DEFINE_DONE(mount_plan, mount_plan_done)

/* Bound from the host where a container may not make nodes. */
static const char *const default_devices[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					       "/dev/random", "/dev/urandom", "/dev/tty" };

struct finder {
	const struct runtime_spec *spec;
	struct arena *a;
	struct external_mounts *list;
	const char *cgroup_dest;
};

static void add(struct finder *f, const char *dest, const char *cookie, const char *source)
{
	struct external_mounts *l = f->list;

	l->items = arena_grow(f->a, l->items, l->n, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = (struct external_mount){ .dest = arena_strdup(f->a, dest),
						    .cookie = arena_strdup(f->a, cookie),
						    .source = arena_strdup(f->a, source) };
}

static int add_v1(const char *controllers, const char *mount, const char *path, void *ctx,
		  struct err *e UNUSED)
{
	struct finder *f = ctx;
	autofree char *dest = NULL, *source = NULL;

	if (controllers[0] == '\0')
		return 0;
	dest = path_join(f->cgroup_dest, path_base(mount));
	source = path_join(mount, path);
	add(f, dest, dest, source);
	return 0;
}

static int add_v2(const char *controllers, const char *mount, const char *path, void *ctx,
		  struct err *e UNUSED)
{
	struct finder *f = ctx;
	autofree char *source = NULL;

	if (controllers[0] != '\0')
		return 0;
	source = path_join(mount, path);
	add(f, f->cgroup_dest, f->cgroup_dest, source);
	return 0;
}

static int has_v1(const char *controllers, const char *mount UNUSED, const char *path UNUSED,
		  void *ctx UNUSED, struct err *e UNUSED)
{
	return controllers[0] != '\0';
}

/* See init/mount_cgroup.c: with a namespace they are mounts of their own, which criu makes anew;
 * without, they are the host's, bound. */
static int find_cgroups(struct finder *f, const struct mount_op *op, const struct cgroup *cgroup,
			struct err *e)
{
	if (!cgroup || spec_find_namespace(f->spec, OCI_NS_CGROUP))
		return 0;
	f->cgroup_dest = op->dest;
	if (streq(op->type, "cgroup2") || cgroup_each(cgroup, has_v1, NULL, NULL) == 0)
		return cgroup_each(cgroup, add_v2, f, e);
	return cgroup_each(cgroup, add_v1, f, e);
}

static void find_devices(struct finder *f)
{
	const struct spec_linux *l = f->spec->linux_;
	const struct spec_device *d = l->devices.items;

	for (size_t i = 0; i < ARRAY_LEN(default_devices); i++)
		add(f, default_devices[i], default_devices[i], default_devices[i]);
	for (size_t i = 0; i < l->devices.n; i++)
		add(f, d[i].path, d[i].path, d[i].path);
	/* Masked files show the same /dev/null. */
	for (size_t i = 0; i < l->masked_paths.n; i++)
		add(f, l->masked_paths.items[i], "/dev/null", "/dev/null");
}

int external_mounts_find(const struct runtime_spec *spec, const char *bundle,
			 const struct cgroup *cgroup, const char *notify_dir, struct arena *a,
			 struct external_mounts *ret, struct err *e)
{
	auto_(mount_plan) struct mount_plan plan = { 0 };
	struct finder f = { .spec = spec, .a = a, .list = ret };
	int r = mount_plan_make(spec, bundle, &plan, e);

	for (size_t i = 0; r >= 0 && i < plan.n; i++) {
		const struct mount_op *op = &plan.ops[i];

		if (op->kind == MOUNT_OP_BIND)
			add(&f, op->dest, op->dest, op->source);
		else if (op->kind == MOUNT_OP_CGROUP)
			r = find_cgroups(&f, op, cgroup, e);
	}
	if (r < 0)
		return r;
	if (notify_dir)
		add(&f, "/run/notify", "/run/notify", notify_dir);
	if (spec_find_namespace(spec, OCI_NS_USER))
		find_devices(&f);
	return 0;
}

/* Where a name leads in the container, links followed; NULL: nowhere. */
static char *resolve(int rootfd, const char *path, bool *ret_is_dir)
{
	autofd int fd = beneath_open(rootfd, path, O_PATH, 0, BENEATH_CHROOT, NULL);
	char link[FD_PATH_SIZE], root[PATH_MAX], real[PATH_MAX];
	ssize_t n, n_root;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	*ret_is_dir = S_ISDIR(st.st_mode);
	n_root = readlink(fd_path(rootfd, link), root, sizeof(root) - 1);
	n = readlink(fd_path(fd, link), real, sizeof(real) - 1);
	if (n < 0 || n_root < 0)
		return NULL;
	root[n_root] = real[n] = '\0';
	if (streq(root, "/"))
		return xstrdup(real);
	if (!path_is_below(real, root))
		return NULL;
	return xstrdup(real[n_root] ? real + n_root : "/");
}

int external_dump_mounts(const struct external_mounts *m, int rootfd, struct criu_options *o,
			 struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < m->n; i++) {
		bool is_dir = false;
		autofree char *real = resolve(rootfd, m->items[i].dest, &is_dir);

		/* Unmounted by the container itself, or a mask of something that is not there;
		 * a masked directory is a mount of its own. */
		if (!real || (is_dir && streq(m->items[i].cookie, "/dev/null")))
			continue;
		r = criu_options_mount(o, real, m->items[i].cookie, e);
	}
	return r;
}

int external_dump_namespaces(const struct runtime_spec *spec, pid_t pid, struct criu_options *o,
			     struct err *e)
{
	static const char *const links[OCI_NS_COUNT] = {
		[OCI_NS_NETWORK] = "net", [OCI_NS_PID] = "pid"
	};
	const struct spec_namespace *ns = spec->linux_ ? spec->linux_->namespaces.items : NULL;

	for (size_t i = 0; ns && i < spec->linux_->namespaces.n; i++) {
		const char *cookie = criu_namespace_cookie((enum oci_namespace)ns[i].type);
		autofree char *path = NULL;
		struct stat st;

		if (!ns[i].path || !cookie)
			continue;
		/* The path may be gone; the process is in it. */
		path = xasprintf("/proc/%d/ns/%s", (int)pid, links[ns[i].type]);
		if (stat(path, &st) < 0)
			return err_sys(e, "stat '%s'", path);
		criu_options_external(o, arena_printf(o->a, "%s[%llu]:%s", links[ns[i].type],
						      (unsigned long long)st.st_ino, cookie));
	}
	return 0;
}

/* The cookie may be the name as config.json has it, or, in an image of runc, where it leads. */
int external_restore_mounts(const struct external_mounts *m, int rootfd, struct criu_options *o,
			    struct err *e)
{
	bool has_null = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < m->n; i++) {
		const struct external_mount *x = &m->items[i];
		bool is_dir = false;
		autofree char *real = resolve(rootfd, x->dest, &is_dir);

		/* Many masks, one device. */
		if (streq(x->cookie, "/dev/null") && has_null)
			continue;
		has_null |= streq(x->cookie, "/dev/null");
		r = criu_options_mount(o, x->cookie, x->source, e);
		if (r >= 0 && real && !streq(real, x->cookie) && streq(x->cookie, x->dest))
			r = criu_options_mount(o, real, x->source, e);
	}
	/* runc leaves the device that covers masked files out of its images. */
	if (r >= 0 && !has_null)
		r = criu_options_mount(o, "/dev/null", "/dev/null", e);
	return r;
}
