/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN --mount=type=bind of a context.  BuildKit shows a copy in which all belongs to root and what
 * .dockerignore names is not there; the directory itself is shown where that is no difference, a
 * copy of what is listed, thrown away with the step, where it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/beneath.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define COPY_NAME "context"

static bool is_roots(const struct context_file *const *files, size_t first)
{
	for (size_t i = first; i < files[first]->end; i++)
		if (files[i]->uid != 0 || files[i]->gid != 0)
			return false;
	return true;
}

/* ---- A copy ---- */

struct copying {
	struct context *c;
	const struct context_file *const *files;
	int dirfd;
	const char *name; /* of the copy */
	size_t skip;      /* bytes of a path that the copy's name stands for */
};

static char *place_of(const struct copying *c, size_t i)
{
	const char *below = c->files[i]->path + c->skip;

	return *below ? xasprintf("%s/%s", c->name, below + (*below == '/')) : xstrdup(c->name);
}

static int copy_file(const struct copying *c, size_t i, const char *to, struct err *e)
{
	autofd int in = context_open_file(c->c, i, e), out = -1;
	int r;

	if (in < 0)
		return in;
	out = openat(c->dirfd, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, "make '%s'", to);
	r = file_copy(in, out, NULL, e);
	if (r >= 0)
		r = context_check_file(c->c, i, in, e);
	if (r >= 0 && fchmod(out, c->files[i]->mode & 07777) < 0)
		r = err_sys(e, "set the mode of '%s'", to);
	return r;
}

static int copy_one(const struct copying *c, size_t i, const char *to, struct err *e)
{
	const struct context_file *f = c->files[i];

	if (S_ISREG(f->mode))
		return copy_file(c, i, to, e);
	if (S_ISDIR(f->mode) && mkdirat(c->dirfd, to, 0700) == 0)
		return 0;
	if (S_ISLNK(f->mode) && symlinkat(f->link, c->dirfd, to) == 0)
		return 0;
	if ((S_ISFIFO(f->mode) || S_ISCHR(f->mode) || S_ISBLK(f->mode)) &&
	    mknodat(c->dirfd, to, f->mode, (dev_t)f->rdev) == 0)
		return 0;
	return err_sys(e, "make '%s'", to);
}

/* Times last, and of directories when all is in them. */
static int finish_one(const struct copying *c, size_t i, const char *to, struct err *e)
{
	const struct context_file *f = c->files[i];
	const struct timespec times[2] = { f->mtime, f->mtime };

	if (S_ISDIR(f->mode) && fchmodat(c->dirfd, to, f->mode & 07777, 0) < 0)
		return err_sys(e, "set the mode of '%s'", to);
	if (utimensat(c->dirfd, to, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the time of '%s'", to);
	return 0;
}

static int copy_listed(const struct copying *c, size_t first, struct err *e)
{
	size_t end = c->files[first]->end;
	int r = 0;

	for (size_t i = first; i < end && r >= 0; i++) {
		autofree char *to = place_of(c, i);

		r = copy_one(c, i, to, e);
	}
	for (size_t i = end; i-- > first && r >= 0;) {
		autofree char *to = place_of(c, i);

		r = finish_one(c, i, to, e);
	}
	return r;
}

static int find(struct context *c, const char *source, size_t *ret, struct err *e)
{
	return context_find(c, *source ? source : "/", true, ret, e);
}

int run_context_copy(struct context *c, const char *source, int dirfd, const char *name,
		     struct err *e)
{
	struct copying copy = { .c = c, .dirfd = dirfd, .name = name };
	size_t n, at;
	int r = find(c, source, &at, e);

	if (r < 0)
		return r;
	copy.files = context_files(c, &n);
	copy.skip = strlen(copy.files[at]->path);
	return copy_listed(&copy, at, e);
}

/* ---- As a mount ---- */

static int show_copy(struct run_step *s, struct context *c, const char *source, struct err *e)
{
	autofree char *name = xasprintf(COPY_NAME "%zu", s->n_places);
	autofd int dirfd = run_scratch_dir(s, name, 0700, e), fd = -1;
	int r = dirfd < 0 ? dirfd : run_context_copy(c, source, dirfd, COPY_NAME, e);

	if (r < 0)
		return r;
	fd = openat(dirfd, COPY_NAME, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", COPY_NAME) : run_clone_tree(fd, e);
}

static int show_itself(const struct context_file *f, int rootfd, struct err *e)
{
	autofd int fd = beneath_open(rootfd, *f->path ? f->path : ".", O_PATH | O_NOFOLLOW, 0,
				     BENEATH_STRICT, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || st.st_ino != f->ino || st.st_dev != f->dev)
		return err_set(e, ESTALE, "'%s' changed while it was used: run the build again",
			       f->path);
	return run_clone_tree(fd, e);
}

int run_context_tree(struct run_step *s, struct context *c, int rootfd, const char *source,
		     bool *ret_is_file, struct err *e)
{
	const struct context_file *const *files;
	size_t n, at;
	int r = find(c, source, &at, e);

	if (r < 0)
		return r;
	files = context_files(c, &n);
	if (!S_ISDIR(files[at]->mode) && !S_ISREG(files[at]->mode))
		return err_set(e, EINVAL, "'%s' is neither a directory nor a file", source);
	*ret_is_file = S_ISREG(files[at]->mode);
	if (context_is_whole(c) && is_roots(files, at))
		return show_itself(files[at], rootfd, e);
	return show_copy(s, c, source, e);
}
