/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/path.h"
#include "runtime/checkpoint/mount_visit.h"
#include "runtime/init/mount.h"
#include "runtime/init/mount_plan.h"

AUTO_DEFINE_DONE(mount_plan, mount_plan_done)

static const struct mount_attrs no_change;

/* What lies in a file system of the container's own comes with the image, or with the kernel. */
static bool is_inside_new(const struct mount_plan *plan, const struct mount_op *op)
{
	for (size_t i = 0; i < plan->n && &plan->ops[i] != op; i++)
		if (plan->ops[i].kind == MOUNT_OP_NEW && !streq(plan->ops[i].dest, op->dest) &&
		    path_is_below(op->dest, plan->ops[i].dest))
			return true;
	return false;
}

static int make_place(int rootfd, const struct mount_op *op, struct err *e)
{
	autofd int sourcefd = -1, target = -1;
	struct stat st = { .st_mode = S_IFDIR };

	if (op->kind == MOUNT_OP_BIND) {
		sourcefd = open(op->source, O_PATH | O_CLOEXEC);
		if (sourcefd < 0 || fstat(sourcefd, &st) < 0)
			return err_sys(e, "open '%s'", op->source);
	}
	target = beneath_make_target(rootfd, op->dest, S_ISDIR(st.st_mode), e);
	if (target < 0 || sourcefd < 0)
		return target < 0 ? target : 0;
	/* There may be places to make in what is bound. */
	return mount_bind(sourcefd, target, true, &no_change, e);
}

static int make_places(const struct mount_plan *plan, const char *rootfs, struct err *e)
{
	autofd int rootfd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = rootfd < 0 ? err_sys(e, "open '%s'", rootfs) : 0;

	for (size_t i = 0; r >= 0 && i < plan->n; i++) {
		const struct mount_op *op = &plan->ops[i];

		if (op->kind == MOUNT_OP_REMOUNT || is_inside_new(plan, op))
			continue;
		r = make_place(rootfd, op, e);
		if (r < 0)
			(void)err_wrap(e, r, "mounts[%zu]: '%s'", op->index, op->dest);
	}
	return r;
}

int restore_root_places(const struct runtime_spec *spec, const char *bundle, const char *rootfs,
			struct err *e)
{
	auto_(mount_plan) struct mount_plan plan = { 0 };
	struct mount_visit visit = MOUNT_VISIT_NONE;
	int r = mount_plan_make(spec, bundle, &plan, e);
	int back;

	/* The binds are for the moment, and go with the namespace. */
	if (r >= 0)
		r = mount_visit_begin(&visit, e);
	if (r >= 0)
		r = make_places(&plan, rootfs, e);
	back = mount_visit_end(&visit, r < 0 ? NULL : e);
	return r < 0 ? r : back;
}

int restore_root_bind(const char *rootfs, const char *path, struct err *e)
{
	autofd int from = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int to = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (from < 0)
		return err_sys(e, "open '%s'", rootfs);
	if (to < 0)
		return err_sys(e, "open '%s'", path);
	r = mount_bind(from, to, true, &no_change, e);
	return r < 0 ? err_wrap(e, r, "bind the root file system") : 0;
}
