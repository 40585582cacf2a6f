/* SPDX-License-Identifier: Apache-2.0 */
/* COPY from contexts and from trees into a directory that stands for a root. */
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

static int set_up(void **state)
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

static int tear_down(void **state)
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

static void put(int dirfd, const char *name, const char *text, mode_t mode)
{
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000, .tv_nsec = 5 } };
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_return_code(fd, errno);
	assert_return_code(file_write_all(fd, text, strlen(text), NULL), 0);
	assert_return_code(fchmod(fd, mode), errno);
	assert_return_code(futimens(fd, times), errno);
	(void)close(fd);
}

static void has(int dirfd, const char *name, const char *text)
{
	autofree char *got = NULL;

	assert_return_code(file_read_at(dirfd, name, 1 << 20, &got, NULL, NULL), 0);
	assert_string_equal(got, text);
}

static struct stat look(int dirfd, const char *name)
{
	struct stat st;

	assert_return_code(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), errno);
	return st;
}

static void make_symlink(const char *target, int dirfd, const char *name)
{
	assert_return_code(symlinkat(target, dirfd, name), errno);
}

static void give(int dirfd, const char *name, uid_t uid, gid_t gid)
{
	assert_return_code(fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW), errno);
}

static bool is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- Copying ---- */

struct form {
	const char *path, *dest;
	bool dest_is_dir, parents, unpack, from_tree;
	const char *chown, *chmod, *exclude;
};

static struct vertex_files vertex_of(const struct form *form, struct files_source *source,
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

static struct step_tree tree_of(const struct fixture *t, const struct form *form,
				struct context **c)
{
	autofree char *path = xasprintf("/tmp/%s/src", t->dir);
	const struct context_opts opts = { 0 };

	if (!form->from_tree)
		assert_return_code(context_open_dir(path, &opts, c, NULL), 0);
	return (struct step_tree){ .fd = form->from_tree ? t->src : -1, .context = *c };
}

static int copy(const struct fixture *t, const struct form *form, struct err *e)
{
	auto_(context) struct context *c = NULL;
	const struct step_tree tree = tree_of(t, form, &c);
	const struct step_root root = { .fd = t->root };
	struct files_source source;
	const char *paths[2];
	const struct vertex_files f = vertex_of(form, &source, paths);

	return step_files(&f, &tree, &root, NULL, e);
}

static void copies(const struct fixture *t, const struct form *form)
{
	struct err e = { 0 };

	if (copy(t, form, &e) < 0)
		fail_msg("COPY %s %s: %s", form->path, form->dest, e.msg);
}

static void refuses(const struct fixture *t, const struct form *form, int code, const char *why)
{
	struct err e = { 0 };

	assert_int_equal(copy(t, form, &e), -code);
	if (!strstr(e.msg, why))
		fail_msg("'%s' does not say '%s'", e.msg, why);
}

static void hash(const struct fixture *t, const struct form *form, uint8_t ret[CONTEXT_HASH_SIZE])
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

/* ---- Where things go ---- */

BOTH(a_file_becomes_what_the_destination_says)
{
	put(t->src, "a", "one", 0640);
	COPY("/a", "/x/y/b", .from_tree = tree);
	has(t->root, "x/y/b", "one");
	assert_int_equal(look(t->root, "x/y/b").st_mode & 07777, 0640);
	assert_int_equal(look(t->root, "x/y/b").st_mtim.tv_sec, 1000);
	assert_int_equal(look(t->root, "x/y/b").st_mtim.tv_nsec, 5);
	assert_int_equal(look(t->root, "x/y").st_mode & 07777, 0755);
}

BOTH(a_file_goes_into_a_directory_by_its_name)
{
	put(t->src, "a", "one", 0644);
	(void)mkdirat(t->root, "d", 0700);
	COPY("/a", "/d", .from_tree = tree);
	COPY("/a", "/e", .dest_is_dir = true, .from_tree = tree);
	has(t->root, "d/a", "one");
	has(t->root, "e/a", "one");
	assert_int_equal(look(t->root, "d").st_mode & 07777, 0700);
}

BOTH(what_is_in_a_directory_is_copied_not_itself)
{
	(void)mkdirat(t->src, "d", 0711);
	(void)mkdirat(t->src, "d/e", 01777);
	put(t->src, "d/f", "f", 04755);
	make_symlink("/etc/passwd", t->src, "d/l");
	COPY("/d", "/new", .from_tree = tree);
	has(t->root, "new/f", "f");
	assert_int_equal(look(t->root, "new").st_mode & 07777, 0755);
	assert_int_equal(look(t->root, "new/e").st_mode & 07777, 01777);
	assert_int_equal(look(t->root, "new/f").st_mode & 07777, 04755);
	assert_true(S_ISLNK(look(t->root, "new/l").st_mode));
}

BOTH(directories_merge_and_the_inner_ones_change)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/e", 0701);
	put(t->src, "d/e/f", "new", 0644);
	(void)mkdirat(t->root, "o", 0750);
	(void)mkdirat(t->root, "o/e", 0777);
	put(t->root, "o/e/f", "old", 0600);
	put(t->root, "o/e/kept", "kept", 0600);
	COPY("/d", "/o", .from_tree = tree);
	has(t->root, "o/e/f", "new");
	has(t->root, "o/e/kept", "kept");
	assert_int_equal(look(t->root, "o").st_mode & 07777, 0750);
	assert_int_equal(look(t->root, "o/e").st_mode & 07777, 0701);
}

