/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "imagetool/diff/file_pieces.h"
#include "imagetool/diff/ftree_dir.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/overlay_xattr.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define BLOCK    512 /* the unit of st_blocks */
#define ALL_BITS 07777

struct copying {
	int fromfd, tofd;
	enum tree_copy_files files;
	/* The directory of the last node, in both trees. */
	const struct node *dir;
	int from, to;
	struct strbuf path;
	struct arena *arena;
};

static void leave(struct copying *c)
{
	if (c->from >= 0)
		(void)close(c->from);
	if (c->to >= 0)
		(void)close(c->to);
	c->from = c->to = -1;
	c->dir = NULL;
}

static int open_dir(struct copying *c, int rootfd, const struct node *dir, struct err *e)
{
	strbuf_truncate(&c->path, 0);
	ftree_path(dir, &c->path);
	return beneath_open(rootfd, c->path.len ? c->path.data : ".", O_RDONLY | O_DIRECTORY, 0,
			    BENEATH_STRICT, e);
}

static int enter(struct copying *c, const struct node *dir, struct err *e)
{
	if (c->dir == dir)
		return 0;
	leave(c);
	c->from = open_dir(c, c->fromfd, dir, e);
	c->to = c->from < 0 ? c->from : open_dir(c, c->tofd, dir, e);
	if (c->to < 0)
		return c->to;
	c->dir = dir;
	return 0;
}

/* ---- Attributes ---- */

static int set_xattrs(int dirfd, const char *name, const struct inode *i, struct err *e)
{
	struct xattr_path path;

	if (!i->n_xattrs)
		return 0;
	(void)xattr_path_at(dirfd, name, &path);
	for (size_t k = 0; k < i->n_xattrs; k++) {
		const struct tar_xattr *x = &i->xattrs[k];

		if (lsetxattr(path.text, x->name, x->value, x->len, 0) < 0 &&
		    !xattr_may_lack(errno))
			return err_sys(e, "set extended attribute '%.80s'", x->name);
	}
	return 0;
}

