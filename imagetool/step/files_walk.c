/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files_walk.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/beneath.h"
#include "libutil/path.h"

/* ---- What is taken ---- */

/* Can something below `dir` fit?  Only by the text of the pattern in front of its first wildcard,
 * and by how many components it has. */
static bool may_fit_below(const struct ignore_rule *rule, const char *dir)
{
	size_t len = strlen(dir), n = len < rule->prefix ? len : rule->prefix;
	size_t depth = 1, parts = 1;

	if (memcmp(dir, rule->text, n) != 0)
		return false;
	if (strstr(rule->text, "**"))
		return true;
	for (const char *p = dir; *p; p++)
		depth += *p == '/';
	for (const char *p = rule->text; *p; p++)
		parts += *p == '/';
	return depth < parts;
}

static bool is_included(const struct ignore *include, const char *path, bool is_dir,
			enum files_take *ret)
{
	if (!include || include->n == 0 || ignore_excludes(include, path)) {
		*ret = FILES_TAKE;
		return true;
	}
	*ret = FILES_NOT;
	for (size_t i = 0; is_dir && i < include->n; i++)
		if (may_fit_below(&include->rules[i], path))
			*ret = FILES_BELOW;
	return false;
}

enum files_take files_takes(const struct files_filter *f, const char *path, bool is_dir,
			    bool parent_included, bool *ret_included)
{
	enum files_take take = FILES_TAKE;

	*ret_included = parent_included || is_included(f->include, path, is_dir, &take);
	if (take == FILES_NOT || !f->exclude || !ignore_excludes(f->exclude, path))
		return take;
	if (!is_dir || ignore_prunes(f->exclude, path))
		return FILES_NOT;
	return FILES_BELOW;
}

/* ---- Opening ---- */

#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define OPEN_DIR  (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

