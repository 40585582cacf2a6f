/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/layer/apply_internal.h"
#include "libutil/beneath.h"
#include "libutil/fd.h"

/* Mode of directories that no layer describes. */
#define IMPLIED_MODE 0755

void parent_forget(struct apply *a)
{
	if (a->parent.fd >= 0)
		(void)close(a->parent.fd);
	a->parent.fd = -1;
}

/* Who is not root needs the owner's bits to find, make and list something in a directory. */
static int widen(struct apply *a, int fd, struct dir_time *row, struct err *e)
{
	char path[FD_PATH_SIZE];

	if (a->privileged || (row->mode & 0700) == 0700 || row->set_mode)
		return 0;
	if (chmod(fd_path(fd, path), row->mode | 0700) < 0)
		return err_sys(e, "make '%s' writable", row->path);
	row->set_mode = true;
	return 0;
}

int parent_set(struct apply *a, int dirfd, const char *path, size_t len, struct err *e)
{
	autofd int fd = dirfd;
	struct dir_time *row;
	struct stat st;
	bool is_new;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%.*s'", (int)len, path);
	row = dir_times_get(&a->dirs, path, len, &st, &is_new);
	r = widen(a, fd, row, e);
	if (r < 0)
		return r;
	parent_forget(a);
	a->parent.fd = steal_fd(&fd);
	a->parent.ino = st.st_ino;
	a->parent.setgid = st.st_mode & S_ISGID;
	a->parent.hidden = a->parent.walked = false;
	a->parent.real_len = len;
	memmove(a->parent.real, path, len);
	a->parent.real[len] = '\0';
	parent_remember(a, path, len);
	return 0;
}

void parent_remember(struct apply *a, const char *path, size_t len)
{
	a->parent.len = len;
	memcpy(a->parent.path, path, len);
	a->parent.path[len] = '\0';
}

int parent_make_implied(struct apply *a, const char *name, struct err *e)
{
	if (mkdirat(a->parent.fd, name, IMPLIED_MODE) < 0)
		return err_sys(e, "make directory '%s'", name);
	/* What it would inherit depends on what is below, which a layer alone does not know. */
	if (!a->parent.setgid)
		return 0;
	if (a->privileged && fchownat(a->parent.fd, name, a->uid, a->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of '%s'", name);
	if (fchmodat(a->parent.fd, name, IMPLIED_MODE, 0) < 0)
		return err_sys(e, "set the mode of '%s'", name);
	return 0;
}

static int open_dir(struct apply *a, const char *path, struct err *e)
{
	return beneath_open(a->rootfd, *path ? path : ".", O_PATH | O_DIRECTORY, 0, BENEATH_CHROOT,
			    e);
}

/* One step of the way: the directory at path[0 .. len), whose parent is a->parent. */
static int take_step(struct apply *a, char *path, size_t len, size_t base, bool make, struct err *e)
{
	char keep = path[len];
	int fd, r = 0;

	path[len] = '\0';
	fd = open_dir(a, path, e);
	if (fd == -ENOENT && make && a->parent.fd >= 0) {
		r = parent_make_implied(a, path + base, e);
		if (r >= 0)
			fd = open_dir(a, path, e);
	}
	if (r == 0)
		r = fd < 0 ? fd : parent_set(a, fd, path, len, e);
	path[len] = keep;
	return r;
}

/* Walk from the root, make what is missing (layers leave directories out), and open to ourselves
 * what an earlier layer has closed (who is not root). */
static int walk_parents(struct apply *a, const struct entry_path *p, bool make, struct err *e)
{
	char path[PATH_MAX];
	int r;

	memcpy(path, p->text, p->parent_len);
	path[p->parent_len] = '\0';
	r = take_step(a, path, 0, 0, make, e);
	for (size_t base = 0; r >= 0 && base < p->parent_len;) {
		const char *slash = memchr(path + base, '/', p->parent_len - base);
		size_t end = slash ? (size_t)(slash - path) : p->parent_len;

		r = take_step(a, path, end, base, make, e);
		base = end + 1;
	}
	return r;
}

int parent_enter(struct apply *a, const struct entry_path *p, bool make, struct err *e)
{
	char path[PATH_MAX];
	int fd, r;

	if (a->parent.fd >= 0 && a->parent.len == p->parent_len &&
	    memcmp(a->parent.path, p->text, p->parent_len) == 0)
		return 0;
	memcpy(path, p->text, p->parent_len);
	path[p->parent_len] = '\0';
	fd = open_dir(a, path, e);
	r = fd < 0 ? fd : parent_set(a, fd, path, p->parent_len, e);
	if (a->overlay && (r == -ENOENT || r == -ENOTDIR || (r == -EACCES && !a->privileged))) {
		err_clear(e);
		r = overlay_enter(a, p, make ? OVERLAY_MAKE : OVERLAY_FIND, e);
	} else if ((r == -ENOENT && make) || (r == -EACCES && !a->privileged)) {
		err_clear(e);
		r = walk_parents(a, p, make, e);
	}
	return r < 0 ? err_wrap(e, r, "directory of '%.200s'", p->text) : r;
}