BOTH(what_does_not_fit_is_refused)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/x", 0755);
	put(t->src, "a", "a", 0644);
	put(t->root, "file", "f", 0644);
	put(t->root, "x", "f", 0644);
	(void)mkdirat(t->root, "in", 0755);
	(void)mkdirat(t->root, "in/a", 0755);
	REFUSE(ENOTDIR, "cannot copy to non-directory", "/d", "/file", .from_tree = tree);
	REFUSE(ENOTDIR, "cannot copy to non-directory", "/d", "/", .from_tree = tree);
	REFUSE(EISDIR, "cannot replace to directory", "/a", "/in", .from_tree = tree);
	REFUSE(ENOTDIR, "not a directory", "/a", "/file", .dest_is_dir = true, .from_tree = tree);
	REFUSE(ENOENT, "missing", "/missing", "/y", .from_tree = tree);
	has(t->root, "file", "f");
}

BOTH(wildcards_take_what_fits)
{
	put(t->src, "a.c", "a", 0644);
	put(t->src, "b.c", "b", 0644);
	put(t->src, "b.h", "h", 0644);
	(void)mkdirat(t->src, "s", 0755);
	put(t->src, "s/d.c", "d", 0644);
	COPY("/*.c", "/x", .dest_is_dir = true, .from_tree = tree);
	COPY("/?/*.c", "/y", .dest_is_dir = true, .from_tree = tree);
	COPY("/*.none", "/z", .from_tree = tree);
	has(t->root, "x/a.c", "a");
	has(t->root, "x/b.c", "b");
	assert_false(is_there(t->root, "x/b.h"));
	assert_false(is_there(t->root, "x/d.c"));
	has(t->root, "y/d.c", "d");
	assert_false(is_there(t->root, "z"));
}

