/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "imagetool/interrupt.h"
#include "imagetool/step/files_plan.h"
#include "imagetool/step/files_unpack.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* One COPY while it is done. */
struct copying {
	const struct vertex_files *f;
	const struct step_files_opts *opts;
	int rootfd;
	struct files_plan plan;
	/* Where files go; kept for the next file that goes to the same directory. */
	struct sink sink;
	bool open;
	bool is_dest; /* the sink's directory is `dest` itself */
	bool created; /* and was made for a source that is a directory */
};

/* ---- What is told of each file ---- */

static int put_enter(void *ctx, const struct files_entry *en, const struct files_at *at,
		     struct err *e)
{
	struct copying *c = ctx;

	return sink_enter(&c->sink, en, at->context ? -1 : at->fd, at->wanted, e);
}

static int put_leave(void *ctx, struct err *e)
{
	struct copying *c = ctx;

	return sink_leave(&c->sink, e);
}

static int put_file(void *ctx, const struct files_entry *en, const struct files_at *at,
		    struct err *e)
{
	struct copying *c = ctx;
	int r = sink_link(&c->sink, en, e);
	autofd int fd = -1;

	if (r != 0)
		return r < 0 ? r : 0;
	fd = files_open(at, e);
	if (fd < 0)
		return fd;
	r = sink_file(&c->sink, en, fd, e);
	return r < 0 ? r : files_check(at, fd, e);
}

static int put_node(void *ctx, const struct files_entry *en, const struct files_at *at,
		    struct err *e)
{
	struct copying *c = ctx;

	return sink_node(&c->sink, en, at->context ? -1 : at->dirfd, e);
}

static int put_top(void *ctx, const struct files_entry *en, const struct files_at *at,
		   struct err *e)
{
	struct copying *c = ctx;

	/* With --parents the source is the pivot, which is no part of what was asked for. */
	if (c->f->parents)
		return 0;
	return sink_finish_top(&c->sink, en, at->context ? -1 : at->fd, c->created, e);
}

static int walk(struct copying *c, const struct step_tree *tree, const struct files_match *m,
		const struct files_filter *filter, struct err *e)
{
	const struct files_visitor v = {
		.enter = put_enter,
		.leave = put_leave,
		.file = put_file,
		.node = put_node,
		.top = put_top,
		.ctx = c,
	};

	return files_walk(tree, m, filter, &v, e);
}

/* ---- Where they go ---- */

static void close_sink(struct copying *c)
{
	if (c->open)
		sink_done(&c->sink);
	c->open = false;
}

/* Takes `dirfd`. */
static void open_sink(struct copying *c, int dirfd, bool is_dest)
{
	close_sink(c);
	sink_init(&c->sink, &c->plan.attrs, dirfd, c->f->dest);
	c->open = true;
	c->is_dest = is_dest;
	c->created = false;
}

static int open_dest(struct copying *c, struct dest *ret, struct err *e)
{
	int fd = -1;

	if (c->f->dest_is_dir) {
		fd = dest_make_dirs(c->rootfd, c->f->dest, &c->plan.made, e);
		if (fd < 0)
			return fd;
		*ret = (struct dest){ .dirfd = fd, .there = true };
		return 0;
	}
	return dest_find(c->rootfd, c->f->dest, &c->plan.made, ret, e);
}

/* A directory's content goes into the destination, which is made when it is not there. */
static int prepare_dir(struct copying *c, bool plain, struct err *e)
{
	auto_(dest) struct dest d = { .dirfd = -1 };
	bool created = false;
	int fd, r;

	if (c->open && c->is_dest) {
		links_done(&c->sink.links);
		return 0;
	}
	r = open_dest(c, &d, e);
	if (r < 0)
		return r;
	if (d.name && d.there)
		return err_set(e, ENOTDIR, "cannot copy to non-directory: %.300s", c->f->dest);
	if (d.name) {
		fd = dest_make_dirs(d.dirfd, d.name, &c->plan.made, e);
		created = true;
	} else {
		fd = steal_fd(&d.dirfd);
	}
	if (fd < 0)
		return fd;
	open_sink(c, fd, true);
	c->created = created && plain;
	return 0;
}

/* A file goes into a directory by its own name, and else is what the destination says.  *ret_name
 * lives as long as `d`, or as the match. */
static int prepare_file(struct copying *c, struct dest *d, const char **ret_name, struct err *e)
{
	int r;

	if (c->open && c->is_dest) {
		links_done(&c->sink.links);
		return 0;
	}
	r = open_dest(c, d, e);
	if (r < 0)
		return r;
	open_sink(c, steal_fd(&d->dirfd), !d->name);
	if (d->name)
		*ret_name = d->name;
	return 0;
}

/* ---- One source ---- */

/* A single file's visitor has its name from the match: this one gives it that of the target. */
struct renaming {
	struct copying *c;
	const char *name;
};

static int renamed_file(void *ctx, const struct files_entry *en, const struct files_at *at,
			struct err *e)
{
	const struct renaming *n = ctx;
	struct files_entry other = *en;

	other.name = n->name;
	return put_file(n->c, &other, at, e);
}

static int renamed_node(void *ctx, const struct files_entry *en, const struct files_at *at,
			struct err *e)
{
	const struct renaming *n = ctx;
	struct files_entry other = *en;

	other.name = n->name;
	return put_node(n->c, &other, at, e);
}

