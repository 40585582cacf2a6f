/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/build/input_fetch.h"
#include "imagetool/build/input_stream.h"
#include "imagetool/interrupt.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* Where -f says nothing, in this order. */
static const char *const usual_names[] = { "Dockerfile", "dockerfile", "Containerfile" };

static bool is_url(const char *text)
{
	return starts_with(text, "http://") || starts_with(text, "https://");
}

int input_kind(const char *context, struct arena *a, enum input_kind *ret, struct git_url *git,
	       struct err *e)
{
	struct stat st;
	int r;

	if (streq(context, "-")) {
		*ret = INPUT_STDIN;
		return 0;
	}
	r = git_url_parse(context, a, git, e);
	if (r < 0)
		return r;
	/* "github.com/x/y" and "git@host:x" may be directories as well. */
	if (r == 1 && git->looks_local && stat(context, &st) == 0)
		r = 0;
	if (r == 1)
		*ret = INPUT_GIT;
	else if (is_url(context))
		*ret = INPUT_HTTP;
	else
		*ret = INPUT_DIR;
	return 0;
}

/* A Dockerfile that is not there is no image that is not there (exit status). */
static int not_read(int r, struct err *e)
{
	r = err_wrap(e, r, "failed to read dockerfile");
	if (r != -ENOENT)
		return r;
	if (e)
		e->code = EINVAL;
	return -EINVAL;
}

static void take_text(struct build_input *in, char *text, size_t len, const char *name)
{
	in->text = text;
	in->len = len;
	in->name = xstrdup(name);
}

/* ---- A directory ---- */

static int check_dir(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0 && errno == ENOENT)
		return err_set(e, EINVAL, "unable to prepare context: path \"%s\" not found", path);
	if (stat(path, &st) < 0)
		return err_sys(e, "unable to prepare context: '%s'", path);
	return S_ISDIR(st.st_mode)
		       ? 0
		       : err_set(e, EINVAL,
				 "unable to prepare context: context must be a directory: %s",
				 path);
}

static bool is_there(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A link in the context leads to what is in the context. */
static int read_beneath(struct build_input *in, int dirfd, const char *name, struct err *e)
{
	char *text = NULL;
	size_t len;
	int r = context_read_beneath(dirfd, name, DOCKERFILE_MAX, &text, &len, e);

	if (r >= 0)
		take_text(in, text, len, name);
	return r < 0 ? not_read(r, e) : 0;
}

static int read_usual(struct build_input *in, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, in->dir, e);

	if (dirfd < 0)
		return dirfd;
	for (size_t i = 0; i < ARRAY_LEN(usual_names); i++) {
		if (!is_there(dirfd, usual_names[i]))
			continue;
		in->dockerfile = xstrdup(usual_names[i]);
		return read_beneath(in, dirfd, usual_names[i], e);
	}
	return err_set(e, EINVAL,
		       "failed to read dockerfile: open %s: no such file or directory: there is "
		       "neither Dockerfile nor Containerfile in '%s': give -f FILE",
		       usual_names[0], in->dir);
}

static int read_path(struct build_input *in, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len;
	int r = interrupt_read_file(path, DOCKERFILE_MAX, &text, &len, e);

	if (r < 0)
		return not_read(r, e);
	take_text(in, text, len, path_base(path));
	if (!in->ignore_file)
		in->ignore_file = xasprintf("%s.dockerignore", path);
	return 0;
}

/* As docker has it: a path of its own.  One that is not there may mean a file of the context, as
 * podman has it. */
static int read_named(struct build_input *in, const char *file, struct err *e)
{
	autofree char *inside = path_join(in->dir, file);
	struct stat st;

	if (stat(file, &st) < 0 && !path_is_absolute(file) && stat(inside, &st) == 0)
		return read_path(in, inside, e);
	return read_path(in, file, e);
}

static int read_stdin(struct build_input *in, struct err *e)
{
	char *text = NULL;
	size_t len;
	int r = input_read_stdin(&text, &len, e);

	if (r >= 0)
		take_text(in, text, len, "Dockerfile");
	return r;
}

static int open_dir(struct build_input *in, const struct build_options *o, struct err *e)
{
	int r = check_dir(o->context, e);

	if (r < 0)
		return r;
	in->dir = xstrdup(o->context);
	if (in->text)
		return 0;
	if (!o->file)
		return read_usual(in, e);
	return streq(o->file, "-") ? read_stdin(in, e) : read_named(in, o->file, e);
}

/* ---- A context that is open ---- */

static int read_of_context(struct build_input *in, const char *name, struct err *e)
{
	char *text = NULL;
	size_t len;
	int r = context_read_file(in->context, name, DOCKERFILE_MAX, &text, &len, e);

	if (r < 0)
		return r;
	take_text(in, text, len, name);
	return 0;
}

/* Which file of the context is the Dockerfile is asked of the context, whose .dockerignore may
 * depend on it: `reopen` opens it for that name. */
int input_read_dockerfile(struct build_input *in, const char *file, struct err *e)
{
	struct err ignored = { 0 };
	int r = 0;

	if (file) {
		r = read_of_context(in, file, e);
		return r < 0 ? not_read(r, e) : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(usual_names); i++) {
		r = read_of_context(in, usual_names[i], i ? &ignored : e);
		if (r != -ENOENT)
			break;
	}
	return r < 0 ? not_read(r, e) : 0;
}

/* ---- A Dockerfile that is nowhere in the context ---- */

