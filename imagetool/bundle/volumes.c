/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "imagetool/layer/view.h"
#include "imagetool/unpack/move_dir.h"
#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/path.h"

#define NAME_TRIES    1000
#define SELINUX_PLACE "/sys/fs/selinux/enforce"

/* "/var/lib/x" -> "var-lib-x" */
static char *name_from(const char *destination)
{
	char *name = xstrdup(destination + 1);

	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	/* A file name holds 255 bytes; what is left over counts in make_name(). */
	if (strlen(name) > 200)
		name[200] = '\0';
	return name;
}

static bool is_taken(const struct mount_args *mounts, int volumesfd, const char *name)
{
	struct stat st;

	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->items[i].kind == MOUNT_VOLUME && mounts->items[i].source &&
		    streq(mounts->items[i].source, name))
			return true;
	return fstatat(volumesfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Another volume may have that name, or be going to: count on. */
static int make_name(const struct mount_args *mounts, int volumesfd, const char *destination,
		     char **ret, struct err *e)
{
	autofree char *base = name_from(destination);

	for (int i = 1; i < NAME_TRIES; i++) {
		autofree char *name = i == 1 ? xstrdup(base) : xasprintf("%s-%d", base, i);

		if (is_taken(mounts, volumesfd, name))
			continue;
		*ret = steal_ptr(&name);
		return 0;
	}
	return err_set(e, EEXIST, "volumes: too many are called '%s'", base);
}

static bool name_of(int fd, char name[PATH_MAX])
{
	char link[FD_PATH_SIZE];
	ssize_t n = readlink(fd_path(fd, link), name, PATH_MAX - 1);

	name[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

/* The place of `path` inside the root with every symlink resolved: the kernel's own name of the
 * descriptor, less the root's. */
static int place_of(int rootfd, const char *path, char **ret, struct err *e)
{
	autofd int fd = beneath_mkdir_p(rootfd, path, 0755, BENEATH_CHROOT, e);
	char root[PATH_MAX], full[PATH_MAX];
	size_t len;

	if (fd < 0)
		return fd;
	if (!name_of(rootfd, root) || !name_of(fd, full))
		return err_sys(e, "resolve '%s'", path);
	/* "/" is the root of a mount that is attached nowhere. */
	len = streq(root, "/") ? 0 : strlen(root);
	if (strncmp(full, root, len) != 0 || full[len] != '/' || !full[len + 1])
		return err_set(e, EINVAL, "'%s' is the root itself", path);
	*ret = xstrdup(full + len + 1);
	return 0;
}

static int copy_attributes(int fromfd, int dirfd, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fromfd, &st) < 0)
		return err_sys(e, "stat '%s'", name);
	if (mkdirat(dirfd, name, 0700) < 0)
		return err_sys(e, "make directory '%s'", name);
	if (fchownat(dirfd, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of '%s'", name);
	if (fchmodat(dirfd, name, st.st_mode & 07777, 0) < 0)
		return err_sys(e, "set the mode of '%s'", name);
	return 0;
}

/* What the image has at `path` moves to the volume, and an empty directory stays to mount on. Where
 * the tree is this bundle's own nothing is copied; an overlay's layers are others', too. */
static int fill(int rootfd, const char *path, int volumesfd, const char *name, struct err *e)
{
	autofree char *place = NULL, *base = NULL;
	autofd int parentfd = -1, fd = -1;
	int r = place_of(rootfd, path, &place, e);

	if (r < 0)
		return r;
	parentfd = beneath_open_parent(rootfd, place, BENEATH_STRICT, &base, e);
	if (parentfd < 0)
		return parentfd;
	r = move_dir(parentfd, base, volumesfd, name, e);
	if (r == -EXDEV) {
		err_clear(e);
		r = view_copy_tree(parentfd, base, volumesfd, name, geteuid() == 0, e);
		if (r >= 0)
			r = dir_remove_all_at(parentfd, base, e);
	}
	if (r < 0)
		return r;
	fd = dir_open_at(volumesfd, name, e);
	return fd < 0 ? fd : copy_attributes(fd, parentfd, base, e);
}

/* An empty one, with the owner and the mode of what the image has at its place. */
static int make_empty(int rootfd, const char *path, int volumesfd, const char *name, struct err *e)
{
	autofd int fd = beneath_mkdir_p(rootfd, path, 0755, BENEATH_CHROOT, e);

	return fd < 0 ? fd : copy_attributes(fd, volumesfd, name, e);
}

static int make_volume(const struct mount_args *mounts, struct mount_arg *m, int volumesfd,
		       int rootfd, struct err *e)
{
	autofree char *name = steal_ptr(&m->source);
	struct stat st;
	int r = name ? 0 : make_name(mounts, volumesfd, m->destination, &name, e);

	if (r < 0)
		return r;
	m->source = path_join(VOLUMES_NAME, name);
	/* One volume at two places: the first has filled it. */
	if (fstatat(volumesfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return m->no_copy ? make_empty(rootfd, m->destination, volumesfd, name, e)
			  : fill(rootfd, m->destination, volumesfd, name, e);
}

static int resolve_bind(struct mount_arg *m, struct err *e)
{
	autofree char *given = steal_ptr(&m->source);
	struct stat st;

	m->source = path_absolute(given);
	if (stat(m->source, &st) < 0)
		return err_sys(e, "source '%s'", given);
	/* Labels of the host's files are not ours to change; where there are none, all is done. */
	if (m->relabel && access(SELINUX_PLACE, F_OK) == 0)
		return err_set(e, ENOTSUP,
			       "':z' and ':Z' are not supported: chcon -Rt container_file_t '%s'",
			       given);
	return 0;
}

int volumes_resolve_binds(struct mount_args *mounts, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < mounts->n && r >= 0; i++) {
		struct mount_arg *m = &mounts->items[i];

		if (m->kind == MOUNT_BIND)
			r = resolve_bind(m, e);
		if (r < 0)
			return err_wrap(e, r, "volume '%s'", m->destination);
	}
	return 0;
}

static bool has_volumes(const struct mount_args *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->items[i].kind == MOUNT_VOLUME)
			return true;
	return false;
}

int volumes_make(struct mount_args *mounts, int bundlefd, int rootfd, struct err *e)
{
	autofd int volumesfd = -1;
	int r = 0;

	if (has_volumes(mounts)) {
		if (mkdirat(bundlefd, VOLUMES_NAME, 0755) < 0)
			return err_sys(e, "make directory '%s'", VOLUMES_NAME);
		volumesfd = dir_open_at(bundlefd, VOLUMES_NAME, e);
		if (volumesfd < 0)
			return volumesfd;
	}
	/* Backwards, deepest first: a volume inside another one's directory is taken out before. */
	for (size_t i = mounts->n; i-- > 0 && r >= 0;) {
		struct mount_arg *m = &mounts->items[i];

		if (m->kind == MOUNT_VOLUME)
			r = make_volume(mounts, m, volumesfd, rootfd, e);
		if (r < 0)
			return err_wrap(e, r, "volume '%s'", m->destination);
	}
	return r;
}
