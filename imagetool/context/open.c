/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "imagetool/context/internal.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/file.h"

static struct context *context_new(const char *name, const struct context_opts *opts)
{
	struct context *c = xcalloc(1, sizeof(*c));

	c->name = xstrdup(name);
	c->rootfd = -1;
	c->store = opts->store;
	c->scratch = SCRATCH_NONE;
	return c;
}

void context_free(struct context *c)
{
	if (!c)
		return;
	if (c->rootfd >= 0)
		(void)close(c->rootfd);
	scratch_done(&c->scratch);
	stat_cache_done(&c->cache);
	file_list_done(&c->list);
	arena_done(&c->arena);
	free(c->cache_name);
	free(c->name);
	free(c);
}

/* ---- Files that count whatever is ignored ---- */

int context_read_beneath(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
			 struct err *e)
{
	/* O_NONBLOCK: a FIFO must not make us wait. */
	autofd int fd =
		beneath_open(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, BENEATH_CHROOT, e);

	return fd < 0 ? fd : file_read_regular_fd(fd, path, max, ret, ret_len, e);
}

int context_read_file(const struct context *c, const char *path, size_t max, char **ret,
		      size_t *ret_len, struct err *e)
{
	return context_read_beneath(c->rootfd, path, max, ret, ret_len, e);
}

/* ---- .dockerignore ---- */

/* 1: it is there and says so. */
static int use_rules(struct context *c, const char *path, int r, char *text, size_t len,
		     struct err *e)
{
	autofree char *owned = text;

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	r = ignore_parse(owned, len, &c->arena, &c->ignore, e);
	return r < 0 ? err_wrap(e, r, "'%s'", path) : 1;
}

static int try_inside(struct context *c, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int r = context_read_file(c, path, IGNORE_FILE_MAX, &text, &len, e);

	return use_rules(c, path, r, text, len, e);
}

static int try_outside(struct context *c, const char *path, struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *text = NULL;
	size_t len = 0;
	int r = fd < 0 ? err_sys(e, "open '%s'", path)
		       : file_read_regular_fd(fd, path, IGNORE_FILE_MAX, &text, &len, e);

	return use_rules(c, path, r, text, len, e);
}

static int load_rules(struct context *c, const struct context_opts *opts, struct err *e)
{
	autofree char *own =
		opts->dockerfile ? xasprintf("%s.dockerignore", opts->dockerfile) : NULL;
	int r = opts->ignore_file ? try_outside(c, opts->ignore_file, e) : 0;

	if (r == 0 && own)
		r = try_inside(c, own, e);
	if (r == 0)
		r = try_inside(c, ".dockerignore", e);
	return r;
}

/* ---- Opening ---- */

static int list_all(struct context *c, const struct context_opts *opts, struct err *e)
{
	int r = load_rules(c, opts, e);

	c->begun = stat_cache_now();
	if (r >= 0)
		r = walk(c->rootfd, &c->ignore, &c->list, e);
	return r < 0 ? err_wrap(e, r, "context '%s'", c->name) : 0;
}

int context_open_dir(const char *path, const struct context_opts *opts, struct context **ret,
		     struct err *e)
{
	auto_(context) struct context *c = context_new(path, opts);
	int r;

	c->rootfd = dir_open_at(AT_FDCWD, path, e);
	if (c->rootfd < 0)
		return err_wrap(e, c->rootfd, "context");
	r = list_all(c, opts, e);
	if (r < 0)
		return r;
	context_load(c);
	*ret = steal_ptr(&c);
	return 0;
}

int context_open_tar(struct byte_source from, const struct context_opts *opts,
		     struct layer_budget *budget, struct context **ret, struct err *e)
{
	auto_(context) struct context *c = context_new("-", opts);
	int r;

	if (!opts->store)
		return err_set(e, EINVAL, "a context that is a tar stream needs a store");
	c->rootfd = spool_tar(&c->scratch, opts->store, from, budget, e);
	if (c->rootfd < 0)
		return err_wrap(e, c->rootfd, "context '-'");
	/* Its files are new every time: nothing is known of them, nothing worth keeping. */
	r = list_all(c, opts, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&c);
	return 0;
}

/* ---- Asking ---- */

const struct context_file *const *context_files(const struct context *c, size_t *ret_n)
{
	*ret_n = c->list.n;
	return (const struct context_file *const *)c->list.files;
}

bool context_is_whole(const struct context *c)
{
	return !c->ignore.n && !c->list.sockets;
}

uint64_t context_sockets(const struct context *c)
{
	return c->list.sockets;
}

uint64_t context_hashed(const struct context *c)
{
	return c->hashed;
}
