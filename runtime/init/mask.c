/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readonlyPaths and maskedPaths, each by the descriptor of what is there.  A file is
 * covered by a verified /dev/null (CVE-2025-31133), a directory by a read-only,
 * empty tmpfs; all directories share one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"
#include "runtime/init/stage.h"

static const struct mount_attrs no_change;
static const struct mount_attrs read_only = { .set = MOUNT_ATTR_RDONLY };

/* A path that is not there needs no protection.  Returns 0 for that. */
static int open_path(const struct init *in, const char *path, int *ret_fd, struct err *e)
{
	struct err why = { 0 };
	int fd = beneath_open(in->rootfd, path, O_PATH, 0, BENEATH_CHROOT, &why);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "%s", why.msg);
	*ret_fd = fd;
	return 1;
}

static int make_readonly(const struct init *in, const char *path, struct err *e)
{
	autofd int fd = -1;
	int r = open_path(in, path, &fd, e);

	return r <= 0 ? r : mount_bind(fd, fd, true, &read_only, e);
}

/* What covers: attached for the first path, copied for the others.  A copy of a mount is as
 * read-only as the mount, so nobody can chmod the device through a masked name. */
struct cover {
	int dirfd;
	int nullfd;
};

static int cover_directory(struct cover *c, int fd, struct err *e)
{
	/* One block, one inode: its root.  It costs the container no memory to speak of. */
	static const char *const data[] = { "nr_blocks=1", "nr_inodes=1" };
	struct mount_fs fs = { .type = "tmpfs",
			       .source = "tmpfs",
			       .data = data,
			       .n_data = ARRAY_LEN(data),
			       .attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				       MOUNT_ATTR_NOEXEC };
	autofd int tree = -1;
	int r;

	if (c->dirfd >= 0)
		return mount_bind(c->dirfd, fd, false, &no_change, e);
	tree = mount_fs_tree(&fs, e);
	if (tree == -ENOSYS)
		return mount_fs_legacy(&fs, fd, e);
	r = tree < 0 ? tree : mount_attach(tree, fd, e);
	if (r < 0)
		return r;
	c->dirfd = steal_fd(&tree);
	return 0;
}

static int cover_file(const struct init *in, struct cover *c, int fd, struct err *e)
{
	autofd int null = -1, tree = -1;
	int r;

	if (c->nullfd >= 0)
		return mount_bind(c->nullfd, fd, false, &no_change, e);
	null = null_open(in, O_PATH, e);
	if (null < 0)
		return null;
	tree = mount_clone(null, false, e);
	if (tree < 0 && sys_is_refused(-tree)) {
		err_clear(e);
		return mount_bind(null, fd, false, &read_only, e);
	}
	r = tree < 0 ? tree : mount_change(tree, &read_only, false, e);
	if (r >= 0)
		r = mount_attach(tree, fd, e);
	if (r < 0)
		return r;
	c->nullfd = steal_fd(&tree);
	return 0;
}

static int mask_one(const struct init *in, struct cover *c, const char *path, struct err *e)
{
	autofd int fd = -1;
	struct stat st;
	int r = open_path(in, path, &fd, e);

	if (r <= 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	return S_ISDIR(st.st_mode) ? cover_directory(c, fd, e) : cover_file(in, c, fd, e);
}

static int mask_all(const struct init *in, struct err *e)
{
	const struct oci_strings *paths = &in->linux_->masked_paths;
	struct cover c = { .dirfd = -1, .nullfd = -1 };
	int r = 0;

	for (size_t i = 0; i < paths->n && r >= 0; i++) {
		r = mask_one(in, &c, paths->items[i], e);
		if (r < 0)
			(void)err_wrap(e, r, "linux.maskedPaths[%zu]: mask '%s'", i,
				       paths->items[i]);
	}
	close_at_exit(&c.dirfd);
	close_at_exit(&c.nullfd);
	return r;
}

int mask_paths(struct init *in, struct err *e)
{
	const struct oci_strings *paths = &in->linux_->readonly_paths;
	int r;

	for (size_t i = 0; i < paths->n; i++) {
		r = make_readonly(in, paths->items[i], e);
		if (r < 0)
			return err_wrap(e, r, "linux.readonlyPaths[%zu]: make '%s' read-only", i,
					paths->items[i]);
	}
	return mask_all(in, e);
}