BOTH(parents_keep_the_way_from_the_pivot_on)
{
	(void)mkdirat(t->src, "p", 0755);
	(void)mkdirat(t->src, "p/q", 0710);
	(void)mkdirat(t->src, "p/q/r", 0755);
	(void)mkdirat(t->src, "p/none", 0755);
	put(t->src, "p/q/r/a.c", "a", 0644);
	put(t->src, "p/q/r/a.h", "h", 0644);
	put(t->src, "p/q/b.c", "b", 0644);
	COPY("p/q/b.c", "/1", .dest_is_dir = true, .parents = true, .from_tree = tree);
	COPY("p/./q/b.c", "/2", .dest_is_dir = true, .parents = true, .from_tree = tree);
	COPY("p/./**/*.c", "/3", .dest_is_dir = true, .parents = true, .from_tree = tree);
	COPY("p/q", "/4", .dest_is_dir = true, .parents = true, .from_tree = tree);
	has(t->root, "1/p/q/b.c", "b");
	assert_int_equal(look(t->root, "1/p/q").st_mode & 07777, 0710);
	assert_false(is_there(t->root, "1/p/q/r"));
	has(t->root, "2/q/b.c", "b");
	has(t->root, "3/q/r/a.c", "a");
	has(t->root, "3/q/b.c", "b");
	assert_false(is_there(t->root, "3/none"));
	assert_false(is_there(t->root, "3/q/r/a.h"));
	has(t->root, "4/p/q/r/a.h", "h");
	REFUSE(ENOENT, "p/gone", "p/gone", "/5", .dest_is_dir = true, .parents = true,
	       .from_tree = tree);
}

BOTH(what_is_excluded_stays_behind)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/node", 0755);
	put(t->src, "d/a.txt", "a", 0644);
	put(t->src, "d/b.c", "b", 0644);
	put(t->src, "d/node/c.txt", "c", 0644);
	COPY("/d", "/x", .exclude = "*.txt", .from_tree = tree);
	COPY("/d", "/y", .exclude = "node", .from_tree = tree);
	COPY("/d", "/z", .exclude = "**/*.txt", .from_tree = tree);
	assert_false(is_there(t->root, "x/a.txt"));
	has(t->root, "x/node/c.txt", "c");
	assert_false(is_there(t->root, "y/node"));
	assert_true(is_there(t->root, "z/node"));
	assert_false(is_there(t->root, "z/node/c.txt"));
}

BOTH(owners_and_modes_are_as_asked)
{
	struct stat st;

	(void)mkdirat(t->root, "etc", 0755);
	put(t->root, "etc/passwd", "root:x:0:0::/:/bin/sh\nu:x:7:8::/:/bin/sh\n", 0644);
	put(t->root, "etc/group", "root:x:0:\ng:x:9:\n", 0644);
	(void)mkdirat(t->src, "d", 0755);
	put(t->src, "d/f", "f", 0600);
	put(t->src, "d/x", "x", 0700);
	give(t->src, "d/f", 1, 2);
	COPY("/d", "/plain", .from_tree = tree);
	st = look(t->root, "plain/f");
	assert_int_equal(st.st_uid, tree ? 1 : 0);
	assert_int_equal(st.st_gid, tree ? 2 : 0);
	COPY("/d", "/new/u", .chown = "u", .chmod = "u=rwX,go=rX", .from_tree = tree);
	st = look(t->root, "new/u/f");
	assert_true(st.st_uid == 7 && st.st_gid == 8);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(look(t->root, "new/u/x").st_mode & 07777, 0755);
	st = look(t->root, "new");
	assert_true(st.st_uid == 7 && st.st_gid == 8);
	COPY("/d", "/ug", .chown = "u:g", .chmod = "0711", .from_tree = tree);
	st = look(t->root, "ug/f");
	assert_true(st.st_uid == 7 && st.st_gid == 9);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(look(t->root, "ug").st_mode & 07777, 0711);
	COPY("/d", "/n", .chown = "55", .from_tree = tree);
	st = look(t->root, "n/f");
	assert_true(st.st_uid == 55 && st.st_gid == 55);
	REFUSE(ENOENT, "nobody", "/d", "/q", .chown = "nobody", .from_tree = tree);
	REFUSE(EINVAL, "chmod", "/d", "/q", .chmod = "u=rz", .from_tree = tree);
}

BOTH(hard_links_stay_together)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/e", 0755);
	put(t->src, "d/a", "a", 0644);
	assert_return_code(linkat(t->src, "d/a", t->src, "d/e/b", 0), errno);
	COPY("/d", "/x", .from_tree = tree);
	assert_int_equal(look(t->root, "x/a").st_ino, look(t->root, "x/e/b").st_ino);
	has(t->root, "x/e/b", "a");
}

