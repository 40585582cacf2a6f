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

static void close_dir(struct apply_dir *d)
{
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = -1;
}

void parent_forget(struct apply *a)
{
	close_dir(&a->parent.dir);
	while (a->parent.n_above)
		close_dir(&a->parent.above[--a->parent.n_above]);
}

/* ---- Times ---- */

/* Nothing is made in it any more, most likely: its time is set while it is open.  If something is,
 * or the kernel can't do it this way, it is set at the layer's end. */
static void set_times(struct apply *a, const struct apply_dir *d)
{
	struct dir_time *row = &a->dirs.rows[d->row];
	const struct timespec times[2] = { row->mtime, row->mtime };

	if (!row->set_mode)
		row->done = utimensat(d->fd, "", times, AT_EMPTY_PATH) == 0;
}

/* To the directory above. */
static void leave_one(struct apply *a)
{
	struct apply_parent *p = &a->parent;

	set_times(a, &p->dir);
	close_dir(&p->dir);
	if (p->n_above == 0)
		return;
	p->dir = p->above[--p->n_above];
	p->path[p->dir.len] = '\0';
	p->real[p->dir.real_len] = '\0';
	p->hidden = p->walked = false;
}

void parent_leave(struct apply *a)
{
	while (a->parent.dir.fd >= 0)
		leave_one(a);
}

/* ---- One directory ---- */

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

/* Takes the descriptor. */
static int describe(struct apply *a, int dirfd, const char *real, size_t real_len,
		    struct apply_dir *ret, struct err *e)
{
	autofd int fd = dirfd;
	struct dir_time *row;
	struct stat st;
	bool is_new;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%.*s'", (int)real_len, real);
	row = dir_times_get(&a->dirs, real, real_len, &st, &is_new);
	row->done = false;
	r = widen(a, fd, row, e);
	if (r < 0)
		return r;
	*ret = (struct apply_dir){
		.fd = steal_fd(&fd),
		.ino = st.st_ino,
		.setgid = st.st_mode & S_ISGID,
		.row = (size_t)(row - a->dirs.rows),
		.real_len = real_len,
	};
	return 0;
}

int parent_set(struct apply *a, int fd, const char *real, size_t real_len, struct err *e)
{
	struct apply_dir d;
	int r = describe(a, fd, real, real_len, &d, e);

	if (r < 0)
		return r;
	parent_forget(a);
	a->parent.dir = d;
	a->parent.hidden = a->parent.walked = false;
	memmove(a->parent.real, real, real_len);
	a->parent.real[real_len] = '\0';
	parent_remember(a, real, real_len);
	return 0;
}

void parent_remember(struct apply *a, const char *path, size_t len)
{
	a->parent.dir.len = len;
	memcpy(a->parent.path, path, len);
	a->parent.path[len] = '\0';
}

static ssize_t kernel_path(int fd, char ret[PATH_MAX])
{
	char path[FD_PATH_SIZE];
	ssize_t n = readlink(fd_path(fd, path), ret, PATH_MAX);

	return n < PATH_MAX ? n : -1;
}

/* Where it is in the tree: links led to it that later entries may replace. NULL: the kernel does
 * not say. */
static const char *real_path(const struct apply *a, int fd, char buf[PATH_MAX], size_t *ret_len)
{
	char root[PATH_MAX];
	ssize_t n = kernel_path(fd, buf), n_root = kernel_path(a->rootfd, root);

	if (n < 0 || n_root < 0 || n < n_root || memcmp(buf, root, (size_t)n_root) != 0)
		return NULL;
	if (n > n_root && n_root > 1 && buf[n_root++] != '/')
		return NULL;
	*ret_len = (size_t)(n - n_root);
	return buf + n_root;
}

/* parent_set() of what was found as `path`. */
static int set_found(struct apply *a, int fd, const char *path, size_t len, struct err *e)
{
	char buf[PATH_MAX];
	size_t real_len = 0;
	const char *real = real_path(a, fd, buf, &real_len);
	int r = len && real ? parent_set(a, fd, real, real_len, e)
			    : parent_set(a, fd, path, len, e);

	if (r >= 0)
		parent_remember(a, path, len);
	return r;
}