int files_open(const struct files_at *at, struct err *e)
{
	int fd;

	if (at->fd >= 0)
		fd = fcntl(at->fd, F_DUPFD_CLOEXEC, 3);
	else if (at->dirfd >= 0)
		fd = openat(at->dirfd, at->name, OPEN_FILE);
	else
		return context_open_file(at->context, at->index, e);
	if (fd >= 0)
		return fd;
	if (at->context && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
		return err_set(e, ESTALE, "'%.200s' changed while it was used: run the build again",
			       at->name);
	return err_sys(e, "open '%.200s'", at->name);
}

int files_check(const struct files_at *at, int fd, struct err *e)
{
	return at->context ? context_check_file(at->context, at->index, fd, e) : 0;
}

/* ---- A context ---- */

/* A list that is being walked. */
struct listing {
	const struct context *context;
	const struct context_file *const *files;
	const struct files_filter *filter;
	const struct files_visitor *v;
	size_t skip; /* of paths, up to the match */
};

static void fill(const struct context_file *f, const char *name, struct files_entry *ret)
{
	*ret = (struct files_entry){
		.name = name,
		.link = f->link,
		.mode = f->mode,
		/* Nobody's files in an image are those of whoever built it. */
		.uid = 0,
		.gid = 0,
		.rdev = (dev_t)f->rdev,
		.dev = (dev_t)f->dev,
		.ino = (ino_t)f->ino,
		.may_be_linked = S_ISREG(f->mode),
		.size = f->size,
		.mtime = f->mtime,
	};
}

static int changed(const char *path, struct err *e)
{
	return err_set(e, ESTALE, "'%.200s' changed while it was used: run the build again",
		       *path ? path : ".");
}

static int list_dir(const struct listing *l, size_t index, int fd, bool included, struct err *e);

static int visit_dir(const struct listing *l, size_t index, int dirfd, bool wanted, bool included,
		     struct err *e)
{
	const struct context_file *f = l->files[index];
	autofd int fd = openat(dirfd, path_base(f->path), OPEN_DIR);
	struct files_at at = {
		.dirfd = dirfd, .fd = fd, .context = l->context, .index = index, .wanted = wanted
	};
	struct files_entry en;
	int r;

	if (fd < 0)
		return errno == EACCES ? err_sys(e, "open '%.200s'", f->path) : changed(f->path, e);
	fill(f, path_base(f->path), &en);
	r = l->v->enter(l->v->ctx, &en, &at, e);
	if (r >= 0)
		r = list_dir(l, index, fd, included, e);
	return r < 0 ? r : l->v->leave(l->v->ctx, e);
}

static int visit_listed(const struct listing *l, size_t index, int dirfd, bool included,
			struct err *e)
{
	const struct context_file *f = l->files[index];
	bool is_dir = S_ISDIR(f->mode);
	enum files_take take =
		files_takes(l->filter, f->path + l->skip, is_dir, included, &included);
	struct files_at at = { .dirfd = dirfd,
			       .name = path_base(f->path),
			       .fd = -1,
			       .context = l->context,
			       .index = index };
	struct files_entry en;

	if (take == FILES_NOT)
		return 0;
	if (is_dir)
		return visit_dir(l, index, dirfd, take == FILES_TAKE, included, e);
	fill(f, at.name, &en);
	return S_ISREG(f->mode) ? l->v->file(l->v->ctx, &en, &at, e)
				: l->v->node(l->v->ctx, &en, &at, e);
}

static int list_dir(const struct listing *l, size_t index, int fd, bool included, struct err *e)
{
	int r = 0;

	for (size_t i = index + 1; i < l->files[index]->end && r >= 0; i = l->files[i]->end)
		r = visit_listed(l, i, fd, included, e);
	return r;
}

static int walk_dir(const struct listing *l, size_t index, struct err *e)
{
	const struct context_file *f = l->files[index];
	autofd int fd = beneath_open(context_rootfd(l->context), *f->path ? f->path : ".", OPEN_DIR,
				     0, BENEATH_STRICT, e);
	struct files_at at = { .dirfd = -1, .fd = fd, .context = l->context, .index = index };
	struct files_entry en;
	int r;

	if (fd < 0)
		return fd == -EACCES ? fd : changed(f->path, e);
	fill(f, "", &en);
	r = list_dir(l, index, fd, false, e);
	return r < 0 ? r : l->v->top(l->v->ctx, &en, &at, e);
}

/* One file that was named. */
static int walk_one(const struct listing *l, const struct files_match *m, struct err *e)
{
	const struct context_file *f = l->files[m->index];
	struct files_at at = { .dirfd = -1,
			       .name = path_base(m->name),
			       .fd = -1,
			       .context = l->context,
			       .index = m->index };
	struct files_entry en;

	if (l->filter->exclude && ignore_excludes(l->filter->exclude, path_base(m->name)))
		return 0;
	fill(f, path_base(m->name), &en);
	en.may_be_linked = false;
	return S_ISREG(f->mode) ? l->v->file(l->v->ctx, &en, &at, e)
				: l->v->node(l->v->ctx, &en, &at, e);
}

static int context_walk(const struct context *c, const struct files_match *m,
			const struct files_filter *filter, const struct files_visitor *v,
			struct err *e)
{
	size_t n;
	struct listing l = {
		.context = c, .files = context_files(c, &n), .filter = filter, .v = v
	};

	l.skip = strlen(l.files[m->index]->path);
	l.skip += l.skip > 0;
	return m->is_dir ? walk_dir(&l, m->index, e) : walk_one(&l, m, e);
}

static int context_matches(const struct context *c, const char *source, struct arena *a,
			   struct files_match **ret, size_t *ret_n, struct err *e)
{
	struct context_match *found = NULL;
	size_t n = 0, n_files;
	const struct context_file *const *files = context_files(c, &n_files);
	int r = context_match(c, source, a, &found, &n, e);

	if (r < 0)
		return r;
	*ret = arena_alloc(a, n, sizeof(**ret));
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = (struct files_match){
			.name = found[i].name,
			.index = found[i].index,
			.is_dir = S_ISDIR(files[found[i].index]->mode),
		};
	*ret_n = n;
	return 0;
}

/* ---- Either ---- */

int files_match(const struct step_tree *tree, const char *source, bool plain, struct arena *a,
		struct files_match **ret, size_t *ret_n, struct err *e)
{
	if (tree->context)
		return context_matches(tree->context, source, a, ret, ret_n, e);
	return files_tree_match(tree->fd, source, plain, a, ret, ret_n, e);
}

int files_walk(const struct step_tree *tree, const struct files_match *m,
	       const struct files_filter *filter, const struct files_visitor *v, struct err *e)
{
	if (tree->context)
		return context_walk(tree->context, m, filter, v, e);
	return files_tree_walk(tree->fd, m, filter, v, e);
}
