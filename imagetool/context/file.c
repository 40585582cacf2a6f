/* SPDX-License-Identifier: Apache-2.0 */
/* Listed files, opened: by then they may be something else. */
#include <errno.h>
#include <fcntl.h>

#include "imagetool/context/internal.h"
#include "libutil/beneath.h"

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_as_listed(const struct context_file *f, const struct stat *st)
{
	return f->dev == st->st_dev && f->ino == st->st_ino && f->mode == st->st_mode &&
	       f->uid == st->st_uid && f->gid == st->st_gid && f->size == st->st_size &&
	       same_time(f->mtime, st->st_mtim) && same_time(f->ctime, st->st_ctim);
}

static int changed(const struct context_file *f, struct err *e)
{
	return err_set(e, ESTALE, "'%s' changed while it was used: run the build again", f->path);
}

int context_check_file(const struct context *c, size_t index, int fd, struct err *e)
{
	const struct context_file *f = c->list.files[index];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", f->path);
	return is_as_listed(f, &st) ? 0 : changed(f, e);
}

static int explain(const struct context_file *f, int fd, struct err *e)
{
	switch (-fd) {
	case EACCES:
	case EPERM:
		return err_set(e, -fd, "'%s': %s; make it readable or list it in .dockerignore",
			       f->path, strerror(-fd));
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENXIO:
		return changed(f, e);
	default:
		return fd;
	}
}

int context_open_unchecked(const struct context *c, size_t index, struct err *e)
{
	const struct context_file *f = c->list.files[index];
	int fd;

	if (!S_ISREG(f->mode))
		return err_set(e, EINVAL, "'%s' is not a regular file", f->path);
	/* O_NONBLOCK: by now it may be a FIFO. */
	fd = beneath_open(c->rootfd, f->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0,
			  BENEATH_STRICT, e);
	return fd < 0 ? explain(f, fd, e) : fd;
}

int context_rootfd(const struct context *c)
{
	return c->rootfd;
}

int context_open_file(const struct context *c, size_t index, struct err *e)
{
	autofd int fd = context_open_unchecked(c, index, e);
	int r = fd < 0 ? fd : context_check_file(c, index, fd, e);

	return r < 0 ? r : steal_fd(&fd);
}