BOTH(attributes_and_holes_are_kept)
{
	char value[4] = "";
	int fd;

	put(t->src, "a", "", 0644);
	fd = openat(t->src, "a", O_WRONLY | O_CLOEXEC);
	assert_return_code(ftruncate(fd, 64 << 20), errno);
	assert_int_equal(pwrite(fd, "x", 1, 32 << 20), 1);
	if (fsetxattr(fd, "user.creel", "abc", 3, 0) < 0)
		skip();
	(void)close(fd);
	COPY("/a", "/b", .from_tree = tree);
	fd = openat(t->root, "b", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "user.creel", value, sizeof(value)), 3);
	assert_int_equal(pread(fd, value, 1, 32 << 20), 1);
	assert_int_equal(value[0], 'x');
	(void)close(fd);
	assert_int_equal(look(t->root, "b").st_size, 64 << 20);
	assert_true(look(t->root, "b").st_blocks < 4096);
}

BOTH(names_are_bytes)
{
	put(t->src, "a\nb", "1", 0644);
	put(t->src, "\xff", "2", 0644);
	COPY("/", "/x", .from_tree = tree);
	has(t->root, "x/a\nb", "1");
	has(t->root, "x/\xff", "2");
}

BOTH(a_fifo_is_copied_and_never_read)
{
	(void)mkdirat(t->src, "d", 0755);
	(void)mkfifoat(t->src, "d/p", 0600);
	COPY("/d", "/x", .from_tree = tree);
	COPY("/d/p", "/y", .from_tree = tree);
	assert_true(S_ISFIFO(look(t->root, "x/p").st_mode));
	assert_true(S_ISFIFO(look(t->root, "y").st_mode));
}

/* ---- Who wants out ---- */

BOTH(links_of_the_source_stay_in_it)
{
	put(t->out, "secret", "secret", 0644);
	put(t->src, "in", "in", 0644);
	make_symlink("../out/secret", t->src, "up");
	make_symlink("/in", t->src, "abs");
	COPY("/abs", "/x", .from_tree = tree);
	has(t->root, "x", "in");
	REFUSE(ENOENT, "up", "/up", "/y", .from_tree = tree);
	REFUSE(ENOENT, "", "/../out/secret", "/y", .from_tree = tree);
	assert_false(is_there(t->root, "y"));
}

BOTH(links_of_the_destination_stay_in_the_root)
{
	autofree char *out = xasprintf("/tmp/%s/out", t->dir);
	autofree char *inside = xasprintf("tmp/%s/out/f", t->dir);

	put(t->src, "a", "a", 0644);
	make_symlink(out, t->root, "abs");
	make_symlink("../../../../out", t->root, "up");
	make_symlink("new/dir/file", t->root, "dangling");
	COPY("/a", "/abs/f", .from_tree = tree);
	COPY("/a", "/up/f", .from_tree = tree);
	COPY("/a", "/up/../../out/f", .from_tree = tree);
	COPY("/a", "/dangling", .from_tree = tree);
	assert_false(is_there(t->out, "f"));
	has(t->root, inside, "a");
	has(t->root, "new/dir/file", "a");
}

BOTH(a_link_in_the_place_of_a_file_is_replaced)
{
	put(t->out, "victim", "untouched", 0644);
	put(t->src, "a", "a", 0644);
	(void)mkdirat(t->root, "d", 0755);
	make_symlink("../../out/victim", t->root, "d/a");
	COPY("/a", "/d", .from_tree = tree);
	has(t->out, "victim", "untouched");
	assert_true(S_ISREG(look(t->root, "d/a").st_mode));
}

BOTH(loops_of_links_end)
{
	put(t->src, "a", "a", 0644);
	make_symlink("y", t->root, "x");
	make_symlink("x", t->root, "y");
	REFUSE(ELOOP, "", "/a", "/x/f", .from_tree = tree);
	REFUSE(ELOOP, "", "/a", "/x", .from_tree = tree);
}

