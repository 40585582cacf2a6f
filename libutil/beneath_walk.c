/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why this cannot leave the root: a descriptor only ever moves to an entry of
 * the directory it stands on, opened with O_NOFOLLOW.  ".." is not given to
 * the kernel, where a directory that was moved away meanwhile would lead
 * outside; the walk goes again from the root through the names it came by.
 * The text of a symlink is put in front of what is left of the path.
 */
#include "libutil/beneath_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libutil/cleanup.h"

/* As many as the kernel follows for one path. */
#define MAX_LINKS 40
/* Inode of the top directory of every procfs. */
#define PROC_ROOT_INODE 1

struct walk {
	int rootfd; /* borrowed */
	enum beneath_rule rule;
	int fd;              /* O_PATH of where the walk stands; -1: the root */
	int links;           /* symlinks followed */
	bool make_dirs;      /* make what is missing on the way */
	mode_t dir_mode;     /* of directories made */
	bool follow_last;    /* also follow a symlink at the end */
	bool want_dir;       /* the path ended in '/' */
	char done[PATH_MAX]; /* names from the root to here, without symlinks */
	char rest[PATH_MAX]; /* what is left to walk */
	char name[NAME_MAX + 1];
};

static void walk_init(struct walk *w, int rootfd, const char *path, enum beneath_rule rule)
{
	w->rootfd = rootfd;
	w->rule = rule;
	w->fd = -1;
	w->links = 0;
	w->make_dirs = false;
	w->dir_mode = 0;
	w->follow_last = true;
	w->want_dir = false;
	w->done[0] = '\0';
	w->name[0] = '\0';
	/* beneath.c has checked the length. */
	memcpy(w->rest, path, strlen(path) + 1);
}

static void walk_done(struct walk *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
}
AUTO_DEFINE_DONE(walk, walk_done)

static int here(const struct walk *w)
{
	return w->fd >= 0 ? w->fd : w->rootfd;
}

static void stand_on(struct walk *w, int fd)
{
	walk_done(w);
	w->fd = fd;
}

/* Move the next name from `rest` to `name`.  1: there is one; 0: the path has ended. */
static int take_name(struct walk *w)
{
	char *at = w->rest;
	size_t len;

	for (;;) {
		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len != 1 || at[0] != '.')
			break;
		at++;
	}
	if (len == 0) {
		w->rest[0] = '\0';
		return 0;
	}
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(w->name, at, len);
	w->name[len] = '\0';
	memmove(w->rest, at + len, strlen(at + len) + 1);
	return 1;
}

/* Nothing but slashes and dots follows; a slash or dot says that a directory is meant. */
static bool is_last(struct walk *w)
{
	const char *at = w->rest;

	while (*at == '/' || (*at == '.' && (at[1] == '/' || at[1] == '\0')))
		at++;
	if (*at)
		return false;
	if (w->rest[0])
		w->want_dir = true;
	return true;
}

static int append_name(struct walk *w)
{
	size_t have = strlen(w->done), len = strlen(w->name);

	if (have + len + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	if (have > 0)
		w->done[have++] = '/';
	memcpy(w->done + have, w->name, len + 1);
	return 0;
}

/* "..": from the root again, through all names but the last. */
static int go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');
	char *at = w->done;

	if (slash)
		*slash = '\0';
	else
		w->done[0] = '\0';
	stand_on(w, -1);
	while (*at) {
		size_t len = strcspn(at, "/");
		char kept = at[len];
		int fd;

		at[len] = '\0';
		fd = openat(here(w), at, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		at[len] = kept;
		if (fd < 0)
			return -errno;
		stand_on(w, fd);
		at += len + (kept == '/');
	}
	return 0;
}

/*
 * Links of procfs lead to objects, not to names.  Only those in its top
 * directory ("self", "mounts", ...) are text.
 */
static int refuse_magic(int dirfd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(dirfd, &fs) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	if (fstat(dirfd, &st) < 0)
		return -errno;
	return st.st_ino == PROC_ROOT_INODE ? 0 : -ELOOP;
}

/* Put the text of the link `fd` in front of what is left. */
static int follow(struct walk *w, int fd)
{
	char target[PATH_MAX];
	size_t left = strlen(w->rest);
	ssize_t len;
	int r;

	if (w->rule == BENEATH_STRICT || ++w->links > MAX_LINKS)
		return -ELOOP;
	r = refuse_magic(here(w));
	if (r < 0)
		return r;
	len = readlinkat(fd, "", target, sizeof(target));
	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len + left >= sizeof(w->rest))
		return -ENAMETOOLONG;
	/* `rest` is empty or begins with a slash. */
	memmove(w->rest + len, w->rest, left + 1);
	memcpy(w->rest, target, (size_t)len);
	if (target[0] == '/') {
		stand_on(w, -1);
		w->done[0] = '\0';
	}
	return 0;
}

