/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry, made.  Order matters: the owner first (chown takes setuid bits and
 * file capabilities away), then the mode, then attributes, then times.  A plain
 * file of the caller's own user costs open, write, futimens and close.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "imagetool/layer/apply_internal.h"
#include "imagetool/layer/policy.h"
#include "imagetool/layer/view.h"
#include "libutil/beneath.h"
#include "libutil/file.h"

/* Bits that chown removes or that open and mkdir do not give. */
#define SPECIAL_BITS 07000

/* Where an entry goes. */
struct place {
	int dirfd;
	const char *name;
};

/* Needs chown?  The maker's own ids come by themselves. */
static bool is_foreign(const struct apply *a, const struct tar_entry *n)
{
	if (!a->privileged)
		return false;
	return n->uid != a->uid || n->gid != a->gid || a->parent.dir.setgid;
}

/* `fd` is the open file, or -1. */
static int set_owner(const struct place *at, int fd, const struct tar_entry *n, struct err *e)
{
	uid_t uid = (uid_t)n->uid;
	gid_t gid = (gid_t)n->gid;
	int r = fd >= 0 ? fchown(fd, uid, gid)
			: fchownat(at->dirfd, at->name, uid, gid, AT_SYMLINK_NOFOLLOW);

	if (r < 0 && errno == EINVAL)
		return err_set(e, EINVAL, "owner %u:%u has no mapping in this user namespace", uid,
			       gid);
	return r < 0 ? err_sys(e, "set owner %u:%u", uid, gid) : 0;
}

