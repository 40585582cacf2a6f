/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount namespace of one step.  A small file system of its own is mounted on
 * STORE/build/private and holds, while the step runs:
 *
 *   root      the root, when it was mounted nowhere
 *   0, 1, ... what is mounted for RUN --mount and the files of the step
 *   log       what creel has to say
 *
 * Nobody else sees it, and it goes with the last process of the namespace, however that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/view.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/step/run_internal.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/sys.h"

#define PRIVATE_OPTIONS "mode=0700"
#define COPY_NAME       "copy"

static int move(int treefd, const char *to, struct err *e)
{
	if (sys_move_mount(treefd, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return 0;
	if (errno == ENOSYS)
		return err_set(e, ENOSYS,
			       "this kernel can't move a mount in hand: RUN needs Linux 5.2");
	return err_sys(e, "mount on '%s'", to);
}

static int make_dir(const char *path, mode_t mode, struct err *e)
{
	if (mkdir(path, mode) < 0)
		return err_sys(e, "make directory '%s'", path);
	return 0;
}

/* Modes are what is asked for, whatever the process's umask. */
static int make_file(const struct run_place *p, const char *path, struct err *e)
{
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = 0;

	if (fd < 0)
		return err_sys(e, "make '%s'", path);
	if (p->len)
		r = file_write_all(fd, p->data, p->len, e);
	if (r < 0)
		return r;
	if (fchown(fd, p->uid, p->gid) < 0 || fchmod(fd, p->mode) < 0)
		return err_sys(e, "give the file for '%s' to user %u", p->target, p->uid);
	return 0;
}

/* ---- Trees ---- */

static int make_point(const struct run_place *p, const char *path, struct err *e)
{
	static const struct run_place empty = { .mode = 0600 };

	return p->is_file ? make_file(&empty, path, e) : make_dir(path, 0755, e);
}

/* The same without an overlay. */
static int discard_copy(int dirfd, const char *lower, struct err *e)
{
	autofd int from = dir_open_at(AT_FDCWD, lower, e), fd = -1, tree = -1;
	int r = from < 0 ? from : view_copy_tree(from, ".", dirfd, COPY_NAME, true, e);

	if (r >= 0)
		fd = r = dir_open_at(dirfd, COPY_NAME, e);
	if (r >= 0)
		tree = r = run_clone_tree(fd, e);
	return r < 0 ? r : move(tree, lower, e);
}

/* An overlay on the disk, whose upper directory is thrown away with the step's scratch. */
static int discard_dir(struct run_step *s, size_t n, const char *lower, struct err *e)
{
	autofree char *name = xasprintf("%zu", n);
	autofd int dirfd = run_scratch_dir(s, name, 0700, e);
	autofree char *path = xstrdup(lower);
	struct snapshot_lower one = { .path = path, .form = SNAPSHOT_DIR };
	struct snapshot_stack stack = { .lower = &one, .n = 1 };
	struct stat st;
	int fd, r;

	if (dirfd < 0)
		return dirfd;
	if (s->env->no_overlay)
		return discard_copy(dirfd, lower, e);
	if (stat(lower, &st) < 0)
		return err_sys(e, "stat '%s'", lower);
	stack.root = (struct snapshot_root){
		.mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid, .mtime = st.st_mtim
	};
	r = overlay_prepare(dirfd, &stack, true, e);
	if (r < 0)
		return r;
	fd = overlay_mount(dirfd, &stack, true, NULL, e);
	if (fd < 0)
		return fd;
	r = move(fd, lower, e);
	(void)close(fd);
	return r;
}

static int discard_file(struct run_step *s, size_t n, const char *path, struct err *e)
{
	autofree char *name = xasprintf("%zu", n);
	autofd int dirfd = run_scratch_dir(s, name, 0700, e);
	autofd int from = open(path, O_RDONLY | O_CLOEXEC);
	autofd int to = -1, tree = -1;
	struct stat st;
	int r;

	if (dirfd < 0)
		return dirfd;
	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(e, "open '%s'", path);
	to = openat(dirfd, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return err_sys(e, "make a file that is thrown away");
	r = file_copy(from, to, NULL, e);
	if (r < 0)
		return r;
	if (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return err_sys(e, "set the owner of a file that is thrown away");
	tree = run_clone_tree(to, e);
	return tree < 0 ? tree : move(tree, path, e);
}

static int attach_tree(struct run_step *s, struct run_place *p, size_t n, struct err *e)
{
	int r = make_point(p, p->source, e);

	if (r >= 0)
		r = move(p->treefd, p->source, e);
	if (r < 0 || !p->discard)
		return r;
	return p->is_file ? discard_file(s, n, p->source, e) : discard_dir(s, n, p->source, e);
}

static int attach(struct run_step *s, size_t n, struct err *e)
{
	struct run_place *p = &s->places[n];

	p->source = arena_printf(&s->arena, "%s/%zu", s->private, n);
	switch (p->kind) {
	case PLACE_TREE:
		return attach_tree(s, p, n, e);
	case PLACE_FILE:
		return make_file(p, p->source, e);
	case PLACE_EMPTY:
		return make_dir(p->source, 0755, e);
	case PLACE_TMPFS:
	case PLACE_SOCKET: /* run_agents_start() */
		return 0;
	}
	return 0;
}

/* ---- The root ---- */

static int attach_root(struct run_step *s, struct err *e)
{
	int r;

	if (s->root->path) {
		s->rootfs = s->root->path;
		return 0;
	}
	s->rootfs = arena_printf(&s->arena, "%s/root", s->private);
	r = make_dir(s->rootfs, 0755, e);
	if (r < 0)
		return r;
	/* Where the kernel copies no mount that is nowhere (before Linux 6.15), it is moved here.
	 */
	return move(s->root_treefd >= 0 ? s->root_treefd : s->root->fd, s->rootfs, e);
}

static int leave(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace (in a user namespace, such as that of "
				  "'creel-image unshare', anybody may)");
	/* What the host unmounts must not be kept busy by us. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "keep mounts from the host");
	return 0;
}

int run_private_enter(struct run_step *s, struct err *e)
{
	int r = leave(e);

	if (r < 0)
		return r;
	if (mount("creel-build", s->private, "tmpfs", MS_NOSUID | MS_NODEV, PRIVATE_OPTIONS) < 0)
		return err_sys(e, "mount a file system for the step on '%s'", s->private);
	r = attach_root(s, e);
	for (size_t i = 0; i < s->n_places && r >= 0; i++) {
		r = attach(s, i, e);
		if (r < 0)
			(void)err_wrap(e, r, "mount for '%s'", s->places[i].target);
	}
	return r;
}
