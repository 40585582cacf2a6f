/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts out of the network, into a directory of the build's own. */
#include <errno.h>
#include <fcntl.h>

#include "imagetool/build/input.h"
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
				    .ssh_auth_sock = getenv("SSH_AUTH_SOCK"),
				    .log = tell_log,
				    .progress = tell_progress,
				    .ctx = t };
}

static struct telling begin(const struct build_place *at, const char *kind, const char *what)
{
	autofree char *name = xasprintf("[internal] load %s %s", kind, what);
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
	autofd int workfd = scratch_dir(s, "git", 0700, e);
	autofd int dirfd = workfd < 0 ? workfd : scratch_dir(s, "tree", 0700, e);
	int r = dirfd < 0 ? dirfd : fetch_git_resolve(g, opts, &facts, e);

	if (r < 0)
		return r;
	origin->uri = xasprintf("%s%s%s", g->url, *g->ref ? "#" : "", g->ref);
	origin->dir = xstrdup(g->subdir);
	memcpy(origin->digest, facts.commit, sizeof(facts.commit));
	return fetch_git(g, &facts, opts, workfd, dirfd, e);
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
				.mtime_commit = url->mtime_commit,
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

int input_fetch_http(const char *url, const struct build_place *at, struct scratch *s,
		     struct build_origin *origin, struct err *e)
{
	struct vertex_http h = { .url = url, .filename = "context" };
	auto_(fetch_http_facts) struct fetch_http_facts facts = { 0 };
	struct err mine = { 0 };
	struct telling t = begin(at, "remote build context", url);
	struct fetch_opts opts = how(at, &t);
	int fd = -1, r = ready(at, s, &mine);

	if (r >= 0)
		r = fetch_http(&h, &opts, NULL, s->fd, &facts, &mine);
	if (r >= 0) {
		origin->uri = xstrdup(url);
		memcpy(origin->digest, facts.digest, sizeof(facts.digest));
		fd = openat(s->fd, h.filename, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? err_sys(&mine, "open '%s/%s'", s->path, h.filename) : 0;
	}
	progress_vertex_end(at->progress, t.vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : fd;
}
