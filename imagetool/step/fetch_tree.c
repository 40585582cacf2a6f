/* SPDX-License-Identifier: Apache-2.0 */
/* The working tree of a commit. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/dockerfile/redact.h"
#include "imagetool/step/git_keys.h"
#include "imagetool/step/git_run.h"
#include "imagetool/step/tree_times.h"
#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/parse.h"

#define DEPTH_MAX 256 /* of directories with submodules in them */

/* ---- Getting the commit ---- */

static bool is_there(const struct git *git, const char *commit)
{
	autofree char *what = xasprintf("%s^{commit}", commit);

	return GIT_RUN(git, NULL, NULL, "cat-file", "-e", what) >= 0;
}

/* Plain file servers know no part of a history. */
static bool is_dumb(const struct err *e)
{
	return strstr(e->msg, "shallow") || strstr(e->msg, "--depth");
}

static int fetch_one(const struct git *git, const char *url, const char *from, const char *to,
		     struct err *e)
{
	autofree char *refspec = to ? xasprintf("%s:%s", from, to) : xstrdup(from);
	struct err why = { 0 };
	int r = GIT_RUN(git, NULL, &why, "fetch", "--quiet", "--progress", "--depth=1", "--no-tags",
			"--force", "--update-head-ok", "--", url, refspec);

	if (r < 0 && is_dumb(&why)) {
		err_clear(&why);
		r = GIT_RUN(git, NULL, &why, "fetch", "--quiet", "--progress", "--no-tags",
			    "--force", "--update-head-ok", "--", url, refspec);
	}
	return r < 0 ? err_take(e, &why) : 0;
}

