/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files_sink.h"

#include <errno.h>
#include <fcntl.h>

#include "imagetool/step/files_content.h"
#include "libutil/alloc.h"
#include "libutil/beneath.h"

/* Bits that chown removes or that open does not give. */
#define SPECIAL_BITS 07000

void sink_init(struct sink *s, const struct files_attrs *attrs, int dirfd, const char *name)
{
	struct stat st;

	*s = (struct sink){ .attrs = attrs, .uid = geteuid(), .gid = getegid(), .name = name };
	s->cap = 16;
	s->dirs = xcalloc(s->cap, sizeof(*s->dirs));
	s->n = 1;
	s->dirs[0] = (struct sink_dir){ .fd = dirfd, .srcfd = -1 };
	s->dirs[0].setgid = fstat(dirfd, &st) == 0 && (st.st_mode & S_ISGID);
	s->buf = xcalloc(CONTENT_BUFFER, 1);
}

void sink_done(struct sink *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->dirs[i].fd >= 0)
			(void)close(s->dirs[i].fd);
	free(s->dirs);
	strbuf_done(&s->path);
	links_done(&s->links);
	free(s->buf);
	*s = (struct sink){ 0 };
}

/* ---- Attributes ---- */

static uid_t uid_of(const struct sink *s, const struct files_entry *en)
{
	return s->attrs->has_owner ? s->attrs->uid : en->uid;
}

static gid_t gid_of(const struct sink *s, const struct files_entry *en)
{
	return s->attrs->has_owner ? s->attrs->gid : en->gid;
}

static mode_t mode_of(const struct sink *s, const struct files_entry *en)
{
	return s->attrs->has_mode ? mode_set_apply(&s->attrs->mode, en->mode) : en->mode & 07777;
}

static struct sink_dir *top(const struct sink *s)
{
	return &s->dirs[s->n - 1];
}

/* Does a new file need chown? */
static bool is_foreign(const struct sink *s, const struct files_entry *en)
{
	return uid_of(s, en) != s->uid || gid_of(s, en) != s->gid || top(s)->setgid;
}

static int owner_failed(uid_t uid, gid_t gid, struct err *e)
{
	if (errno == EINVAL)
		return err_set(e, EINVAL,
			       "owner %u:%u has no mapping in this user namespace: give the user "
			       "more ids in /etc/subuid and /etc/subgid, or build as root",
			       uid, gid);
	return err_sys(e, "set owner %u:%u", uid, gid);
}

/* The owner first: chown takes setuid bits and capabilities away. */
static int set_attrs(const struct sink *s, int fd, const struct files_entry *en, int srcfd,
		     bool is_new, struct err *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, en->mtime };
	mode_t mode = mode_of(s, en);
	int r = 0;

	if ((!is_new || is_foreign(s, en)) && fchown(fd, uid_of(s, en), gid_of(s, en)) < 0)
		r = owner_failed(uid_of(s, en), gid_of(s, en), e);
	if (r >= 0 && (!is_new || (mode & SPECIAL_BITS) || top(s)->setgid) && fchmod(fd, mode) < 0)
		r = err_sys(e, "set mode %04o", mode);
	if (r >= 0 && srcfd >= 0)
		r = content_copy_xattrs(srcfd, fd, e);
	if (r >= 0 && futimens(fd, times) < 0)
		r = err_sys(e, "set times");
	return r;
}

/* ---- Directories ---- */

static int say_where(const struct sink *s, const char *name, int r, struct err *e)
{
	const char *dir = strbuf_str(&s->path);

	return err_wrap(e, r, "'%.150s%s%.150s%s%.100s'", s->name, *dir ? "/" : "", dir,
			name ? "/" : "", name ? name : "");
}