static int copy_file(struct copying *c, const struct step_tree *tree, const struct files_match *m,
		     const struct files_filter *filter, struct err *e)
{
	auto_(dest) struct dest d = { .dirfd = -1 };
	struct renaming n = { c, path_base(m->name) };
	const struct files_visitor v = { .file = renamed_file, .node = renamed_node, .ctx = &n };
	int r = prepare_file(c, &d, &n.name, e);

	return r < 0 ? r : files_walk(tree, m, filter, &v, e);
}

struct unpacking {
	struct copying *c;
	bool done;
};

static int unpack_file(void *ctx, const struct files_entry *en UNUSED, const struct files_at *at,
		       struct err *e)
{
	struct unpacking *u = ctx;
	struct copying *c = u->c;
	autofd int fd = files_open(at, e), dirfd = -1;
	int r;

	if (fd < 0)
		return fd;
	r = files_is_archive(fd, e);
	if (r <= 0)
		return r < 0 ? err_wrap(e, r, "unpack '%.200s'", at->name) : 0;
	u->done = true;
	close_sink(c);
	dirfd = dest_make_dirs(c->rootfd, c->f->dest, &c->plan.made, e);
	if (dirfd < 0)
		return dirfd;
	r = files_unpack(fd, dirfd, &c->plan.attrs, c->opts ? c->opts->budget : NULL, e);
	if (r < 0)
		return err_wrap(e, r, "unpack '%.200s'", at->name);
	return files_check(at, fd, e);
}

static int ignore_node(void *ctx UNUSED, const struct files_entry *en UNUSED,
		       const struct files_at *at UNUSED, struct err *e UNUSED)
{
	return 0;
}

/* 1: it was an archive, and is unpacked. */
static int try_unpack(struct copying *c, const struct step_tree *tree, const struct files_match *m,
		      struct err *e)
{
	const struct files_filter all = { 0 };
	struct unpacking u = { .c = c };
	const struct files_visitor v = { .file = unpack_file, .node = ignore_node, .ctx = &u };
	int r = files_walk(tree, m, &all, &v, e);

	return r < 0 ? r : u.done;
}

static int copy_match(struct copying *c, const struct files_source *s, const struct step_tree *tree,
		      const struct files_match *m, const struct files_filter *filter, struct err *e)
{
	int r = s->unpack && !m->is_dir ? try_unpack(c, tree, m, e) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	if (!m->is_dir)
		return copy_file(c, tree, m, filter, e);
	r = prepare_dir(c, s->plain, e);
	return r < 0 ? r : walk(c, tree, m, filter, e);
}

static int check_required(const struct step_tree *tree, const struct files_want *w, struct arena *a,
			  struct err *e)
{
	struct files_match *found;
	size_t n;

	return w->required ? files_match(tree, w->required, true, a, &found, &n, e) : 0;
}

static int copy_path(struct copying *c, const struct files_source *s, const struct step_tree *tree,
		     const char *path, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct files_want w = { 0 };
	struct files_filter filter = { .exclude = &c->plan.exclude };
	struct files_match *m = NULL;
	size_t n = 0;
	int r = files_want_make(c->f, path, &a, &w, e);

	if (r >= 0)
		r = check_required(tree, &w, &a, e);
	if (r >= 0)
		r = files_match(tree, w.pattern, s->plain, &a, &m, &n, e);
	if (w.parents)
		filter.include = &w.include;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = copy_match(c, s, tree, &m[i], &filter, e);
	return r;
}

/* ---- Here-documents ---- */

static int copy_inline(struct copying *c, const struct files_source *s, struct err *e)
{
	auto_(dest) struct dest d = { .dirfd = -1 };
	autofd int fd = memfd_create("here-document", MFD_CLOEXEC);
	struct files_entry en = { .name = s->inline_name, .mode = S_IFREG | 0644 };
	int r = fd < 0 ? err_sys(e, "memfd_create") : file_write_all(fd, s->content, s->len, e);

	if (r < 0)
		return r;
	en.size = (int64_t)s->len;
	(void)clock_gettime(CLOCK_REALTIME, &en.mtime);
	r = prepare_file(c, &d, &en.name, e);
	return r < 0 ? r : sink_file(&c->sink, &en, fd, e);
}

/* ---- All of it ---- */

static int copy_source(struct copying *c, const struct files_source *s,
		       const struct step_tree *tree, struct err *e)
{
	int r = interrupt_check(e);

	if (r >= 0 && s->inline_name)
		return copy_inline(c, s, e);
	for (size_t i = 0; i < s->n_paths && r >= 0; i++) {
		if (!tree->context && tree->fd < 0)
			return err_set(e, ENOENT, "'%.300s': not found: the source is empty",
				       s->paths[i]);
		r = copy_path(c, s, tree, s->paths[i], e);
	}
	return r;
}

static int make_dir(struct copying *c, struct err *e)
{
	int fd = dest_make_dirs(c->rootfd, c->f->dest, &c->plan.made, e);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

int step_files(const struct vertex_files *f, const struct step_tree *trees,
	       const struct step_root *root, const struct step_files_opts *opts, struct err *e)
{
	struct copying c = { .f = f, .opts = opts, .rootfd = root->fd };
	int r = files_plan_make(f, f->link ? (opts ? opts->usersfd : -1) : root->fd, &c.plan, e);

	if (r < 0)
		return r;
	if (f->mkdir_only)
		r = make_dir(&c, e);
	for (size_t i = 0; i < f->n_sources && r >= 0; i++)
		r = copy_source(&c, &f->sources[i], &trees[i], e);
	close_sink(&c);
	files_plan_done(&c.plan);
	return r;
}