struct race {
	const struct fixture *t;
	atomic_bool stop;
};

/* A directory of the destination, and a link out of the root, in turn. */
static void *swap(void *ctx)
{
	struct race *r = ctx;

	while (!atomic_load(&r->stop))
		(void)renameat2(r->t->root, "d", r->t->root, "link", RENAME_EXCHANGE);
	return NULL;
}

BOTH(whoever_swaps_directories_for_links_wins_nothing)
{
	struct race r = { .t = t };
	pthread_t thread;

	(void)mkdirat(t->src, "s", 0755);
	(void)mkdirat(t->src, "s/d", 0755);
	for (int i = 0; i < 20; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "s/d/%d", i);
		put(t->src, name, "x", 0644);
	}
	(void)mkdirat(t->root, "d", 0755);
	make_symlink("../out", t->root, "link");
	assert_int_equal(pthread_create(&thread, NULL, swap, &r), 0);
	for (int i = 0; i < 200; i++) {
		(void)copy(t, &(const struct form){ .path = "/s", .dest = "/", .from_tree = tree },
			   NULL);
		(void)copy(
			t,
			&(const struct form){ .path = "/s/d/1", .dest = "/d/1", .from_tree = tree },
			NULL);
	}
	atomic_store(&r.stop, true);
	(void)pthread_join(thread, NULL);
	assert_false(is_there(t->out, "1"));
	assert_false(is_there(t->out, "19"));
}

static void a_socket_stays_behind(void **state)
{
	const struct fixture *t = *state;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/%s/src/s", t->dir);
	assert_return_code(bind(s, (const struct sockaddr *)&a, sizeof(a)), errno);
	(void)close(s);
	put(t->src, "a", "a", 0644);
	COPY("/", "/x", .from_tree = true);
	assert_false(is_there(t->root, "x/s"));
	has(t->root, "x/a", "a");
}

static void what_dockerignore_leaves_out_is_not_there(void **state)
{
	const struct fixture *t = *state;

	put(t->src, ".dockerignore", "secret\n", 0644);
	put(t->src, "secret", "s", 0644);
	put(t->src, "a", "a", 0644);
	COPY("/", "/x", .from_tree = false);
	assert_false(is_there(t->root, "x/secret"));
	has(t->root, "x/a", "a");
	REFUSE(ENOENT, ".dockerignore", "/secret", "/y", .from_tree = false);
}

/* ---- Hashes ---- */

BOTH(the_hash_is_of_what_is_taken)
{
	const struct form form = { .path = "/d", .dest = "/x", .from_tree = tree, .exclude = "no" };
	const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/e", 0755);
	put(t->src, "d/e/f", "f", 0644);
	put(t->src, "d/no", "1", 0644);
	hash(t, &form, first);
	assert_return_code(utimensat(t->src, "d/e/f", times, 0), errno);
	put(t->src, "d/no", "2", 0644);
	put(t->src, "beside", "2", 0644);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
	put(t->src, "d/e/f", "g", 0644);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
	put(t->src, "d/e/f", "f", 0755);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
	put(t->src, "d/e/f", "f", 0644);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
	(void)renameat(t->src, "d/e", t->src, "d/g");
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
}

BOTH(a_mode_that_is_replaced_is_in_no_hash)
{
	const struct form form = { .path = "/a", .dest = "/x", .from_tree = tree, .chmod = "755" };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	put(t->src, "a", "a", 0644);
	hash(t, &form, first);
	put(t->src, "a", "a", 0600);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
}

static void an_owner_of_a_tree_counts_unless_replaced(void **state)
{
	const struct fixture *t = *state;
	struct form form = { .path = "/a", .dest = "/x", .from_tree = true };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	put(t->src, "a", "a", 0644);
	hash(t, &form, first);
	give(t->src, "a", 3, 4);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
	form.chown = "u";
	hash(t, &form, first);
	give(t->src, "a", 5, 6);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
}