static bool is_dir_at(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* `d` is made in `above`, which is open. */
static int make_dir(const struct sink *s, const struct sink_dir *above, struct sink_dir *d,
		    struct err *e)
{
	const char *name = d->entry.name;
	struct stat st;

	d->created = mkdirat(above->fd, name, mode_of(s, &d->entry) & 0777) == 0;
	if (!d->created && errno != EEXIST)
		return err_sys(e, "make directory");
	d->fd = openat(above->fd, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(e, ENOTDIR, "cannot copy to non-directory");
	if (d->fd < 0)
		return err_sys(e, "open directory");
	d->setgid = fstat(d->fd, &st) == 0 && (st.st_mode & S_ISGID);
	return 0;
}

/* All on the way that are not there yet. */
static int make_way(struct sink *s, struct err *e)
{
	for (size_t i = 1; i < s->n; i++) {
		int r = s->dirs[i].fd >= 0 ? 0 : make_dir(s, &s->dirs[i - 1], &s->dirs[i], e);

		if (r < 0)
			return say_where(s, NULL, r, e);
	}
	return 0;
}

int sink_enter(struct sink *s, const struct files_entry *en, int srcfd, bool wanted, struct err *e)
{
	if (s->n == s->cap) {
		s->cap *= 2;
		s->dirs = xreallocarray(s->dirs, s->cap, sizeof(*s->dirs));
	}
	s->dirs[s->n] = (struct sink_dir){
		.fd = -1, .entry = *en, .srcfd = srcfd, .path_len = s->path.len
	};
	s->n++;
	if (s->path.len > 0)
		strbuf_addc(&s->path, '/');
	strbuf_adds(&s->path, en->name);
	s->dirs[s->n - 1].wanted = wanted;
	return wanted ? make_way(s, e) : 0;
}

/* One that is there already and only leads to what was wanted stays as it is. */
int sink_leave(struct sink *s, struct err *e)
{
	struct sink_dir *d = top(s);
	int r = 0;

	s->n--;
	if (d->fd >= 0 && (d->wanted || d->created))
		r = set_attrs(s, d->fd, &d->entry, d->srcfd, false, e);
	if (r < 0)
		(void)say_where(s, NULL, r, e);
	if (d->fd >= 0)
		(void)close(d->fd);
	strbuf_truncate(&s->path, d->path_len);
	return r;
}

int sink_finish_top(struct sink *s, const struct files_entry *en, int srcfd, bool created,
		    struct err *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, en->mtime };
	int r = 0;

	if (created)
		r = set_attrs(s, s->dirs[0].fd, en, srcfd, false, e);
	else if (futimens(s->dirs[0].fd, times) < 0)
		r = err_sys(e, "set times");
	return r < 0 ? say_where(s, NULL, r, e) : 0;
}

/* ---- Files ---- */

/* What is there goes, but for a directory. */
static int make_room(const struct sink *s, const char *name, struct err *e)
{
	if (is_dir_at(top(s)->fd, name))
		return err_set(e, EISDIR, "cannot replace to directory with file");
	if (unlinkat(top(s)->fd, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove what is there");
	return 0;
}

static char *path_of(const struct sink *s, const char *name)
{
	const char *dir = strbuf_str(&s->path);

	return xasprintf("%s%s%s", dir, *dir ? "/" : "", name);
}

static int link_to(struct sink *s, const char *path, const char *name, struct err *e)
{
	autofree char *base = NULL;
	autofd int fd = beneath_open_parent(s->dirs[0].fd, path, BENEATH_STRICT, &base, e);
	int r;

	if (fd < 0)
		return fd;
	if (linkat(fd, base, top(s)->fd, name, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "hard link to '%.200s'", path);
	r = make_room(s, name, e);
	if (r >= 0 && linkat(fd, base, top(s)->fd, name, 0) < 0)
		r = err_sys(e, "hard link to '%.200s'", path);
	return r;
}

int sink_link(struct sink *s, const struct files_entry *en, struct err *e)
{
	const char *path;
	int r;

	if (!en->may_be_linked)
		return 0;
	path = links_find(&s->links, en->dev, en->ino);
	if (!path) {
		links_add(&s->links, en->dev, en->ino, path_of(s, en->name));
		return 0;
	}
	r = make_way(s, e);
	if (r >= 0)
		r = link_to(s, path, en->name, e);
	return r < 0 ? say_where(s, en->name, r, e) : 1;
}

static int create(const struct sink *s, const char *name, mode_t mode, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(top(s)->fd, name, flags, mode), r;

	if (fd >= 0 || errno != EEXIST)
		return fd >= 0 ? fd : err_sys(e, "create");
	r = make_room(s, name, e);
	if (r < 0)
		return r;
	fd = openat(top(s)->fd, name, flags, mode);
	return fd >= 0 ? fd : err_sys(e, "create");
}

static int put_file(struct sink *s, const struct files_entry *en, int srcfd, struct err *e)
{
	/* umask is 0: the plain bits are right from the start. */
	autofd int fd = create(s, en->name, mode_of(s, en) & 0777, e);
	int r;

	if (fd < 0)
		return fd;
	r = content_copy(srcfd, fd, en->size, s->buf, e);
	if (r >= 0)
		r = set_attrs(s, fd, en, srcfd, true, e);
	/* Network file systems and quotas tell here that they could not keep it. */
	if (r >= 0 && close(steal_fd(&fd)) < 0 && errno != EINTR)
		r = err_sys(e, "close");
	return r;
}

int sink_file(struct sink *s, const struct files_entry *en, int srcfd, struct err *e)
{
	int r = make_way(s, e);

	if (r < 0)
		return r;
	r = put_file(s, en, srcfd, e);
	return r < 0 ? say_where(s, en->name, r, e) : 0;
}

/* ---- Everything else ---- */

static int make_node(int dirfd, const char *name, const struct files_entry *en, mode_t mode)
{
	if (S_ISLNK(en->mode))
		return symlinkat(en->link, dirfd, name);
	return mknodat(dirfd, name, (en->mode & S_IFMT) | (mode & 0777), en->rdev);
}

static int put_node(struct sink *s, const struct files_entry *en, int srcdirfd, struct err *e)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, en->mtime };
	int dirfd = top(s)->fd, r = 0;
	mode_t mode = mode_of(s, en);

	if (make_node(dirfd, en->name, en, mode) < 0) {
		if (errno == EEXIST)
			r = make_room(s, en->name, e);
		if (r >= 0 && make_node(dirfd, en->name, en, mode) < 0)
			r = err_sys(e, S_ISLNK(en->mode) ? "make symlink" : "make special file");
		if (r < 0)
			return r;
	}
	if (is_foreign(s, en) &&
	    fchownat(dirfd, en->name, uid_of(s, en), gid_of(s, en), AT_SYMLINK_NOFOLLOW) < 0)
		r = owner_failed(uid_of(s, en), gid_of(s, en), e);
	/* Nothing but a symlink can be one: it was made just now. */
	if (r >= 0 && !S_ISLNK(en->mode) && ((mode & SPECIAL_BITS) || top(s)->setgid) &&
	    fchmodat(dirfd, en->name, mode, 0) < 0)
		r = err_sys(e, "set mode %04o", mode);
	if (r >= 0 && srcdirfd >= 0)
		r = content_copy_xattrs_at(srcdirfd, dirfd, en->name, e);
	if (r >= 0 && utimensat(dirfd, en->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_sys(e, "set times");
	return r;
}

int sink_node(struct sink *s, const struct files_entry *en, int srcdirfd, struct err *e)
{
	int r = make_way(s, e);

	if (r >= 0) {
		r = put_node(s, en, srcdirfd, e);
		if (r < 0)
			(void)say_where(s, en->name, r, e);
	}
	return r;
}