static int set_times_at(const struct place *at, const struct tar_entry *n, struct err *e)
{
	struct timespec times[2] = { n->mtime, n->mtime };

	if (utimensat(at->dirfd, at->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set times");
	return 0;
}

/* ---- Files ---- */

static int write_content(struct apply *a, int fd, const struct tar_entry *n, struct tar_reader *t,
			 struct err *e)
{
	const uint8_t *data;
	int64_t offset, end = 0;
	size_t len;
	int r;

	while ((r = tar_data(t, &data, &len, &offset, e)) > 0) {
		a->bytes += len;
		r = file_pwrite_all(fd, data, len, offset, e);
		if (r < 0)
			return r;
		end = offset + (int64_t)len;
	}
	if (r >= 0 && end < n->size && ftruncate(fd, n->size) < 0)
		return err_sys(e, "set size %lld", (long long)n->size);
	return r;
}

static int finish_file(struct apply *a, const struct place *at, int fd, const struct tar_entry *n,
		       struct err *e)
{
	struct timespec times[2] = { n->mtime, n->mtime };
	int r = 0;

	if (is_foreign(a, n))
		r = set_owner(at, fd, n, e);
	if (r >= 0 && (n->mode & SPECIAL_BITS) && fchmod(fd, n->mode) < 0)
		r = err_sys(e, "set mode %04o", n->mode);
	if (r >= 0)
		r = xattrs_set(a, fd, -1, NULL, n, e);
	if (r >= 0 && futimens(fd, times) < 0)
		r = err_sys(e, "set times");
	return r;
}

static int create_file(struct apply *a, const struct place *at, const struct tar_entry *n,
		       struct tar_reader *t, struct err *e)
{
	/* umask is 0: the plain bits are right from the start. */
	autofd int fd =
		openat(at->dirfd, at->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       n->mode & ~(mode_t)SPECIAL_BITS);
	int r;

	if (fd < 0)
		return err_sys(e, "create");
	r = write_content(a, fd, n, t, e);
	if (r >= 0)
		r = finish_file(a, at, fd, n, e);
	/* Network file systems and quotas tell here that they could not keep it. */
	if (r >= 0 && close(steal_fd(&fd)) < 0 && errno != EINTR)
		r = err_sys(e, "close");
	return r;
}

/* ---- Everything else ---- */

static int finish_node(struct apply *a, const struct place *at, const struct tar_entry *n,
		       struct err *e)
{
	int r = is_foreign(a, n) ? set_owner(at, -1, n, e) : 0;

	/* A symlink has no mode.  Nothing else can be a symlink: it was made just now. */
	if (r >= 0 && n->type != TAR_SYMLINK && (n->mode & SPECIAL_BITS) &&
	    fchmodat(at->dirfd, at->name, n->mode, 0) < 0)
		r = err_sys(e, "set mode %04o", n->mode);
	if (r >= 0)
		r = xattrs_set(a, -1, at->dirfd, at->name, n, e);
	return r < 0 ? r : set_times_at(at, n, e);
}

static int create_symlink(struct apply *a, const struct place *at, const struct tar_entry *n,
			  struct err *e)
{
	if (symlinkat(n->link, at->dirfd, at->name) < 0)
		return err_sys(e, "make symlink");
	return finish_node(a, at, n, e);
}

static int create_device(struct apply *a, const struct place *at, const struct tar_entry *n,
			 struct err *e)
{
	mode_t type = n->type == TAR_CHAR ? S_IFCHR : S_IFBLK;

	if (mknodat(at->dirfd, at->name, type | (n->mode & 0777), makedev(n->major, n->minor)) <
	    0) {
		if (errno != EPERM)
			return err_sys(e, "make device %u:%u", n->major, n->minor);
		a->notes.devices++;
		return 0;
	}
	return finish_node(a, at, n, e);
}

static int create_fifo(struct apply *a, const struct place *at, const struct tar_entry *n,
		       struct err *e)
{
	if (mkfifoat(at->dirfd, at->name, n->mode & 0777) < 0)
		return err_sys(e, "make fifo");
	return finish_node(a, at, n, e);
}

static bool is_dir(const struct place *at)
{
	struct stat st;

	return fstatat(at->dirfd, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Take away what is there.  It may be a link on the way to the directory that it is in, which
 * therefore stays open. */
static int make_room(struct apply *a, struct place *at, struct err *e)
{
	autofd int fd = fcntl(at->dirfd, F_DUPFD_CLOEXEC, 3);
	size_t real_len = a->parent.dir.real_len;
	char real[PATH_MAX];
	int r;

	if (fd < 0)
		return err_sys(e, "duplicate a descriptor");
	/* What was noted about directories in there is void. */
	if (a->overlay && is_dir(at))
		a->overlay->facts.redo = true;
	memcpy(real, a->parent.real, real_len + 1);
	r = remove_any(a, fd, at->name, e);
	if (r >= 0)
		r = parent_set(a, steal_fd(&fd), real, real_len, e);
	at->dirfd = a->parent.dir.fd;
	return r;
}

/* Is it the file the link is to be made to?  Then nothing is to be done, and nothing removed. */
static bool is_same_file(int dirfd, const char *name, const struct place *at)
{
	struct stat x, y;

	return fstatat(dirfd, name, &x, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(x.st_mode) &&
	       fstatat(at->dirfd, at->name, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

static int open_parent_of(struct apply *a, const struct entry_path *p, struct err *e)
{
	struct entry_path cut = *p;

	cut.text[cut.parent_len] = '\0';
	return beneath_open(a->rootfd, cut.parent_len ? cut.text : ".", O_PATH | O_DIRECTORY, 0,
			    BENEATH_CHROOT, e);
}

/* A directory that an earlier layer closed to its owner is opened by entering it, and then `at` is
 * entered again. */
static int open_closed_parent(struct apply *a, struct place *at, const struct entry_path *p,
			      const struct entry_path *target, struct err *e)
{
	autofd int fd = -1;
	int r;

	err_clear(e);
	r = parent_enter(a, target, false, e);
	if (r >= 0)
		fd = open_parent_of(a, target, e);
	if (r >= 0 && fd >= 0)
		r = parent_enter(a, p, false, e);
	at->dirfd = a->parent.dir.fd;
	return r < 0 ? r : steal_fd(&fd);
}

/* Takes away what is there.  The target was found before: the way to it may have led through that.
 */
static int link_at(struct apply *a, int dirfd, const char *name, struct place *at, const char *what,
		   struct err *e)
{
	int r;

	/* Without AT_SYMLINK_FOLLOW: a link to a symlink is a second name of the symlink. */
	if (linkat(dirfd, name, at->dirfd, at->name, 0) == 0)
		return 0;
	r = err_sys(e, "hard link to '%.200s'", what);
	if (r != -EEXIST)
		return r;
	err_clear(e);
	if (is_same_file(dirfd, name, at))
		return 0;
	r = make_room(a, at, e);
	if (r < 0 || linkat(dirfd, name, at->dirfd, at->name, 0) == 0)
		return r;
	/* Missing would mean that it may be in a lower layer. */
	if (errno == ENOENT)
		errno = EINVAL;
	return err_sys(e, "hard link to '%.200s'", what);
}

static bool is_whiteout_at(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && overlay_is_whiteout(&st);
}

/* The target is not of this layer: it is brought here first. */
static int link_lower(struct apply *a, struct place *at, const struct entry_path *p,
		      const struct entry_path *target, const char *what, struct err *e)
{
	autofd int fd = -1;
	int r = overlay_copy_up(a, target, e);

	if (r == 0) {
		fd = fcntl(a->parent.dir.fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			r = err_sys(e, "duplicate a descriptor");
	}
	if (r == 0)
		r = parent_enter(a, p, false, e);
	if (r != 0)
		return r < 0 ? err_wrap(e, r, "hard link to '%.200s'", what) : r;
	at->dirfd = a->parent.dir.fd;
	return link_at(a, fd, entry_path_base(target), at, what, e);
}

/* The target's own attributes stay: the entry that made it stated them. */
static int create_hardlink(struct apply *a, struct place *at, const struct entry_path *p,
			   const struct tar_entry *n, struct err *e)
{
	struct entry_path target;
	autofd int fd = -1;
	int r = entry_path_parse(n->link, &target, e);

	if (r < 0 || target.len == 0)
		return err_set(e, EINVAL, "hard link to '%.200s': not below the root", n->link);
	fd = open_parent_of(a, &target, e);
	if (fd == -EACCES && !a->privileged)
		fd = open_closed_parent(a, at, p, &target, e);
	if (fd >= 0 && a->overlay && a->overlay->whiteouts &&
	    is_whiteout_at(fd, entry_path_base(&target)))
		r = err_set(e, ENOENT, "hard link to '%.200s': it is missing", n->link);
	else if (fd >= 0)
		r = link_at(a, fd, entry_path_base(&target), at, n->link, e);
	else
		r = err_wrap(e, fd, "hard link to '%.200s'", n->link);
	/* A directory that was assumed, and perhaps taken away, may be a symlink or a file. */
	if (a->overlay && !a->overlay->lower && (r == -EPERM || (r < 0 && a->overlay->facts.redo)))
		r = -ENOENT;
	if (!a->overlay || (r != -ENOENT && r != -ENOTDIR))
		return r;
	err_clear(e);
	return link_lower(a, at, p, &target, n->link, e);
}

/* ---- Directories ---- */

/* Time and mode are set for good when the layer is complete. */
static int note_dir(struct apply *a, const struct place *at, const struct entry_path *p,
		    const struct tar_entry *n, struct err *e)
{
	char path[2 * PATH_MAX] = "";
	size_t len = 0;
	struct dir_time *row;
	struct stat st;
	bool is_new;

	if (p->len)
		len = (size_t)(stpcpy(stpcpy(stpcpy(path, a->parent.real),
					     a->parent.dir.real_len ? "/" : ""),
				      at->name) -
			       path);

	if (fstatat(at->dirfd, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat");
	row = dir_times_get(&a->dirs, path, len, &st, &is_new);
	row->done = false;
	row->mtime = n->mtime;
	row->mode = n->mode;
	row->set_mode = !a->privileged && (n->mode & 0700) != 0700;
	return 0;
}

static int finish_dir(struct apply *a, const struct place *at, const struct entry_path *p,
		      const struct tar_entry *n, bool is_new, struct err *e)
{
	/* Who is not root must be able to fill it. */
	mode_t mode = a->privileged ? n->mode : n->mode | 0700;
	int r = 0;

	if (is_foreign(a, n) || (a->privileged && !is_new))
		r = set_owner(at, -1, n, e);

	/* The set-group-id bit of the parent is inherited: it may have to be removed, too. */
	if (r >= 0 && (!is_new || (n->mode & SPECIAL_BITS) || a->parent.dir.setgid) &&
	    fchmodat(at->dirfd, at->name, mode, 0) < 0)
		r = err_sys(e, "set mode %04o", n->mode);
	if (r >= 0 && !is_new)
		r = xattrs_prune(a, at->dirfd, at->name, n, e);
	if (r >= 0)
		r = xattrs_set(a, -1, at->dirfd, at->name, n, e);
	return r < 0 ? r : note_dir(a, at, p, n, e);
}

static int create_dir(struct apply *a, const struct place *at, const struct entry_path *p,
		      const struct tar_entry *n, struct err *e)
{
	mode_t mode = (a->privileged ? n->mode : n->mode | 0700) & 0777;

	if (mkdirat(at->dirfd, at->name, mode) == 0)
		return finish_dir(a, at, p, n, true, e);
	if (errno != EEXIST || !is_dir(at))
		return err_sys(e, "make directory");
	/* It may be one that was assumed: what was put in it may belong elsewhere. */
	if (a->overlay && !seen_has(&a->seen, a->parent.dir.ino, at->name))
		a->overlay->facts.redo = true;
	return finish_dir(a, at, p, n, false, e);
}

int create_root(struct apply *a, const struct tar_entry *n, struct err *e)
{
	static const struct entry_path root;
	const struct place at = { a->rootfd, "." };
	int r;

	r = entry_check_root(n, e);
	if (r >= 0)
		r = finish_dir(a, &at, &root, n, false, e);
	if (r >= 0 && a->overlay)
		overlay_note_root(a, n);
	/* What is known about the directory of the last entry may be about this one. */
	parent_forget(a);
	return r < 0 ? err_wrap(e, r, "root directory") : 0;
}

/* ---- All of them ---- */

static int create_once(struct apply *a, struct place *at, const struct entry_path *p,
		       const struct tar_entry *n, struct tar_reader *t, struct err *e)
{
	switch (n->type) {
	case TAR_FILE:
		return create_file(a, at, n, t, e);
	case TAR_HARDLINK:
		return create_hardlink(a, at, p, n, e);
	case TAR_SYMLINK:
		return create_symlink(a, at, n, e);
	case TAR_CHAR:
	case TAR_BLOCK_DEVICE:
		return create_device(a, at, n, e);
	case TAR_DIR:
		return create_dir(a, at, p, n, e);
	case TAR_FIFO:
		return create_fifo(a, at, n, e);
	}
	return -EINVAL;
}

int create_entry(struct apply *a, const char *name, const struct entry_path *p,
		 const struct tar_entry *n, struct tar_reader *t, struct err *e)
{
	struct place at = { a->parent.dir.fd, name };
	int r = entry_check(n, e);

	if (r < 0)
		return r;
	r = create_once(a, &at, p, n, t, e);
	if (r != -EEXIST)
		return r;
	err_clear(e);
	r = make_room(a, &at, e);
	if (r == 0)
		r = create_once(a, &at, p, n, t, e);
	if (r == 0 && a->overlay && n->type == TAR_DIR)
		r = overlay_hide(a, a->parent.dir.fd, name, e);
	return r;
}