/* The owner first: chown takes setuid bits and capabilities away. */
static int set_attributes(int dirfd, const char *name, const struct inode *i, struct err *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, i->mtime };
	int r;

	if (fchownat(dirfd, name, (uid_t)i->uid, (gid_t)i->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner");
	if (i->type != TAR_SYMLINK && fchmodat(dirfd, name, i->mode, 0) < 0)
		return err_sys(e, "set the mode");
	r = set_xattrs(dirfd, name, i, e);
	if (r >= 0 && utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the time");
	return r;
}

/* ---- Files ---- */

static int write_piece(void *ctx, int64_t offset, const void *data, size_t len, struct err *e)
{
	return file_pwrite_all(*(const int *)ctx, data, len, offset, e);
}

static int copy_holes(int in, int out, int64_t size, struct err *e)
{
	int64_t end;
	int r = file_pieces(in, size, write_piece, &out, &end, e);

	return r >= 0 && ftruncate(out, end) < 0 ? err_sys(e, "set the size") : r;
}

/* What creating it gave already is not set again. */
static int finish_file(struct copying *c, int fd, struct node *n, struct err *e)
{
	struct inode *i = n->inode;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, i->mtime };
	struct stat st;
	bool foreign;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	foreign = st.st_uid != i->uid || st.st_gid != i->gid;
	if (foreign && fchown(fd, (uid_t)i->uid, (gid_t)i->gid) < 0)
		return err_sys(e, "set the owner");
	if ((foreign || (st.st_mode & ALL_BITS) != i->mode) && fchmod(fd, i->mode) < 0)
		return err_sys(e, "set the mode");
	r = set_xattrs(c->to, n->name, i, e);
	if (r >= 0 && futimens(fd, times) < 0)
		r = err_sys(e, "set the time");
	i->copy_ino = st.st_ino;
	return r;
}

static int copy_content(struct copying *c, struct node *n, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	autofd int in = openat(c->from, n->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autofd int out = -1;
	struct stat st;
	int r = 0;

	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(e, "open");
	out = openat(c->to, n->name, flags, n->inode->mode & 0777);
	if (out < 0)
		return err_sys(e, "create");
	/* What is copied at once shares its blocks where the file system can. */
	if (st.st_size)
		r = st.st_blocks < st.st_size / BLOCK ? copy_holes(in, out, st.st_size, e)
						      : file_copy(in, out, NULL, e);
	return r < 0 ? r : finish_file(c, out, n, e);
}

/* 1: it is one now. */
static int link_file(const struct copying *c, const struct node *n)
{
	return c->files != COPY_WRITABLE && linkat(c->from, n->name, c->to, n->name, 0) == 0;
}

static mode_t device_mode(const struct inode *i)
{
	return i->type == TAR_CHAR ? S_IFCHR : i->type == TAR_FIFO ? S_IFIFO : S_IFBLK;
}

static int make_node(struct copying *c, struct node *n, struct err *e)
{
	const struct inode *i = n->inode;

	switch (i->type) {
	case TAR_FILE:
		return copy_content(c, n, e);
	case TAR_SYMLINK:
		return symlinkat(i->link, c->to, n->name) < 0 ? err_sys(e, "make symlink") : 0;
	case TAR_DIR:
		return mkdirat(c->to, n->name, 0700) < 0 ? err_sys(e, "make directory") : 0;
	case TAR_CHAR:
	case TAR_FIFO:
	case TAR_BLOCK_DEVICE:
		if (mknodat(c->to, n->name, device_mode(i) | 0600, makedev(i->major, i->minor)) < 0)
			return err_sys(e, "make special file");
		return 0;
	case TAR_HARDLINK:
		break;
	}
	return err_set(e, EINVAL, "no such type of file");
}

/* Another name of what is there already. */
static int link_copy(const struct copying *c, const struct node *n, struct err *e)
{
	autofree char *name = NULL;
	autofd int fd =
		beneath_open_parent(c->tofd, n->inode->written_as, BENEATH_STRICT, &name, e);

	if (fd < 0)
		return fd;
	return linkat(fd, name, c->to, n->name, 0) < 0 ? err_sys(e, "make a hard link") : 0;
}

static void note_links(struct copying *c, const struct node *n)
{
	if (!n->inode->nodes->next_link)
		return;
	strbuf_truncate(&c->path, 0);
	ftree_path(n, &c->path);
	n->inode->written_as = arena_strdup(c->arena, strbuf_str(&c->path));
}

/* 1: a directory of this name is there already, and stays. */
static int make_room(struct copying *c, const struct node *n, struct err *e)
{
	struct stat st;
	int r;

	if (c->files != COPY_OVER || fstatat(c->to, n->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode) && n->inode->type == TAR_DIR)
		return 1;
	r = dir_remove_all_at(c->to, n->name, e);
	return r < 0 ? r : 0;
}

static int copy_node(struct copying *c, struct node *n, struct err *e)
{
	struct inode *i = n->inode;
	int r = enter(c, n->parent, e);

	if (r >= 0)
		r = make_room(c, n, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (i->written_as)
		return link_copy(c, n, e);
	if (i->type == TAR_FILE && link_file(c, n)) {
		i->copy_ino = i->ino;
		return 0;
	}
	r = make_node(c, n, e);
	if (r < 0 || i->type == TAR_DIR)
		return r;
	note_links(c, n);
	return i->type == TAR_FILE ? 0 : set_attributes(c->to, n->name, i, e);
}

/* When all is in them. */
static int finish_dir(struct copying *c, struct node *n, struct err *e)
{
	struct stat st;
	int r = enter(c, n->parent ? n->parent : n, e);
	const char *name = n->parent ? n->name : ".";

	if (r >= 0 && (n->parent || c->files != COPY_OVER))
		r = set_attributes(c->to, name, n->inode, e);
	if (r < 0)
		return r;
	if (fstatat(c->to, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat");
	n->inode->copy_ino = st.st_ino;
	return 0;
}

static int each(struct copying *c, struct ftree *t, bool dirs,
		int (*fn)(struct copying *, struct node *, struct err *), struct err *e)
{
	int r = 0;

	for (struct node *n = t->root; n && r >= 0; n = ftree_next(n, false)) {
		if (dirs ? n->inode->type != TAR_DIR : n == t->root)
			continue;
		r = interrupt_check(e);
		if (r >= 0)
			r = fn(c, n, e);
		if (r >= 0)
			continue;
		strbuf_truncate(&c->path, 0);
		ftree_path(n, &c->path);
		(void)err_wrap(e, r, "copy '/%s'", strbuf_str(&c->path));
	}
	leave(c);
	return r;
}

/* The clock that gives files their times may be some milliseconds behind. */
static int look_at_clock(int dirfd, struct timespec *ret, struct err *e)
{
	static const char name[] = ".wh.creel-clock";
	autofd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || unlinkat(dirfd, name, 0) < 0)
		return err_sys(e, "make a file");
	*ret = st.st_ctim;
	return 0;
}

int tree_copy_make(struct tree_copy *c, int fromfd, int tofd, enum tree_copy_files files,
		   struct err *e)
{
	struct copying copy = { .fromfd = fromfd,
				.tofd = tofd,
				.files = files,
				.from = -1,
				.to = -1,
				.arena = &c->old.arena };
	const struct ftree_dir_opts opts = { 0 };
	struct ftree_dir_notes notes = { 0 };
	int r;

	ftree_init(&c->old);
	r = ftree_add_dir(&c->old, fromfd, &opts, &notes, e);
	if (r >= 0)
		r = each(&copy, &c->old, false, copy_node, e);
	/* Before the root directory has its time. */
	if (r >= 0)
		r = look_at_clock(tofd, &c->done, e);
	if (r >= 0)
		r = each(&copy, &c->old, true, finish_dir, e);
	leave(&copy);
	strbuf_done(&copy.path);
	return r;
}

void tree_copy_done(struct tree_copy *c)
{
	ftree_done(&c->old);
	*c = (struct tree_copy){ 0 };
}
