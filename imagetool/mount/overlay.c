/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "imagetool/erofs/mount.h"
#include "imagetool/mount/overlay_layers.h"
#include "libutil/alloc.h"
#include "libutil/caps.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/sys.h"

#define OVERLAY_SHOWN_SIZE (FD_PATH_SIZE + sizeof(OVERLAY_SHOWN))

/* ---- Beside the layers ---- */

static int make_dir(int dirfd, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '%s'", name);
	return dir_open_at(dirfd, name, e);
}

/* The merged root directory shows the attributes of the uppermost one. */
static int give_attributes(int fd, const struct snapshot_root *root, struct err *e)
{
	const struct timespec times[2] = { root->mtime, root->mtime };

	if (geteuid() == 0 && fchown(fd, root->uid, root->gid) < 0)
		return err_sys(e, "set the owner of the root directory");
	if (fchmod(fd, root->mode) < 0 || futimens(fd, times) < 0)
		return err_sys(e, "set the attributes of the root directory");
	return 0;
}

static int make_rooted(int dirfd, const char *name, const struct snapshot_root *root, struct err *e)
{
	struct stat st;
	bool is_new = fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0;
	autofd int fd = make_dir(dirfd, name, 0755, e);

	/* What is in an upper directory already is somebody's work: its attributes, too. */
	return fd < 0 ? fd : is_new ? give_attributes(fd, root, e) : 0;
}

static bool has_top(const struct snapshot_stack *stack, bool writable)
{
	return !writable || stack->n == 0;
}

int overlay_prepare(int dirfd, const struct snapshot_stack *stack, bool writable, struct err *e)
{
	autofd int work = -1;
	int r = 0;

	if (has_top(stack, writable))
		r = make_rooted(dirfd, OVERLAY_TOP, &stack->root, e);
	if (r < 0 || !writable)
		return r;
	work = make_dir(dirfd, OVERLAY_WORK, 0700, e);
	return work < 0 ? work : make_rooted(dirfd, OVERLAY_UPPER, &stack->root, e);
}

/* ---- Layers as descriptors ---- */

static void layers_done(struct layers *l)
{
	for (size_t i = 0; i < l->n; i++)
		(void)close(l->fds[i]);
	free(l->fds);
	free(l->images);
}
AUTO_DEFINE_DONE(layers, layers_done)

static int open_layer(const struct snapshot_lower *lower, struct err *e)
{
	bool image = lower->form == SNAPSHOT_EROFS;
	int flags = image ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK : O_PATH | O_DIRECTORY;
	autofd int fd = open(lower->path, flags | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '%s'", lower->path);
	return image ? erofs_mount_fd(fd, e) : steal_fd(&fd);
}

static int open_layers(int dirfd, const struct snapshot_stack *s, bool writable, struct layers *ret,
		       struct err *e)
{
	ret->fds = xcalloc(s->n + 1, sizeof(*ret->fds));
	ret->images = xcalloc(s->n + 1, sizeof(*ret->images));
	if (has_top(s, writable)) {
		ret->fds[0] = openat(dirfd, OVERLAY_TOP, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (ret->fds[0] < 0)
			return err_sys(e, "open '%s'", OVERLAY_TOP);
		ret->n = 1;
	}
	for (size_t i = 0; i < s->n; i++) {
		int fd = open_layer(&s->lower[i], e);

		if (fd < 0)
			return fd;
		if (s->lower[i].form == SNAPSHOT_EROFS)
			ret->images[ret->n_images++] = ret->n;
		ret->fds[ret->n++] = fd;
	}
	return 0;
}

/* ---- The overlay ---- */

/* overlayfs keeps its own attributes as trusted.*, which only root of the machine may read. */
bool overlay_is_users(void)
{
	autofree char *map = NULL;

	return geteuid() != 0 ||
	       file_read_at(AT_FDCWD, "/proc/self/uid_map", 4096, &map, NULL, NULL) < 0 ||
	       !strstr(map, "4294967295");
}

static int set(int fs, const char *key, int fd, struct err *e)
{
	char path[FD_PATH_SIZE];

	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, key, fd_path(fd, path), 0) < 0)
		return err_sys(e, "give overlayfs its %s", key);
	return 0;
}

