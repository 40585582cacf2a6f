/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of COPY: a source, a directory that stands for a root, and one outside of both. */
#ifndef TESTS_STEP_FILES_FIXTURE_H
#define TESTS_STEP_FILES_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "imagetool/step/files.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct fixture {
	char *dir; /* below /tmp */
	int fd, src, root, out;
};

static UNUSED int set_up(void **state)
{
	struct fixture *t = xcalloc(1, sizeof(*t));
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)umask(0);
	assert_return_code(dir_make_temp_at(tmp, "creel-step-", 0700, &t->dir, NULL), 0);
	t->fd = dir_open_at(tmp, t->dir, NULL);
	(void)close(tmp);
	(void)mkdirat(t->fd, "src", 0755);
	(void)mkdirat(t->fd, "root", 0755);
	(void)mkdirat(t->fd, "out", 0755);
	t->src = dir_open_at(t->fd, "src", NULL);
	t->root = dir_open_at(t->fd, "root", NULL);
	t->out = dir_open_at(t->fd, "out", NULL);
	*state = t;
	return 0;
}

static UNUSED int tear_down(void **state)
{
	struct fixture *t = *state;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)close(t->src);
	(void)close(t->root);
	(void)close(t->out);
	(void)close(t->fd);
	assert_return_code(dir_remove_all_at(tmp, t->dir, NULL), 0);
	(void)close(tmp);
	free(t->dir);
	free(t);
	return 0;
}

/* ---- Making and looking ---- */

static UNUSED void put(int dirfd, const char *name, const char *text, mode_t mode)
{
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000, .tv_nsec = 5 } };
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_return_code(fd, errno);
	assert_return_code(file_write_all(fd, text, strlen(text), NULL), 0);
	assert_return_code(fchmod(fd, mode), errno);
	assert_return_code(futimens(fd, times), errno);
	(void)close(fd);
}

static UNUSED void has(int dirfd, const char *name, const char *text)
{
	autofree char *got = NULL;

	assert_return_code(file_read_at(dirfd, name, 1 << 20, &got, NULL, NULL), 0);
	assert_string_equal(got, text);
}

static UNUSED struct stat look(int dirfd, const char *name)
{
	struct stat st;

	assert_return_code(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), errno);
	return st;
}

static UNUSED void make_symlink(const char *target, int dirfd, const char *name)
{
	assert_return_code(symlinkat(target, dirfd, name), errno);
}

static UNUSED void give(int dirfd, const char *name, uid_t uid, gid_t gid)
{
	assert_return_code(fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW), errno);
}

static UNUSED bool is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- Copying ---- */

struct form {
	const char *path, *dest;
	bool dest_is_dir, parents, unpack, from_tree;
	const char *chown, *chmod, *exclude;
};

static UNUSED struct vertex_files vertex_of(const struct form *form, struct files_source *source,
					    const char **paths)
{
	const char **exclude = paths + 1;

	paths[0] = form->path;
	*exclude = form->exclude;
	*source = (struct files_source){ .paths = paths, .n_paths = 1, .unpack = form->unpack };
	return (struct vertex_files){
		.sources = source,
		.n_sources = 1,
		.dest = form->dest,
		.dest_is_dir = form->dest_is_dir,
		.chown = form->chown,
		.chmod = form->chmod,
		.exclude = exclude,
		.n_exclude = form->exclude ? 1 : 0,
		.parents = form->parents,
	};
}

static UNUSED struct step_tree tree_of(const struct fixture *t, const struct form *form,
				       struct context **c)
{
	autofree char *path = xasprintf("/tmp/%s/src", t->dir);
	const struct context_opts opts = { 0 };

	if (!form->from_tree)
		assert_return_code(context_open_dir(path, &opts, c, NULL), 0);
	return (struct step_tree){ .fd = form->from_tree ? t->src : -1, .context = *c };
}

static UNUSED int copy(const struct fixture *t, const struct form *form, struct err *e)
{
	auto_(context) struct context *c = NULL;
	const struct step_tree tree = tree_of(t, form, &c);
	const struct step_root root = { .fd = t->root };
	struct files_source source;
	const char *paths[2];
	const struct vertex_files f = vertex_of(form, &source, paths);

	return step_files(&f, &tree, &root, NULL, e);
}

static UNUSED void copies(const struct fixture *t, const struct form *form)
{
	struct err e = { 0 };

	if (copy(t, form, &e) < 0)
		fail_msg("COPY %s %s: %s", form->path, form->dest, e.msg);
}

static UNUSED void refuses(const struct fixture *t, const struct form *form, int code,
			   const char *why)
{
	struct err e = { 0 };

	assert_int_equal(copy(t, form, &e), -code);
	if (!strstr(e.msg, why))
		fail_msg("'%s' does not say '%s'", e.msg, why);
}

static UNUSED void hash(const struct fixture *t, const struct form *form,
			uint8_t ret[CONTEXT_HASH_SIZE])
{
	auto_(context) struct context *c = NULL;
	const struct step_tree tree = tree_of(t, form, &c);
	struct files_source source;
	const char *paths[2];
	const struct vertex_files f = vertex_of(form, &source, paths);
	struct err e = { 0 };

	if (step_files_hash(&f, 0, &tree, ret, &e) < 0)
		fail_msg("hash of %s: %s", form->path, e.msg);
}

#define COPY(from, to, ...)                                                                        \
	copies(t, &(const struct form){ .path = (from), .dest = (to), __VA_ARGS__ })
#define REFUSE(code, why, from, to, ...)                                                           \
	refuses(t, &(const struct form){ .path = (from), .dest = (to), __VA_ARGS__ }, code, why)

/* Each test of it runs on a context and on a tree. */
#define BOTH(name)                                                                                 \
	static void name##_from(const struct fixture *t, bool tree);                               \
	static void name##_of_a_context(void **state)                                              \
	{                                                                                          \
		name##_from(*state, false);                                                        \
	}                                                                                          \
	static void name##_of_a_tree(void **state)                                                 \
	{                                                                                          \
		name##_from(*state, true);                                                         \
	}                                                                                          \
	static void name##_from(const struct fixture *t, bool tree)

#define RUN(name)      cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define RUN_BOTH(name) RUN(name##_of_a_context), RUN(name##_of_a_tree)

#endif