int parent_make_implied(struct apply *a, const char *name, struct err *e)
{
	struct stat st;

	if (mkdirat(a->parent.dir.fd, name, IMPLIED_MODE) < 0 ||
	    fstatat(a->parent.dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "make directory '%s'", name);
	dir_times_made(&a->dirs, st.st_ino);
	/* What it would inherit depends on what is below, which a layer alone does not know. */
	if (!a->parent.dir.setgid)
		return 0;
	if (a->privileged &&
	    fchownat(a->parent.dir.fd, name, a->uid, a->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of '%s'", name);
	if (fchmodat(a->parent.dir.fd, name, IMPLIED_MODE, 0) < 0)
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
	if (fd == -ENOENT && make && a->parent.dir.fd >= 0) {
		r = parent_make_implied(a, path + base, e);
		if (r >= 0)
			fd = open_dir(a, path, e);
	}
	if (r == 0)
		r = fd < 0 ? fd : set_found(a, fd, path, len, e);
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

/* ---- The directory of an entry ---- */

/* Is the open directory on the way to the entry, or its own? */
static bool is_on_way(const struct apply *a, const struct entry_path *p)
{
	size_t len = a->parent.dir.len;

	return len <= p->parent_len && memcmp(a->parent.path, p->text, len) == 0 &&
	       (len == 0 || len == p->parent_len || p->text[len] == '/');
}

/* Into the directory at p->text[from .. end).  -ENOENT and the like when it is none, or a link. */
static int descend(struct apply *a, const struct entry_path *p, size_t from, size_t end,
		   struct err *e)
{
	struct apply_parent *at = &a->parent;
	char name[NAME_MAX + 1], real[2 * PATH_MAX];
	size_t real_len = at->dir.real_len;
	struct apply_dir d;
	int fd, r;

	if (end - from > NAME_MAX || at->n_above == PARENT_DEPTH ||
	    real_len + 1 + end - from >= PATH_MAX)
		return -ENOENT;
	memcpy(name, p->text + from, end - from);
	name[end - from] = '\0';
	fd = openat(at->dir.fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memcpy(real, at->real, real_len);
	if (real_len)
		real[real_len++] = '/';
	memcpy(real + real_len, name, end - from);
	real_len += end - from;
	real[real_len] = '\0';
	r = describe(a, fd, real, real_len, &d, e);
	if (r < 0)
		return r;
	d.len = end;
	at->above[at->n_above++] = at->dir;
	at->dir = d;
	memcpy(at->path, p->text, end);
	at->path[end] = '\0';
	memcpy(at->real, real, real_len + 1);
	at->hidden = at->walked = false;
	return 0;
}

/* Up and down from where we are, as far as the way has no links. */
static int move(struct apply *a, const struct entry_path *p, struct err *e)
{
	int r = 0;

	while (a->parent.dir.fd >= 0 && !is_on_way(a, p))
		leave_one(a);
	if (a->parent.dir.fd < 0) {
		int fd = fcntl(a->rootfd, F_DUPFD_CLOEXEC, 3);

		r = fd < 0 ? err_sys(e, "duplicate a descriptor") : parent_set(a, fd, "", 0, e);
	}
	while (r >= 0 && a->parent.dir.len < p->parent_len) {
		size_t from = a->parent.dir.len ? a->parent.dir.len + 1 : 0;
		const char *slash = memchr(p->text + from, '/', p->parent_len - from);

		r = descend(a, p, from, slash ? (size_t)(slash - p->text) : p->parent_len, e);
	}
	return r;
}

/* The way from the root, with links. */
static int find(struct apply *a, const struct entry_path *p, bool make, struct err *e)
{
	char path[PATH_MAX];
	int fd, r;

	memcpy(path, p->text, p->parent_len);
	path[p->parent_len] = '\0';
	fd = open_dir(a, path, e);
	r = fd < 0 ? fd : set_found(a, fd, path, p->parent_len, e);
	if (a->overlay && (r == -ENOENT || r == -ENOTDIR || (r == -EACCES && !a->privileged))) {
		err_clear(e);
		return overlay_enter(a, p, make ? OVERLAY_MAKE : OVERLAY_FIND, e);
	}
	if ((r == -ENOENT && make) || (r == -EACCES && !a->privileged)) {
		err_clear(e);
		return walk_parents(a, p, make, e);
	}
	return r;
}

int parent_enter(struct apply *a, const struct entry_path *p, bool make, struct err *e)
{
	int r;

	if (a->parent.dir.fd >= 0 && a->parent.dir.len == p->parent_len &&
	    memcmp(a->parent.path, p->text, p->parent_len) == 0)
		return 0;
	r = move(a, p, e);
	if (r >= 0)
		return 0;
	err_clear(e);
	r = find(a, p, make, e);
	return r < 0 ? err_wrap(e, r, "directory of '%.200s'", p->text) : r;
}