int overlay_no_upper(struct err *e)
{
	return err_set(
		e, EINVAL,
		"what an overlay writes can't be kept on this file system (an overlay itself, as "
		"a container's own files are, or a network file system): choose a directory on "
		"another, such as ext4 or XFS");
}

static int set_upper(int fs, int dirfd, struct err *e)
{
	static const struct {
		const char *key, *name;
	} dirs[] = { { "upperdir", OVERLAY_UPPER }, { "workdir", OVERLAY_WORK } };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(dirs) && r >= 0; i++) {
		autofd int fd = openat(dirfd, dirs[i].name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_sys(e, "open '%s'", dirs[i].name);
		r = set(fs, dirs[i].key, fd, e);
	}
	return r == -EINVAL ? overlay_no_upper(e) : r;
}

/* A kernel that does not know one of them does not do what it is about either. */
static void set_for_build(int fs)
{
	static const struct {
		const char *key, *value;
	} rows[] = { { "redirect_dir", "nofollow" }, { "metacopy", "off" }, { "index", "off" } };

	/* "userxattr" says the first two by itself, and bears no other word. */
	for (size_t i = overlay_is_users() ? 2 : 0; i < ARRAY_LEN(rows); i++)
		(void)sys_fsconfig(fs, FSCONFIG_SET_STRING, rows[i].key, rows[i].value, 0);
	(void)sys_fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
}

static int configure(int dirfd, const struct layers *l, enum overlay_mode mode, struct err *e)
{
	autofd int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	int r = 0;

	if (fs < 0)
		return err_sys(e, "open a file system of type overlay");
	(void)sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay", 0);
	for (size_t i = 0; i < l->n && r >= 0; i++)
		r = set(fs, "lowerdir+", l->fds[i], e);
	if (r >= 0 && mode != OVERLAY_READ)
		r = set_upper(fs, dirfd, e);
	if (r < 0)
		return r;
	if (mode == OVERLAY_BUILD)
		set_for_build(fs);
	if (overlay_is_users() && sys_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return err_sys(e, "give overlayfs attributes of users");
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, "mount an overlay of %zu layers", l->n);
	return steal_fd(&fs);
}

static int mount_detached(int dirfd, const struct layers *l, enum overlay_mode mode, struct err *e)
{
	autofd int fs = configure(dirfd, l, mode, e);
	int fd;

	if (fs < 0)
		return fs;
	fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, mode == OVERLAY_READ ? MOUNT_ATTR_RDONLY : 0);
	return fd < 0 ? err_sys(e, "mount an overlay") : fd;
}

static int attach(int fd, const char *target, struct err *e)
{
	if (sys_move_mount(fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "mount on '%s'", target);
	return 0;
}

/* Before Linux 6.15 mounts of EROFS must be somewhere while the overlay is made: on `place`, one
 * above the other. */
static int mount_shown(int dirfd, const struct layers *l, enum overlay_mode mode, const char *place,
		       struct err *e)
{
	size_t shown = 0;
	int fd = 0;

	for (; shown < l->n_images && fd >= 0; shown++)
		fd = attach(l->fds[l->images[shown]], place, e);
	if (fd >= 0)
		fd = mount_detached(dirfd, l, mode, e);
	else
		shown--;
	while (shown--)
		(void)umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW);
	return fd;
}

