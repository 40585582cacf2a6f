/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/mount_one.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/proc.h"
#include "libutil/strbuf.h"
#include "libutil/sys.h"
#include "shim/v2/idmap.h"
#include "shim/v2/loopdev.h"
#include "shim/v2/mount_overlay.h"

#define HELPER_TIMEOUT_MS 30000
#define HELPER_OUTPUT_MAX 1024

/* What is at the target now: after a mount this is what was mounted. */
static int open_target(const struct mount_plan *p, const char *rootfs, struct err *e)
{
	autofd int rootfd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		return err_sys(e, "open '%s'", rootfs);
	if (!*p->target || streq(p->target, "/"))
		return steal_fd(&rootfd);
	return beneath_open(rootfd, p->target, O_PATH, 0, BENEATH_CHROOT, e);
}

int mount_with_data(const struct mount_plan *p, const char *source, int targetfd, struct err *e)
{
	autofree char *data = mount_plan_data(p);
	char path[FD_PATH_SIZE];

	if (strlen(data) >= MOUNT_DATA_MAX)
		return err_set(e, E2BIG, "options of %zu bytes, and the kernel takes %d",
			       strlen(data), MOUNT_DATA_MAX - 1);
	if (mount(source, fd_path(targetfd, path), p->type, p->flags, data) == 0)
		return 0;
	if (errno == ENODEV)
		return err_set(e, ENODEV, "the kernel knows no file system '%s'", p->type);
	return err_set(e, errno, "%s", strerror(errno));
}

/* ---- Owners shown as others ---- */

static int attach(int tree, int targetfd, struct err *e)
{
	if (sys_move_mount(tree, "", targetfd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "attach it");
	return 0;
}

static int clone_mapped(const struct mount_plan *p, const char *source, struct err *e)
{
	autofd int usernsfd = idmap_userns(&p->uids, &p->gids, e);

	return usernsfd < 0 ? usernsfd : idmap_clone(source, p->flags & MS_REC, usernsfd, e);
}

/* A mount cannot change its map once it is attached: a copy with the map takes its place. */
static int replace_mapped(const struct mount_plan *p, const char *rootfs, int targetfd,
			  struct err *e)
{
	autofd int top = open_target(p, rootfs, e), tree = -1;
	char path[FD_PATH_SIZE];

	if (top < 0)
		return top;
	tree = clone_mapped(p, fd_path(top, path), e);
	if (tree < 0)
		return tree;
	if (umount2(fd_path(top, path), MNT_DETACH) < 0)
		return err_sys(e, "take the unmapped one away");
	return attach(tree, targetfd, e);
}

/* ---- Kinds ---- */

static int mount_bind(const struct mount_plan *p, int targetfd, struct err *e)
{
	unsigned long flags = p->flags & (MS_BIND | MS_REC);
	char path[FD_PATH_SIZE];

	if (p->uids.n > 0) {
		autofd int tree = clone_mapped(p, p->source, e);

		return tree < 0 ? tree : attach(tree, targetfd, e);
	}
	if (mount(p->source, fd_path(targetfd, path), NULL, flags, NULL) < 0)
		return err_set(e, errno, "%s", strerror(errno));
	return 0;
}

/* A bind mount becomes read-only in a second step, which must be told all flags again. */
static int set_read_only(const struct mount_plan *p, const char *rootfs, struct err *e)
{
	autofd int top = open_target(p, rootfs, e);
	char path[FD_PATH_SIZE];

	if (top < 0)
		return top;
	if (mount(NULL, fd_path(top, path), NULL, MS_REMOUNT | (p->flags & ~(unsigned long)MS_REC),
		  NULL) < 0)
		return err_sys(e, "make it read-only");
	return 0;
}

static int mount_loop(const struct mount_plan *p, int targetfd, struct err *e)
{
	/* erofs has nothing that could be written. */
	bool read_only = p->flags & MS_RDONLY || streq(p->type, "erofs");
	char name[LOOPDEV_NAME_SIZE];
	autofd int devfd = loopdev_attach(p->source, read_only, name, e);

	return devfd < 0 ? devfd : mount_with_data(p, name, targetfd, e);
}

/* mount.fuse3 SOURCE TARGET [-o OPTION]... -t SUBTYPE.  It knows the target by a name that is good
 * while we hold the descriptor. */
static int mount_helper(const struct mount_plan *p, int targetfd, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	auto_(strbuf) struct strbuf out = { .max = HELPER_OUTPUT_MAX };
	struct proc_spec spec = { .path = p->helper, .search = true };
	const char *const *options = p->options->items;
	char status_text[PROC_STATUS_TEXT_SIZE];
	int status = 0, r;

	strv_add(&argv, p->helper);
	strv_add(&argv, p->source);
	strv_addf(&argv, "/proc/%d/fd/%d", (int)getpid(), targetfd);
	for (size_t i = 0; i < p->options->n; i++) {
		strv_add(&argv, "-o");
		strv_add(&argv, options[i]);
	}
	strv_add(&argv, "-t");
	strv_add(&argv, strchr(p->type, '.') + 1);
	spec.argv = strv_argv(&argv);
	r = proc_run(&spec, NULL, 0, &out, HELPER_TIMEOUT_MS, &status, e);
	if (r < 0 || status == 0)
		return r;
	return err_set(e, EREMOTEIO, "%s: %s: %s", p->helper, proc_status_text(status, status_text),
		       strbuf_str(&out));
}

static int mount_new(struct mount_plan *p, const char *rootfs, int targetfd, struct err *e)
{
	int r;

	if (mount_plan_is_overlay(p))
		return mount_overlay(p, rootfs, targetfd, e);
	if (p->helper)
		return mount_helper(p, targetfd, e);
	r = p->loop ? mount_loop(p, targetfd, e) : mount_with_data(p, p->source, targetfd, e);
	return r < 0 || p->uids.n == 0 ? r : replace_mapped(p, rootfs, targetfd, e);
}

int mount_one(struct mount_plan *p, const char *rootfs, struct err *e)
{
	autofd int targetfd = open_target(p, rootfs, e);
	int r;

	if (targetfd < 0)
		return targetfd;
	if (!(p->flags & MS_BIND))
		return mount_new(p, rootfs, targetfd, e);
	r = mount_bind(p, targetfd, e);
	return r < 0 || !(p->flags & MS_RDONLY) ? r : set_read_only(p, rootfs, e);
}