BOTH(the_hash_of_parents_knows_the_way)
{
	const struct form form = { .path = "**/f",
				   .dest = "/x",
				   .dest_is_dir = true,
				   .parents = true,
				   .from_tree = tree };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "empty", 0755);
	put(t->src, "d/f", "f", 0644);
	hash(t, &form, first);
	(void)unlinkat(t->src, "empty", AT_REMOVEDIR);
	put(t->src, "d/g", "g", 0644);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
	assert_return_code(fchmodat(t->src, "d", 0700, 0), errno);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
}

/* ---- Other forms ---- */

static void a_here_document_is_a_file(void **state)
{
	const struct fixture *t = *state;
	struct files_source source = { .inline_name = "EOF", .content = "text\n", .len = 5 };
	struct vertex_files f = { .sources = &source, .n_sources = 1, .dest = "/a/b" };
	const struct step_root root = { .fd = t->root };
	const struct step_tree none = { .fd = -1 };

	assert_return_code(step_files(&f, &none, &root, NULL, NULL), 0);
	f.dest_is_dir = true;
	f.dest = "/c";
	f.chmod = "755";
	assert_return_code(step_files(&f, &none, &root, NULL, NULL), 0);
	has(t->root, "a/b", "text\n");
	has(t->root, "c/EOF", "text\n");
	assert_int_equal(look(t->root, "a/b").st_mode & 07777, 0644);
	assert_int_equal(look(t->root, "c/EOF").st_mode & 07777, 0755);
}

static void a_working_directory_is_made_once(void **state)
{
	const struct fixture *t = *state;
	struct vertex_files f = { .dest = "/w/x", .mkdir_only = true, .chown = "5" };
	const struct step_root root = { .fd = t->root };

	(void)mkdirat(t->root, "w", 0711);
	assert_return_code(step_files(&f, NULL, &root, NULL, NULL), 0);
	assert_int_equal(look(t->root, "w").st_uid, 0);
	assert_int_equal(look(t->root, "w/x").st_uid, 5);
	f.chown = NULL;
	assert_return_code(step_files(&f, NULL, &root, NULL, NULL), 0);
	assert_int_equal(look(t->root, "w/x").st_uid, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_BOTH(a_file_becomes_what_the_destination_says),
		RUN_BOTH(a_file_goes_into_a_directory_by_its_name),
		RUN_BOTH(what_is_in_a_directory_is_copied_not_itself),
		RUN_BOTH(directories_merge_and_the_inner_ones_change),
		RUN_BOTH(what_does_not_fit_is_refused),
		RUN_BOTH(wildcards_take_what_fits),
		RUN_BOTH(parents_keep_the_way_from_the_pivot_on),
		RUN_BOTH(what_is_excluded_stays_behind),
		RUN_BOTH(owners_and_modes_are_as_asked),
		RUN_BOTH(hard_links_stay_together),
		RUN_BOTH(attributes_and_holes_are_kept),
		RUN_BOTH(names_are_bytes),
		RUN_BOTH(a_fifo_is_copied_and_never_read),
		RUN_BOTH(links_of_the_source_stay_in_it),
		RUN_BOTH(links_of_the_destination_stay_in_the_root),
		RUN_BOTH(a_link_in_the_place_of_a_file_is_replaced),
		RUN_BOTH(loops_of_links_end),
		RUN_BOTH(whoever_swaps_directories_for_links_wins_nothing),
		RUN(a_socket_stays_behind),
		RUN(what_dockerignore_leaves_out_is_not_there),
		RUN_BOTH(the_hash_is_of_what_is_taken),
		RUN_BOTH(a_mode_that_is_replaced_is_in_no_hash),
		RUN(an_owner_of_a_tree_counts_unless_replaced),
		RUN_BOTH(the_hash_of_parents_knows_the_way),
		RUN(a_here_document_is_a_file),
		RUN(a_working_directory_is_made_once),
	};

	/* Owners can only be given by root. */
	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