static int read_url(struct build_input *in, const char *url, const struct build_place *at,
		    struct err *e)
{
	autofd int fd = input_fetch_dockerfile(url, at, &in->scratch, e);
	char *text = NULL;
	size_t len;
	int r = fd < 0 ? fd : input_read_text(fd, &text, &len, e);

	if (r >= 0)
		take_text(in, text, len, "Dockerfile");
	return r < 0 ? err_wrap(e, r, "failed to read dockerfile") : 0;
}

/* An URL; and beside a context out of the network what is on this machine. */
static int read_elsewhere(struct build_input *in, const char *file, const struct build_place *at,
			  struct err *e)
{
	if (!file)
		return 0;
	if (is_url(file))
		return read_url(in, file, at, e);
	if (in->kind != INPUT_GIT && in->kind != INPUT_HTTP)
		return 0;
	if (streq(file, "-"))
		return read_stdin(in, e);
	return path_is_absolute(file) ? read_path(in, file, e) : 0;
}

/* ---- All kinds ---- */

static int check_together(const struct build_options *o, struct err *e)
{
	if (streq(o->context, "-") && o->file && streq(o->file, "-"))
		return err_set(e, EINVAL,
			       "invalid argument: can't use stdin for both build context and "
			       "dockerfile");
	return 0;
}

/* NULL: the usual one, or none of it. */
static const char *file_of_context(const struct build_input *in, const struct build_options *o)
{
	return in->text ? NULL : o->file;
}

int input_open(struct build_input *in, const struct build_options *o, const struct build_place *at,
	       struct arena *a, struct err *e)
{
	struct git_url git = { 0 };
	int r = check_together(o, e);

	if (r >= 0)
		r = input_kind(o->context, a, &in->kind, &git, e);
	if (r < 0)
		return r;
	if (o->ignore_file)
		in->ignore_file = xstrdup(o->ignore_file);
	layer_budget_init(&in->budget, 0, 0);
	r = read_elsewhere(in, o->file, at, e);
	if (r < 0)
		return r;
	switch (in->kind) {
	case INPUT_DIR:
		return open_dir(in, o, e);
	case INPUT_STDIN:
		return input_open_stdin(in, file_of_context(in, o), at, e);
	case INPUT_GIT:
		return input_open_git(in, &git, file_of_context(in, o), at, e);
	case INPUT_HTTP:
		return input_open_http(in, o, at, e);
	}
	return 0;
}

int input_context(struct build_input *in, const struct build_place *at, struct context **ret,
		  struct err *e)
{
	struct context_opts opts = { .dockerfile = in->dockerfile,
				     .ignore_file = in->ignore_file,
				     .store = at->store };
	int r = 0;

	if (!in->context && in->dir)
		r = context_open_dir(in->dir, &opts, &in->context, e);
	if (r >= 0 && !in->context)
		return err_set(e, EINVAL,
			       "there is no build context: a Dockerfile from standard input or an "
			       "URL has no files to COPY: give a directory, and the Dockerfile by "
			       "-f -");
	if (r >= 0)
		*ret = in->context;
	return r;
}

/* ---- .dockerignore, for the checks ---- */

/* It is read more than once, which nothing but a file survives; and nobody waits for a FIFO. */
static int read_ignore(const struct build_input *in, int dirfd, char **ret, size_t *ret_len)
{
	autofree char *beside =
		in->dockerfile ? xasprintf("%s.dockerignore", in->dockerfile) : NULL;
	int r = -ENOENT;

	if (in->ignore_file)
		r = file_read_regular_at(AT_FDCWD, in->ignore_file, IGNORE_FILE_MAX, ret, ret_len,
					 NULL);
	for (int i = 0; i < 2 && r == -ENOENT; i++) {
		const char *name = i ? ".dockerignore" : beside;

		if (name)
			r = context_read_beneath(dirfd, name, IGNORE_FILE_MAX, ret, ret_len, NULL);
	}
	return r;
}

/* One that --ignorefile names is there: nobody wants to send what it would have held back. */
int input_check_ignore(const char *file, struct err *e)
{
	autofree char *text = NULL;
	int r = file ? file_read_regular_at(AT_FDCWD, file, IGNORE_FILE_MAX, &text, NULL, e) : 0;

	return r < 0 ? err_wrap(e, r, "--ignorefile '%s'", file) : 0;
}

/* What cannot be read is said when the context is opened. */
int input_ignore(struct build_input *in, struct arena *a, struct err *e)
{
	autofd int dirfd = in->dir ? dir_open_at(AT_FDCWD, in->dir, NULL) : -1;
	autofree char *text = NULL;
	size_t len = 0;

	if (dirfd < 0 || read_ignore(in, dirfd, &text, &len) < 0)
		return 0;
	return ignore_parse(text, len, a, &in->ignore, e);
}

struct input_time input_context_time(const struct build_input *in)
{
	autofd int fd = -1;

	if (in->kind != INPUT_HTTP || in->origin.time.is_known)
		return in->origin.time;
	fd = openat(in->scratch.fd, "context", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? in->origin.time : input_archive_time(fd);
}

void input_done(struct build_input *in)
{
	free(in->text);
	free(in->name);
	free(in->dir);
	free(in->dockerfile);
	free(in->ignore_file);
	context_free(in->context);
	scratch_done(&in->scratch);
	free(in->origin.uri);
	free(in->origin.dir);
	*in = BUILD_INPUT_NONE;
}
