/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts out of the network, into a directory of the build's own. */
#include <errno.h>
#include <fcntl.h>

#include "imagetool/build/input_fetch.h"
#include "imagetool/dockerfile/redact.h"
#include "imagetool/step/fetch.h"
#include "libutil/dir.h"
#include "libutil/path.h"

struct telling {
	struct progress *progress;
	size_t vertex;
	const char *what;
};

static void tell_log(void *ctx, const void *data, size_t len)
{
	const struct telling *t = ctx;

	progress_log(t->progress, t->vertex, 2, data, len);
}

static void tell_progress(void *ctx, int64_t current, int64_t total)
{
	const struct telling *t = ctx;

	progress_status(t->progress, t->vertex, t->what, current, total > 0 ? total : 0);
}

static struct fetch_opts how(const struct build_place *at, struct telling *t)
{
	return (struct fetch_opts){ .cancelfd = at->cancelfd,
				    .keys = &at->keys,
				    .log = tell_log,
				    .progress = tell_progress,
				    .ctx = t };
}

static struct telling begin(const struct build_place *at, const char *kind, const char *what)
{
	autofree char *shown = redact_url(what);
	autofree char *name = xasprintf("[internal] load %s %s", kind, shown);
	struct telling t = { .progress = at->progress,
			     .vertex = progress_new_vertex(at->progress),
			     .what = what };

	progress_vertex_begin(t.progress, t.vertex, NULL, name);
	return t;
}

static int ready(const struct build_place *at, struct scratch *s, struct err *e)
{
	return s->name ? 0 : scratch_make(at->store, "build-", s, e);
}

static int git_tree(const struct vertex_git *g, const struct fetch_opts *opts,
		    const struct scratch *s, struct build_origin *origin, struct err *e)
{
	auto_(fetch_git_facts) struct fetch_git_facts facts = { 0 };
	autofree char *shown = redact_url(g->url);
	autofd int workfd = scratch_dir(s, "git", 0700, e);
	autofd int dirfd = workfd < 0 ? workfd : scratch_dir(s, "tree", 0700, e);
	int r = dirfd < 0 ? dirfd : fetch_git_resolve(g, opts, &facts, e);

	if (r < 0)
		return r;
	origin->uri = xasprintf("%s%s%s", shown, *g->ref ? "#" : "", g->ref);
	origin->dir = xstrdup(g->subdir);
	memcpy(origin->digest, facts.commit, sizeof(facts.commit));
	r = fetch_git(g, &facts, opts, workfd, dirfd, &origin->time.seconds, e);
	origin->time.is_known = r >= 0;
	return r;
}

int input_fetch_git(const struct git_url *url, const struct build_place *at, struct scratch *s,
		    struct build_origin *origin, char **ret, struct err *e)
{
	struct vertex_git g = { .url = url->remote,
				.ref = url->ref,
				.subdir = url->subdir,
				.checksum = url->checksum,
				.keep_git_dir =
					url->keep_git_dir == GIT_FLAG_YES ||
					(url->keep_git_dir == GIT_FLAG_UNSET && at->keep_git_dir),
				.submodules = url->submodules != GIT_FLAG_NO,
				.mtime_commit = url->mtime_commit || at->mtime_commit,
				.fetch_by_commit = url->fetch_by_commit };
	struct err mine = { 0 };
	struct telling t = begin(at, "git source", url->remote);
	struct fetch_opts opts = how(at, &t);
	int r = ready(at, s, &mine);

	if (r >= 0)
		r = git_tree(&g, &opts, s, origin, &mine);
	progress_vertex_end(at->progress, t.vertex, false, r < 0 ? &mine : NULL);
	if (r < 0)
		return err_take(e, &mine);
	*ret = xasprintf("%s/tree", s->path);
	return 0;
}

static int get_file(const struct vertex_http *h, const struct fetch_opts *opts,
		    const struct scratch *s, struct build_origin *ret, struct err *e)
{
	auto_(fetch_http_facts) struct fetch_http_facts facts = { 0 };
	int fd, r = fetch_http(h, opts, NULL, s->fd, &facts, e);

	if (r < 0)
		return r;
	fd = openat(s->fd, h->filename, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s/%s'", s->path, h->filename);
	memcpy(ret->digest, facts.digest, sizeof(facts.digest));
	ret->time = (struct input_time){ facts.has_mtime, facts.mtime.tv_sec };
	return fd;
}

int input_fetch_http(const char *url, const struct build_place *at, struct scratch *s,
		     struct build_origin *origin, struct err *e)
{
	struct vertex_http h = { .url = url, .filename = "context" };
	struct err mine = { 0 };
	struct telling t = begin(at, "remote build context", url);
	struct fetch_opts opts = how(at, &t);
	int r = ready(at, s, &mine);

	if (r >= 0)
		r = get_file(&h, &opts, s, origin, &mine);
	if (r >= 0)
		origin->uri = redact_url(url);
	progress_vertex_end(at->progress, t.vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : r;
}

int input_fetch_dockerfile(const char *url, const struct build_place *at, struct scratch *s,
			   struct err *e)
{
	struct vertex_http h = { .url = url, .filename = "Dockerfile" };
	struct build_origin origin = { 0 };
	struct err mine = { 0 };
	struct telling t = begin(at, "remote Dockerfile", url);
	struct fetch_opts opts = how(at, &t);
	int r = ready(at, s, &mine);

	opts.max = DOCKERFILE_MAX;
	if (r >= 0)
		r = get_file(&h, &opts, s, &origin, &mine);
	progress_vertex_end(at->progress, t.vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : r;
}

/* ---- Whose time SOURCE_DATE_EPOCH wants ---- */

static int time_of_git(const struct vertex_git *g, const struct fetch_opts *opts,
		       const struct scratch *s, struct input_time *ret, struct err *e)
{
	auto_(fetch_git_facts) struct fetch_git_facts facts = { 0 };
	int r = fetch_git_resolve(g, opts, &facts, e);

	if (r >= 0)
		r = fetch_git_time(g, &facts, opts, s->fd, &ret->seconds, e);
	ret->is_known = r >= 0;
	return r;
}

static int time_of_http(const struct vertex_http *h, const struct fetch_opts *opts,
			const struct scratch *s, struct input_time *ret, struct err *e)
{
	struct vertex_http kept = *h;
	struct build_origin origin = { 0 };
	autofd int fd = -1;

	kept.filename = "download";
	fd = get_file(&kept, opts, s, &origin, e);
	if (fd < 0)
		return fd;
	*ret = origin.time.is_known ? origin.time : input_archive_time(fd);
	return unlinkat(s->fd, kept.filename, 0) < 0 ? err_sys(e, "remove '%s/download'", s->path)
						     : 0;
}

int input_fetch_time(const struct vertex *v, const struct build_place *at, struct input_time *ret,
		     struct err *e)
{
	struct scratch s = SCRATCH_NONE;
	struct err mine = { 0 };
	struct telling t = { at->progress, progress_new_vertex(at->progress), "download" };
	struct fetch_opts opts = how(at, &t);
	int r;

	progress_vertex_begin(at->progress, t.vertex, NULL, v->name);
	r = ready(at, &s, &mine);
	if (r >= 0)
		r = v->kind == VERTEX_GIT ? time_of_git(&v->u.git, &opts, &s, ret, &mine)
					  : time_of_http(&v->u.http, &opts, &s, ret, &mine);
	scratch_done(&s);
	progress_vertex_end(at->progress, t.vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : 0;
}
