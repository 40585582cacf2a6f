/* SPDX-License-Identifier: Apache-2.0 */
/* Sources in another state's tree: nothing is known of it but its root's descriptor. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "imagetool/interrupt.h"
#include "imagetool/step/files_walk.h"
#include "libutil/beneath.h"
#include "libutil/path.h"

#define OPEN_DIR  (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
#define NAMES_MAX ((size_t)4 << 20) /* of one directory */

/* ---- Names of a directory, in order ---- */

struct names {
	struct arena arena;
	const char **items;
	size_t n, cap;
};

static void names_done(struct names *n)
{
	arena_done(&n->arena);
	free(n->items);
}
AUTO_DEFINE_DONE(names, names_done)

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int add_name(struct names *n, const char *name, struct err *e)
{
	if (streq(name, ".") || streq(name, ".."))
		return 0;
	if (n->n == NAMES_MAX)
		return err_set(e, E2BIG, "a directory has more than %zu names", NAMES_MAX);
	if (n->n == n->cap) {
		n->cap = n->cap ? 2 * n->cap : 32;
		n->items = xreallocarray(n->items, n->cap, sizeof(*n->items));
	}
	n->items[n->n++] = arena_strdup(&n->arena, name);
	return 0;
}

static int read_names(int dirfd, struct names *ret, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		r = err_sys(e, "read directory");
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (r >= 0 && (errno = 0, d = readdir(dir)))
		r = add_name(ret, d->d_name, e);
	if (r >= 0 && errno)
		return err_sys(e, "read directory");
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_name);
	return r;
}

/* ---- Walking ---- */

struct walking {
	const struct files_filter *filter;
	const struct files_visitor *v;
	struct strbuf path; /* from the match on */
};

static void fill(const struct stat *st, const char *name, struct files_entry *ret)
{
	*ret = (struct files_entry){
		.name = name,
		.link = "",
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.may_be_linked = S_ISREG(st->st_mode) && st->st_nlink > 1,
		.size = st->st_size,
		.mtime = st->st_mtim,
	};
}

static int walk_names(struct walking *w, int dirfd, bool included, struct err *e);

static int visit_dir(struct walking *w, int dirfd, const struct files_entry *en, bool wanted,
		     bool included, struct err *e)
{
	autofd int fd = openat(dirfd, en->name, OPEN_DIR);
	struct files_at at = { .dirfd = dirfd, .name = en->name, .fd = fd, .wanted = wanted };
	int r = interrupt_check(e);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_sys(e, "open '%.200s'", strbuf_str(&w->path));
	r = w->v->enter(w->v->ctx, en, &at, e);
	if (r >= 0)
		r = walk_names(w, fd, included, e);
	return r < 0 ? r : w->v->leave(w->v->ctx, e);
}

static int visit_link(struct walking *w, int dirfd, struct files_entry *en,
		      const struct files_at *at, struct err *e)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dirfd, en->name, target, sizeof(target) - 1);

	if (len < 0)
		return err_sys(e, "read link '%.200s'", strbuf_str(&w->path));
	target[len] = '\0';
	en->link = target;
	return w->v->node(w->v->ctx, en, at, e);
}

/* One whose path is in w->path. */
static int visit(struct walking *w, int dirfd, const char *name, bool included, struct err *e)
{
	const struct files_at at = { .dirfd = dirfd, .name = name, .fd = -1 };
	struct files_entry en;
	enum files_take take;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%.200s'", strbuf_str(&w->path));
	take = files_takes(w->filter, strbuf_str(&w->path), S_ISDIR(st.st_mode), included,
			   &included);
	/* A socket is a process's; no layer can hold one. */
	if (take == FILES_NOT || S_ISSOCK(st.st_mode))
		return 0;
	fill(&st, name, &en);
	if (S_ISDIR(st.st_mode))
		return visit_dir(w, dirfd, &en, take == FILES_TAKE, included, e);
	if (S_ISREG(st.st_mode))
		return w->v->file(w->v->ctx, &en, &at, e);
	if (S_ISLNK(st.st_mode))
		return visit_link(w, dirfd, &en, &at, e);
	return w->v->node(w->v->ctx, &en, &at, e);
}

static int walk_names(struct walking *w, int dirfd, bool included, struct err *e)
{
	auto_(names) struct names names = { 0 };
	size_t len = w->path.len;
	int r = read_names(dirfd, &names, e);

	for (size_t i = 0; i < names.n && r >= 0; i++) {
		if (len > 0)
			strbuf_addc(&w->path, '/');
		strbuf_adds(&w->path, names.items[i]);
		r = visit(w, dirfd, names.items[i], included, e);
		strbuf_truncate(&w->path, len);
	}
	return r;
}

/* What a match is, links followed below the root; for reading, when it can be read. */
static int open_match(int rootfd, const char *path, struct stat *ret, struct err *e)
{
	autofd int fd = beneath_open(rootfd, *path ? path : ".", O_PATH, 0, BENEATH_CHROOT, e);
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

	if (fd < 0)
		return fd;
	if (fstat(fd, ret) < 0)
		return err_sys(e, "stat '%.200s'", path);
	if (S_ISDIR(ret->st_mode))
		flags |= O_DIRECTORY;
	else if (!S_ISREG(ret->st_mode))
		return steal_fd(&fd);
	return beneath_open(rootfd, *path ? path : ".", flags, 0, BENEATH_CHROOT, e);
}

/* A single file that was named: its name at the target is as it was named. */
static int visit_match(const struct files_match *m, int fd, const struct stat *st,
		       const struct files_filter *filter, const struct files_visitor *v,
		       struct err *e)
{
	const char *name = path_base(m->name);
	struct files_at at = { .dirfd = -1, .name = name, .fd = fd };
	struct files_entry en;

	if (filter->exclude && ignore_excludes(filter->exclude, name))
		return 0;
	fill(st, name, &en);
	en.may_be_linked = false;
	if (S_ISREG(st->st_mode))
		return v->file(v->ctx, &en, &at, e);
	return S_ISSOCK(st->st_mode) ? 0 : v->node(v->ctx, &en, &at, e);
}

int files_tree_walk(int rootfd, const struct files_match *m, const struct files_filter *filter,
		    const struct files_visitor *v, struct err *e)
{
	struct stat st = { 0 };
	autofd int fd = open_match(rootfd, m->name, &st, e);
	struct walking w = { .filter = filter, .v = v };
	struct files_at at = { .dirfd = -1, .name = "", .fd = fd };
	struct files_entry en;
	int r;

	if (fd < 0)
		return fd;
	if (!S_ISDIR(st.st_mode))
		return visit_match(m, fd, &st, filter, v, e);
	fill(&st, "", &en);
	r = walk_names(&w, fd, false, e);
	strbuf_done(&w.path);
	return r < 0 ? r : v->top(v->ctx, &en, &at, e);
}