static int show_place(int dirfd, char ret[OVERLAY_SHOWN_SIZE], struct err *e)
{
	char path[FD_PATH_SIZE];

	if (mkdirat(dirfd, OVERLAY_SHOWN, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '%s'", OVERLAY_SHOWN);
	(void)snprintf(ret, OVERLAY_SHOWN_SIZE, "%s/" OVERLAY_SHOWN, fd_path(dirfd, path));
	return 0;
}

static int mount_over_shown(int dirfd, const struct layers *l, enum overlay_mode mode,
			    struct err *e)
{
	char place[OVERLAY_SHOWN_SIZE];
	int r = show_place(dirfd, place, e);

	if (r >= 0)
		r = mount_shown(dirfd, l, mode, place, e);
	(void)unlinkat(dirfd, OVERLAY_SHOWN, AT_REMOVEDIR);
	return r;
}

static bool is_too_old(int r)
{
	return r == -ENOSYS || r == -EINVAL || r == -EOPNOTSUPP || r == -EPERM;
}

/* What kernels know, the newest first; each row is tried when the one above is refused and the
 * kernel says that it is too old for it.
 *
 *	6.15	all apart: images of EROFS, and the overlay of them
 *	6.12	images are shown while the overlay is made
 *	6.7	layers one by one
 *	5.2	layers in a text, the overlay shown and taken down
 */
static int mount_apart(int dirfd, const struct layers *l, enum overlay_mode mode, struct err *e)
{
	int fd;

	/* Not by trying: what fails leaves a mark in work/ that no "volatile" overlay bears. */
	if (l->n_images && !overlay_takes_detached())
		return mount_over_shown(dirfd, l, mode, e);
	fd = mount_detached(dirfd, l, mode, e);
	if (!is_too_old(fd))
		return fd;
	if (overlay_takes_descriptors())
		return fd;
	err_clear(e);
	return overlay_mount_by_names(dirfd, l, mode, e);
}

int overlay_mount(int dirfd, const struct snapshot_stack *stack, enum overlay_mode mode,
		  const char *target, struct err *e)
{
	auto_(layers) struct layers l = { 0 };
	autofd int fd = -1;
	int r = open_layers(dirfd, stack, mode != OVERLAY_READ, &l, e);

	if (r < 0)
		return r;
	fd = mount_apart(dirfd, &l, mode, e);
	if (fd < 0)
		return fd;
	return target ? attach(fd, target, e) : steal_fd(&fd);
}

/* ---- Mounts whose parts are copied ---- */

static bool can_be_copied(int fd)
{
	autofd int copy = sys_open_tree(
		fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);

	return copy >= 0;
}

int overlay_mount_shared(int dirfd, const struct snapshot_stack *stack, struct err *e)
{
	char place[OVERLAY_SHOWN_SIZE];
	autofd int fd = overlay_mount(dirfd, stack, OVERLAY_READ, NULL, e);
	int r = fd;

	if (fd < 0 || can_be_copied(fd))
		return steal_fd(&fd);
	r = show_place(dirfd, place, e);
	if (r >= 0)
		r = attach(fd, place, e);
	return r < 0 ? r : steal_fd(&fd);
}

void overlay_unshow(int dirfd)
{
	char path[FD_PATH_SIZE], place[OVERLAY_SHOWN_SIZE];

	(void)snprintf(place, sizeof(place), "%s/" OVERLAY_SHOWN, fd_path(dirfd, path));
	(void)umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* ---- Mounts that are there ---- */

int overlay_may_mount(struct err *e)
{
	if (caps_hold(CAP_SYS_ADMIN))
		return 0;
	if (geteuid() != 0)
		return err_set(e, EPERM,
			       "only root may mount: run it in 'creel-image unshare', which makes "
			       "you root of a user namespace");
	return err_set(e, EPERM, "mounting needs the capability CAP_SYS_ADMIN");
}

bool overlay_is_mounted(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) == 0 &&
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static bool is_overlay(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

int overlay_unmount(const char *path, struct err *e)
{
	if (!overlay_is_mounted(path))
		return err_set(e, EINVAL, "nothing is mounted on '%s'", path);
	/* Somebody may have mounted on top of ours, or after a restart instead of it. */
	if (!is_overlay(path))
		return err_set(
			e, EBUSY,
			"what is mounted on '%s' is no overlay and not ours: unmount it first",
			path);
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno == EBUSY)
		return err_set(e, EBUSY, "'%s' is in use: stop what runs in it", path);
	return err_sys(e, "unmount '%s'", path);
}