/* Open `name` without following it, making a directory when it is missing and that is wanted. */
static int open_name(const struct walk *w)
{
	int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(here(w), w->name, flags);

	if (fd >= 0 || errno != ENOENT || !w->make_dirs)
		return fd < 0 ? -errno : fd;
	if (mkdirat(here(w), w->name, w->dir_mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(here(w), w->name, flags);
	return fd < 0 ? -errno : fd;
}

/* Go through `name`, which is not the last one. */
static int pass(struct walk *w)
{
	autofd int fd = -1;
	struct stat st;
	int r;

	if (streq(w->name, ".."))
		return go_up(w);
	fd = open_name(w);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(w, fd);
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	r = append_name(w);
	if (r < 0)
		return r;
	stand_on(w, steal_fd(&fd));
	return 0;
}

/* 1: `name` was a symlink at the end and is followed now; 0: it stays the end. */
static int follow_end(struct walk *w)
{
	autofd int fd = -1;
	struct stat st;
	int r;

	if (!w->follow_last && !w->want_dir)
		return 0;
	fd = openat(here(w), w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode))
		return 0;
	r = follow(w, fd);
	return r < 0 ? r : 1;
}

/* Walk until the last name; it is "" when the path ended at the directory the walk stands on. */
static int walk_to_end(struct walk *w)
{
	for (;;) {
		int r = take_name(w);

		if (r < 0)
			return r;
		if (r == 0) {
			w->name[0] = '\0';
			return 0;
		}
		if (is_last(w) && !streq(w->name, "..")) {
			r = follow_end(w);
			if (r <= 0)
				return r;
			continue;
		}
		r = pass(w);
		if (r < 0)
			return r;
	}
}

/* The name was seen not to be a symlink; if it became one, the kernel's ELOOP is the answer. */
static int open_end(const struct walk *w, int flags, mode_t mode)
{
	autofd int fd = openat(here(w), w->name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	struct stat st;

	if (fd < 0)
		return -errno;
	/* O_PATH is the exception: it gives a descriptor of the symlink. */
	if ((flags & O_PATH) && !(flags & O_NOFOLLOW)) {
		if (fstat(fd, &st) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode))
			return -ELOOP;
	}
	return steal_fd(&fd);
}

int beneath_walk_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_rule rule)
{
	auto_(walk) struct walk w;
	bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
	int r;

	walk_init(&w, rootfd, path, rule);
	w.follow_last = !(flags & O_NOFOLLOW) && !exclusive;
	r = walk_to_end(&w);
	if (r < 0)
		return r;
	if (w.name[0] == '\0') {
		if (flags & O_CREAT)
			return exclusive ? -EEXIST : -EISDIR;
		r = openat(here(&w), ".", flags | O_CLOEXEC, mode);
		return r < 0 ? -errno : r;
	}
	if (w.want_dir) {
		if (flags & O_CREAT)
			return -EISDIR;
		flags |= O_DIRECTORY;
	}
	return open_end(&w, flags, mode);
}

static int make_file(const struct walk *w)
{
	autofd int fd = -1;

	if (w->want_dir)
		return -EISDIR;
	fd = openat(here(w), w->name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 && errno != EEXIST)
		return -errno;
	return open_end(w, O_PATH, 0);
}

static int make_end_dir(const struct walk *w)
{
	autofd int fd = open_name(w);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? steal_fd(&fd) : -ENOTDIR;
}

int beneath_walk_make(int rootfd, const char *path, enum walk_make make, mode_t mode,
		      enum beneath_rule rule)
{
	auto_(walk) struct walk w;
	int r;

	walk_init(&w, rootfd, path, rule);
	w.make_dirs = true;
	w.dir_mode = mode;
	r = walk_to_end(&w);
	if (r < 0)
		return r;
	if (w.name[0] == '\0') {
		r = openat(here(&w), ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return r < 0 ? -errno : r;
	}
	if (make == WALK_MAKE_FILE)
		return make_file(&w);
	return make_end_dir(&w);
}