/* Every server gives what a ref names, most any commit; from the others everything is taken. */
static int fetch_commit(const struct git *git, const struct vertex_git *v,
			const struct fetch_git_facts *f, struct err *e)
{
	const char *to = v->keep_git_dir ? f->ref : NULL;
	int r = fetch_one(git, v->url, f->object, to, e);

	if (r >= 0 || r == -EINTR)
		return r;
	if (f->ref && !v->fetch_by_commit) {
		err_clear(e);
		r = fetch_one(git, v->url, f->ref, to, e);
	}
	if (r >= 0 || r == -EINTR || f->ref)
		return r;
	err_clear(e);
	return GIT_RUN(git, NULL, e, "fetch", "--quiet", "--progress", "--no-tags", "--force", "--",
		       v->url, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
}

/* The commit of what was asked for, which may be a tag. */
static int find_commit(const struct git *git, const struct fetch_git_facts *f,
		       char ret[FETCH_COMMIT_SIZE], struct err *e)
{
	autofree char *what = xasprintf("%s^{commit}", f->object);
	auto_(strbuf) struct strbuf out = { 0 };
	int r;

	if (!is_there(git, f->object))
		return err_set(e, ESTALE,
			       "it has not commit %s any more: it changed meanwhile, build again",
			       f->object);
	r = GIT_RUN(git, &out, e, "rev-parse", "--verify", "--quiet", what);
	if (r < 0)
		return r;
	(void)snprintf(ret, FETCH_COMMIT_SIZE, "%.*s", (int)strcspn(strbuf_str(&out), "\n"),
		       strbuf_str(&out));
	if (!streq(f->object, f->commit) && !streq(ret, f->commit))
		return err_set(e, ESTALE, "tag %s names %s, not %s", f->object, ret, f->commit);
	return 0;
}

static int init(const struct git *git, const struct vertex_git *v, const struct fetch_git_facts *f,
		struct err *e)
{
	const char *format = strlen(f->object) == FETCH_COMMIT_SIZE - 1 ? "--object-format=sha256"
									: "--object-format=sha1";
	int r = GIT_RUN(git, NULL, e, "init", "--quiet", "--template=", format);

	/* What a submodule's relative URL begins at. */
	if (r >= 0)
		r = GIT_RUN(git, NULL, e, "remote", "add", "--", "origin", v->url);
	return r;
}

/* ---- The tree ---- */

/* Submodules have a file .git that names a directory of ours.  git lets no tree have such a name,
 * so that none of the repository's own is removed. */
struct level {
	unsigned depth;
};

static int drop_git_file(int dirfd, const char *name, unsigned char type, void *ctx, struct err *e)
{
	const struct level *level = ctx;
	struct level below = { level->depth + 1 };
	autofd int fd = -1;

	if (streq(name, ".git") && type == DT_REG && unlinkat(dirfd, name, 0) < 0)
		return err_sys(e, "remove '.git'");
	if (type != DT_DIR || streq(name, ".git") || level->depth == DEPTH_MAX)
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%.100s'", name);
	return dir_each(fd, drop_git_file, &below, e);
}

static int add_submodules(const struct git *git, bool keep, struct err *e)
{
	struct level top = { 0 };
	struct err why = { 0 };
	int r;

	if (faccessat(git->treefd, ".gitmodules", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	r = GIT_RUN(git, NULL, &why, "submodule", "--quiet", "update", "--progress", "--init",
		    "--recursive", "--depth=1");
	if (r < 0 && is_dumb(&why)) {
		err_clear(&why);
		r = GIT_RUN(git, NULL, &why, "submodule", "--quiet", "update", "--progress",
			    "--init", "--recursive");
	}
	if (r < 0)
		return err_take(e, &why);
	return keep ? 0 : dir_each(git->treefd, drop_git_file, &top, e);
}

/* What would differ from one build to the next. */
static int clean_git_dir(int treefd, struct err *e)
{
	static const char *const files[] = { "FETCH_HEAD", "ORIG_HEAD", "COMMIT_EDITMSG" };
	autofd int fd = openat(treefd, ".git", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '.git'");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (unlinkat(fd, files[i], 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove '.git/%s'", files[i]);
	return dir_remove_all_at(fd, "logs", e);
}

/* The committer's, in seconds. */
static int commit_time(const struct git *git, const char *commit, int64_t *ret, struct err *e)
{
	auto_(strbuf) struct strbuf out = { 0 };
	autofree char *first = NULL;
	int r = GIT_RUN(git, &out, e, "show", "--no-patch", "--format=%ct", commit);

	if (r < 0)
		return r;
	first = xstrndup(strbuf_str(&out), strcspn(strbuf_str(&out), "\n"));
	if (parse_i64(first, ret) < 0)
		return err_set(e, EBADMSG, "commit %s has no time", commit);
	return 0;
}

static int fill_tree(const struct git *git, const struct vertex_git *v,
		     const struct fetch_git_facts *f, bool keep, int64_t *ret_time, struct err *e)
{
	char commit[FETCH_COMMIT_SIZE] = "";
	int64_t own = 0;
	int r = init(git, v, f, e);

	if (r >= 0)
		r = fetch_commit(git, v, f, e);
	if (r >= 0)
		r = find_commit(git, f, commit, e);
	if (r >= 0)
		r = GIT_RUN(git, NULL, e, "checkout", "--quiet", "--force", "--detach", commit);
	if (r >= 0 && v->submodules)
		r = add_submodules(git, keep, e);
	if (r >= 0 && keep)
		r = clean_git_dir(git->treefd, e);
	if (r >= 0 && (ret_time || v->mtime_commit))
		r = commit_time(git, commit, ret_time ? ret_time : &own, e);
	/* Files are as old as the commit, whenever they were checked out. */
	return r < 0 || !v->mtime_commit
		       ? r
		       : tree_set_times(git->treefd, ret_time ? *ret_time : own, e);
}

/* ---- Parts of a tree ---- */

struct moving {
	int to;
};

static int move_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		    struct err *e)
{
	const struct moving *m = ctx;

	if (renameat(dirfd, name, m->to, name) < 0)
		return err_sys(e, "move '%.200s'", name);
	return 0;
}

/* Directories only: a symlink of the repository leads nowhere. */
static int move_subdir(int treefd, const char *subdir, int dirfd, struct err *e)
{
	autofd int fd = beneath_open(treefd, subdir, O_RDONLY | O_DIRECTORY, 0, BENEATH_STRICT, e);
	struct moving m = { .to = dirfd };

	if (fd < 0)
		return err_wrap(e, fd, "invalid subdir '%.200s'", subdir);
	return dir_each(fd, move_one, &m, e);
}

static int fetch_subdir(struct git *git, const struct vertex_git *v,
			const struct fetch_git_facts *f, int dirfd, int64_t *ret_time,
			struct err *e)
{
	autofree char *name = NULL;
	autofd int fd = -1;
	int r = dir_make_temp_at(dirfd, ".checkout-", 0700, &name, e);

	if (r < 0)
		return r;
	fd = dir_open_at(dirfd, name, e);
	git->treefd = fd;
	r = fd < 0 ? fd : fill_tree(git, v, f, false, ret_time, e);
	if (r >= 0)
		r = move_subdir(fd, v->subdir, dirfd, e);
	if (r >= 0)
		return dir_remove_all_at(dirfd, name, e);
	(void)dir_remove_all_at(dirfd, name, NULL);
	return r;
}

/* ---- All of it ---- */

int fetch_git(const struct vertex_git *v, const struct fetch_git_facts *facts,
	      const struct fetch_opts *opts, int workfd, int dirfd, int64_t *ret_time,
	      struct err *e)
{
	bool keep = v->keep_git_dir && !*v->subdir;
	auto_(git) struct git git = { .opts = opts, .treefd = dirfd, .url = v->url };
	struct vertex_git g = *v;
	autofree char *work = NULL;
	autofree char *shown = redact_url(v->url), *remote = git_keys_plain_url(v->url);
	int r = 0;

	g.url = remote;
	g.keep_git_dir = keep;
	if (!keep)
		r = dir_make_temp_at(workfd, "git-", 0700, &work, e);
	if (r >= 0)
		r = git_path_of(keep ? dirfd : workfd, keep ? ".git" : work, &git.dir, e);
	if (r >= 0 && *v->subdir)
		r = fetch_subdir(&git, &g, facts, dirfd, ret_time, e);
	else if (r >= 0)
		r = fill_tree(&git, &g, facts, keep, ret_time, e);
	if (work)
		(void)dir_remove_all_at(workfd, work, NULL);
	return r < 0 ? err_wrap(e, r, "repository '%.200s'", shown) : 0;
}

/* ---- Its time alone ---- */

static int get_time(const struct git *git, const struct vertex_git *v,
		    const struct fetch_git_facts *f, int64_t *ret, struct err *e)
{
	char commit[FETCH_COMMIT_SIZE] = "";
	int r = init(git, v, f, e);

	if (r >= 0)
		r = fetch_commit(git, v, f, e);
	if (r >= 0)
		r = find_commit(git, f, commit, e);
	return r < 0 ? r : commit_time(git, commit, ret, e);
}

int fetch_git_time(const struct vertex_git *v, const struct fetch_git_facts *facts,
		   const struct fetch_opts *opts, int workfd, int64_t *ret, struct err *e)
{
	auto_(git) struct git git = { .opts = opts, .treefd = -1, .url = v->url };
	struct vertex_git bare = *v;
	autofree char *work = NULL;
	autofree char *shown = redact_url(v->url), *remote = git_keys_plain_url(v->url);
	int r = dir_make_temp_at(workfd, "git-", 0700, &work, e);

	bare.url = remote;
	bare.keep_git_dir = false;
	if (r >= 0)
		r = git_path_of(workfd, work, &git.dir, e);
	if (r >= 0)
		r = get_time(&git, &bare, facts, ret, e);
	if (work)
		(void)dir_remove_all_at(workfd, work, NULL);
	return r < 0 ? err_wrap(e, r, "repository '%.200s'", shown) : 0;
}
