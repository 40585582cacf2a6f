/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files on their way into the store.  A writer holds an exclusive flock on its
 * file from birth to rename; a file in tmp/ that can be locked has lost its
 * writer.
 */
#include "imagetool/store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/ids.h"

#define TEMP_TRIES  100
#define TEMP_RANDOM 16

/* Returns 1 when the file is ours, 0 when a cleaner removed it between its creation and the lock.
 */
static int temp_claim(const struct store *s, struct temp *t, struct err *e)
{
	struct stat st;
	int r;

	do
		r = flock(t->fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r < 0 || fstat(t->fd, &st) < 0)
		return err_sys(e, "lock '%s/tmp/%s'", s->path, t->name);
	return st.st_nlink > 0;
}

static int make_file(const struct store *s, struct temp *t, struct err *e)
{
	t->fd = openat(s->tmpfd, t->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (t->fd < 0)
		return err_sys(e, "create '%s/tmp/%s'", s->path, t->name);
	return temp_claim(s, t, e);
}

/* As temp_claim(): a cleaner may come before the lock. */
static int make_dir(const struct store *s, struct temp *t, struct err *e)
{
	if (mkdirat(s->tmpfd, t->name, 0700) < 0)
		return err_sys(e, "create '%s/tmp/%s'", s->path, t->name);
	t->fd = openat(s->tmpfd, t->name, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (t->fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s/tmp/%s'", s->path, t->name);
	return temp_claim(s, t, e);
}

/* 0: a cleaner took it.  -EEXIST: the name is another's. */
typedef int make_fn(const struct store *s, struct temp *t, struct err *e);

static int create(const struct store *s, const char *prefix, make_fn *make, struct temp *ret,
		  struct err *e)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		struct temp t = { .fd = -1 };
		char id[TEMP_RANDOM + 1];
		int r = id_random(id, TEMP_RANDOM, e);

		if (r < 0)
			return r;
		(void)snprintf(t.name, sizeof(t.name), "%s%s", prefix, id);
		r = make(s, &t, e);
		if (r > 0) {
			*ret = t;
			return 0;
		}
		temp_drop(s, &t);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return err_set(e, EBUSY, "create something in '%s/tmp': others keep removing it", s->path);
}

int temp_create(const struct store *s, struct temp *ret, struct err *e)
{
	return create(s, "", make_file, ret, e);
}

int temp_create_named(const struct store *s, const char *prefix, struct temp *ret, struct err *e)
{
	return create(s, prefix, make_file, ret, e);
}

int temp_create_dir(const struct store *s, const char *prefix, struct temp *ret, struct err *e)
{
	return create(s, prefix, make_dir, ret, e);
}

void temp_drop(const struct store *s, struct temp *t)
{
	if (t->fd < 0)
		return;
	/* Unlink first: the lock must last as long as the name. */
	(void)unlinkat(s->tmpfd, t->name, 0);
	(void)close(t->fd);
	t->fd = -1;
}

int temp_publish(const struct store *s, struct temp *t, int dirfd, const char *name, bool sync,
		 struct err *e)
{
	int r = 0;

	if (sync && fsync(t->fd) < 0)
		r = err_sys(e, "sync '%s/tmp/%s'", s->path, t->name);
	else if (renameat(s->tmpfd, t->name, dirfd, name) < 0)
		r = err_sys(e, "rename '%s/tmp/%s' to '%s'", s->path, t->name, name);
	if (r < 0) {
		temp_drop(s, t);
		return r;
	}
	(void)close(t->fd);
	t->fd = -1;
	return 0;
}

static int clean_one(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx UNUSED,
		     struct err *e)
{
	/* O_NONBLOCK: whatever this is, opening it must not wait. */
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	return dir_remove_all_at(dirfd, name, e);
}

int temp_clean(const struct store *s, struct err *e)
{
	int r = dir_each(s->tmpfd, clean_one, NULL, e);

	return r < 0 ? err_wrap(e, r, "clean '%s/tmp'", s->path) : 0;
}

/* Only a rename over something is ordered after the data. */
static int make_something(const struct store *s, const char *name, struct err *e)
{
	autofd int fd = openat(s->dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? err_sys(e, "create '%s/%s'", s->path, name) : 0;
}

static int replace(const struct store *s, const char *name, const void *data, size_t len, bool sync,
		   struct err *e)
{
	struct temp t;
	int r = temp_create(s, &t, e);

	if (r < 0)
		return r;
	r = file_write_all(t.fd, data, len, e);
	if (r >= 0 && !sync)
		r = make_something(s, name, e);
	if (r < 0) {
		temp_drop(s, &t);
		return err_wrap(e, r, "write '%s/%s'", s->path, name);
	}
	return temp_publish(s, &t, s->dirfd, name, sync, e);
}

int temp_replace(const struct store *s, const char *name, const void *data, size_t len,
		 struct err *e)
{
	return s->ordered ? replace(s, name, data, len, false, e)
			  : temp_replace_synced(s, name, data, len, e);
}

int temp_replace_synced(const struct store *s, const char *name, const void *data, size_t len,
			struct err *e)
{
	autofree char *dir = xstrdup(name);
	autofd int fd = -1;
	int r = replace(s, name, data, len, true, e);

	if (r < 0)
		return r;
	fd = dir_open_at(s->dirfd, strchr(dir, '/') ? dirname(dir) : ".", e);
	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? err_sys(e, "sync the directory of '%s/%s'", s->path, name) : 0;
}
