/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The order matters: cmocka needs the headers above. */
#include <cmocka.h>

#include "imagetool/context/context.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/strbuf.h"

static const struct context_opts no_opts;
static const struct context_view as_root;

struct place {
	char dir[64];
	int fd;
};

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/creel-context-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->fd = open(p->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	(void)dir_remove_all_at(AT_FDCWD, p->dir, NULL);
	(void)close(p->fd);
	free(p);
	return 0;
}

static void put(const struct place *p, const char *path, const char *text)
{
	autofree char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	autofd int fd = -1;

	if (slash) {
		*slash = '\0';
		assert_int_equal(dir_make_all_at(p->fd, dir, 0755, NULL), 0);
	}
	fd = openat(p->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static struct context *open_with(const char *dir, const struct context_opts *opts)
{
	struct context *c = NULL;
	struct err e = { 0 };

	if (context_open_dir(dir, opts, &c, &e) < 0)
		fail_msg("%s", e.msg);
	return c;
}

/* "a b b/c" */
static void list(const struct context *c, struct strbuf *out)
{
	size_t n;
	const struct context_file *const *files = context_files(c, &n);

	for (size_t i = 1; i < n; i++)
		strbuf_addf(out, "%s%s", i > 1 ? " " : "", files[i]->path);
}

static void assert_list(const char *dir, const char *wanted)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(context) struct context *c = open_with(dir, &no_opts);

	list(c, &text);
	assert_string_equal(strbuf_str(&text), wanted);
}

static void assert_matches(const struct context *c, const char *source, const char *wanted)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct context_match *m = NULL;
	struct err e = { 0 };
	size_t n = 0, all;

	if (context_match(c, source, &a, &m, &n, &e) < 0)
		fail_msg("%s: %s", source, e.msg);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%s=%s", i ? " " : "", m[i].name,
			    context_files(c, &all)[m[i].index]->path);
	assert_string_equal(strbuf_str(&text), wanted);
}

static void assert_error(const struct context *c, const char *source, int code, const char *wanted)
{
	auto_(arena) struct arena a = { 0 };
	struct context_match *m = NULL;
	struct err e = { 0 };
	size_t n = 0;

	assert_int_equal(context_match(c, source, &a, &m, &n, &e), -code);
	assert_string_equal(e.msg, wanted);
}

static int try_hash(struct context *c, const struct context_view *v, const char *source,
		    uint8_t ret[CONTEXT_HASH_SIZE], struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct context_match *m = NULL;
	size_t n = 0;

	assert_int_equal(context_match(c, source, &a, &m, &n, e), 0);
	return context_hash(c, v, m, n, ret, e);
}

struct hash {
	uint8_t bytes[CONTEXT_HASH_SIZE];
};

static struct hash hash_of(const char *dir, const struct context_view *v, const char *source)
{
	auto_(context) struct context *c = open_with(dir, &no_opts);
	struct hash h = { 0 };
	struct err e = { 0 };

	if (try_hash(c, v, source, h.bytes, &e) < 0)
		fail_msg("%s", e.msg);
	return h;
}

static void assert_same(struct hash a, struct hash b)
{
	assert_memory_equal(a.bytes, b.bytes, sizeof(a.bytes));
}

static void assert_other(struct hash a, struct hash b)
{
	assert_memory_not_equal(a.bytes, b.bytes, sizeof(a.bytes));
}

/* ---- The list ---- */

static void a_list_is_in_order_of_names_with_content_behind_its_directory(void **state)
{
	const struct place *p = *state;

	put(p, "a/x", "");
	put(p, "a-b", "");
	put(p, "a/b/c", "");
	put(p, "a.txt", "");
	put(p, "B", "");
	assert_list(p->dir, "B a a/b a/b/c a/x a-b a.txt");
}

static void names_may_be_any_bytes(void **state)
{
	const struct place *p = *state;

	put(p, "new\nline", "");
	put(p, "\xff\xfe", "");
	assert_list(p->dir, "new\nline \xff\xfe");
}

static void ignored_files_are_not_there(void **state)
{
	const struct place *p = *state;

	put(p, ".dockerignore", "*.o\nnode_modules\n**/secret\n!keep.o\n");
	put(p, "x.o", "");
	put(p, "keep.o", "");
	put(p, "node_modules/a/b", "");
	put(p, "d/e/secret", "");
	put(p, "d/x.o", "");
	assert_list(p->dir, ".dockerignore d d/e d/x.o keep.o");
}

static void an_ignored_directory_is_there_when_something_in_it_is_wanted(void **state)
{
	const struct place *p = *state;

	put(p, ".dockerignore", "*\n!src/lib/*.c\n!docs/**/index\n");
	put(p, "docs/empty/other", "");
	put(p, "src/lib/a.c", "");
	put(p, "src/lib/a.h", "");
	put(p, "src/other/b.c", "");
	put(p, "top", "");
	assert_list(p->dir, "src src/lib src/lib/a.c");
}

/* Root reads everything: be somebody else. */
static void become_nobody(const struct place *p)
{
	if (geteuid() != 0)
		return;
	assert_int_equal(fchown(p->fd, 65534, 65534), 0);
	assert_int_equal(seteuid(65534), 0);
}

static void become_again(void)
{
	assert_int_equal(seteuid(getuid()), 0);
}

static void an_ignored_directory_need_not_be_readable(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	struct err e = { 0 };

	become_nobody(p);
	put(p, "closed/x", "");
	assert_int_equal(fchmodat(p->fd, "closed", 0, 0), 0);
	assert_int_equal(context_open_dir(p->dir, &no_opts, &c, &e), -EACCES);
	assert_non_null(strstr(e.msg, "directory 'closed' of the context: Permission denied; make "
				      "it readable or list it in .dockerignore"));
	put(p, ".dockerignore", "closed\n");
	assert_list(p->dir, ".dockerignore");
	assert_int_equal(fchmodat(p->fd, "closed", 0700, 0), 0);
	become_again();
}

static void a_file_that_cannot_be_read_says_what_to_do(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;
	struct err e = { 0 };
	size_t i;

	become_nobody(p);
	put(p, "closed", "");
	assert_int_equal(fchmodat(p->fd, "closed", 0, 0), 0);
	c = open_with(p->dir, &no_opts);
	assert_int_equal(context_find(c, "closed", false, &i, &e), 0);
	assert_int_equal(context_open_file(c, i, &e), -EACCES);
	become_again();
	assert_string_equal(e.msg, "'closed': Permission denied; make it readable or list it in "
				   ".dockerignore");
}

static void the_dockerfile_s_own_ignore_file_goes_first(void **state)
{
	const struct place *p = *state;
	const struct context_opts opts = { .dockerfile = "sub/Dockerfile" };
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(context) struct context *c = NULL;

	put(p, ".dockerignore", "a\n");
	put(p, "sub/Dockerfile.dockerignore", "b\n");
	put(p, "a", "");
	put(p, "b", "");
	c = open_with(p->dir, &opts);
	list(c, &text);
	assert_string_equal(strbuf_str(&text), ".dockerignore a sub sub/Dockerfile.dockerignore");
}

static void a_bad_ignore_file_is_an_error_that_names_it(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	struct err e = { 0 };

	put(p, ".dockerignore", "ok\n[\n");
	assert_int_equal(context_open_dir(p->dir, &no_opts, &c, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "'.dockerignore': line 2: "));
}

static void an_ignore_file_that_is_a_fifo_does_not_wait(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	struct err e = { 0 };

	assert_int_equal(mkfifoat(p->fd, ".dockerignore", 0644), 0);
	assert_int_equal(context_open_dir(p->dir, &no_opts, &c, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "'.dockerignore' is not a regular file"));
}

static void sockets_are_left_out_and_counted(void **state)
{
	const struct place *p = *state;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	auto_(context) struct context *c = NULL;
	size_t n;

	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s/s", p->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	c = open_with(p->dir, &no_opts);
	(void)context_files(c, &n);
	assert_int_equal(n, 1);
	assert_int_equal(context_sockets(c), 1);
}

static void links_are_listed_and_not_walked(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;
	size_t n;

	assert_int_equal(symlinkat("/etc", p->fd, "etc"), 0);
	assert_int_equal(symlinkat(".", p->fd, "loop"), 0);
	assert_list(p->dir, "etc loop");
	c = open_with(p->dir, &no_opts);
	assert_string_equal(context_files(c, &n)[1]->link, "/etc");
}

static void the_context_itself_may_be_a_link(void **state)
{
	const struct place *p = *state;
	autofree char *link = xasprintf("%s/link", p->dir);

	put(p, "real/x", "");
	assert_int_equal(symlinkat("real", p->fd, "link"), 0);
	assert_list(link, "x");
}

static void a_path_beyond_the_kernel_s_limit_is_an_error_and_can_be_ignored(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	struct err e = { 0 };
	char name[201];
	int at = dup(p->fd);

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 25; i++) {
		int below;

		assert_int_equal(mkdirat(at, name, 0755), 0);
		below = openat(at, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
		(void)close(at);
		at = below;
	}
	(void)close(at);
	assert_int_equal(context_open_dir(p->dir, &no_opts, &c, &e), -ENAMETOOLONG);
	assert_non_null(strstr(e.msg, "list it in .dockerignore"));
	put(p, ".dockerignore", "ddd*\n");
	assert_list(p->dir, ".dockerignore");
}

/* ---- Sources ---- */

static void sources_are_cleaned_and_stay_inside(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;

	put(p, "x", "");
	put(p, "d/y", "");
	c = open_with(p->dir, &no_opts);
	assert_matches(c, "x", "x=x");
	assert_matches(c, "../../x", "x=x");
	assert_matches(c, "/d//z/../y", "d/y=d/y");
	assert_matches(c, ".", "=");
	assert_matches(c, "d/", "d=d");
	assert_error(c, "no", ENOENT, "'no' in the build context: no such file or directory");
	assert_error(c, "x/y", ENOTDIR, "'x/y' in the build context: 'x' is not a directory");
}

static void links_in_sources_are_followed_inside_the_context(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;

	put(p, "real/file", "");
	assert_int_equal(symlinkat("real", p->fd, "dir"), 0);
	put(p, "real/real/file", "");
	assert_int_equal(symlinkat("/../../real/file", p->fd, "abs"), 0);
	assert_int_equal(symlinkat("/real/file", p->fd, "real/abs"), 0);
	assert_int_equal(symlinkat("../real/abs", p->fd, "real/up"), 0);
	assert_int_equal(symlinkat("../../../../etc/passwd", p->fd, "out"), 0);
	assert_int_equal(symlinkat("loop2", p->fd, "loop"), 0);
	assert_int_equal(symlinkat("loop", p->fd, "loop2"), 0);
	c = open_with(p->dir, &no_opts);
	assert_matches(c, "dir/file", "dir/file=real/file");
	assert_matches(c, "dir", "dir=real");
	assert_matches(c, "abs", "abs=real/file");
	assert_matches(c, "real/abs", "real/abs=real/file");
	assert_matches(c, "dir/up", "dir/up=real/file");
	assert_matches(c, "ab?", "abs=real/file");
	assert_matches(c, "dir/f*", "real/file=real/file");
	assert_error(c, "out", ENOENT, "'out' in the build context: no such file or directory");
	assert_error(c, "loop", ELOOP,
		     "'loop' in the build context: too many levels of symbolic links");
}

static void wildcards_match_as_in_go(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;

	put(p, "a.go", "");
	put(p, "b.go", "");
	put(p, "d/c.go", "");
	put(p, "d/e/f.go", "");
	put(p, "x]y", "");
	c = open_with(p->dir, &no_opts);
	assert_matches(c, "*.go", "a.go=a.go b.go=b.go");
	assert_matches(c, "**/*.go", "d/c.go=d/c.go");
	assert_matches(c, "d/*", "d/c.go=d/c.go d/e=d/e");
	assert_matches(c, "[^b].go", "a.go=a.go");
	assert_error(c, "x[]]y", EINVAL, "pattern 'x[]]y': syntax error in pattern");
	assert_matches(c, "x[\\]]y", "x]y=x]y");
	assert_matches(c, "no*", "");
	assert_matches(c, "no/*", "");
	assert_matches(c, "../*.go", "a.go=a.go b.go=b.go");
}

static void an_ignored_source_says_why_it_is_not_there(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;

	put(p, ".dockerignore", "secret\n");
	put(p, "secret", "");
	c = open_with(p->dir, &no_opts);
	assert_error(c, "secret", ENOENT,
		     "'secret' is not in the build context: .dockerignore leaves it out");
}

/* ---- Hashes ---- */

static void set_size(const struct place *p, const char *name, off_t size)
{
	autofd int fd = openat(p->fd, name, O_WRONLY | O_CLOEXEC);

	assert_int_equal(ftruncate(fd, size), 0);
}

static void a_hash_is_about_content_names_modes_and_links(void **state)
{
	const struct place *p = *state;
	struct hash first, now;

	put(p, "d/a", "one");
	put(p, "d/b", "two");
	first = hash_of(p->dir, &as_root, "d");
	put(p, "d/a", "ONE");
	assert_other(hash_of(p->dir, &as_root, "d"), first);
	put(p, "d/a", "one");
	assert_same(hash_of(p->dir, &as_root, "d"), first);
	assert_int_equal(fchmodat(p->fd, "d/a", 0755, 0), 0);
	assert_other(hash_of(p->dir, &as_root, "d"), first);
	assert_int_equal(fchmodat(p->fd, "d/a", 0644, 0), 0);
	assert_int_equal(renameat(p->fd, "d/b", p->fd, "d/c"), 0);
	assert_other(hash_of(p->dir, &as_root, "d"), first);
	assert_int_equal(renameat(p->fd, "d/c", p->fd, "d/b"), 0);
	assert_int_equal(symlinkat("a", p->fd, "d/l"), 0);
	now = hash_of(p->dir, &as_root, "d");
	assert_other(now, first);
	assert_int_equal(unlinkat(p->fd, "d/l", 0), 0);
	assert_int_equal(symlinkat("b", p->fd, "d/l"), 0);
	assert_other(hash_of(p->dir, &as_root, "d"), now);
}

static void a_hash_is_not_about_times(void **state)
{
	const struct place *p = *state;
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	struct hash first;

	put(p, "d/a", "one");
	first = hash_of(p->dir, &as_root, "d");
	assert_int_equal(utimensat(p->fd, "d/a", times, 0), 0);
	assert_int_equal(utimensat(p->fd, "d", times, 0), 0);
	assert_same(hash_of(p->dir, &as_root, "d"), first);
}

static void owners_and_modes_count_as_they_will_be_written(void **state)
{
	const struct place *p = *state;
	const struct context_view other = { .uid = 7 }, any = { .any_mode = true };
	struct hash first;

	put(p, "a", "one");
	first = hash_of(p->dir, &any, "a");
	assert_other(hash_of(p->dir, &other, "a"), hash_of(p->dir, &as_root, "a"));
	assert_int_equal(fchmodat(p->fd, "a", 0700, 0), 0);
	assert_same(hash_of(p->dir, &any, "a"), first);
}

static void what_is_excluded_does_not_count(void **state)
{
	const struct place *p = *state;
	auto_(arena) struct arena a = { 0 };
	struct ignore ig = { 0 };
	const struct context_view v = { .exclude = &ig };
	struct hash first;

	assert_int_equal(ignore_add(&ig, "*.log", &a, NULL), 0);
	put(p, "d/a", "one");
	put(p, "d/x.log", "1");
	first = hash_of(p->dir, &v, "d");
	put(p, "d/x.log", "2");
	assert_same(hash_of(p->dir, &v, "d"), first);
	put(p, "d/a", "two");
	assert_other(hash_of(p->dir, &v, "d"), first);
}

static void extended_attributes_of_files_count(void **state)
{
	const struct place *p = *state;
	autofree char *path = xasprintf("%s/a", p->dir);
	struct hash first, second;

	put(p, "a", "one");
	first = hash_of(p->dir, &as_root, "a");
	if (setxattr(path, "user.x", "1", 1, 0) < 0)
		skip();
	second = hash_of(p->dir, &as_root, "a");
	assert_other(second, first);
	assert_int_equal(setxattr(path, "user.x", "2", 1, 0), 0);
	assert_other(hash_of(p->dir, &as_root, "a"), second);
	assert_int_equal(removexattr(path, "user.x"), 0);
	assert_same(hash_of(p->dir, &as_root, "a"), first);
}

static void large_and_sparse_files_are_hashed_whole(void **state)
{
	const struct place *p = *state;
	struct hash first;

	put(p, "big", "");
	first = hash_of(p->dir, &as_root, "big");
	set_size(p, "big", 1 << 20);
	assert_other(hash_of(p->dir, &as_root, "big"), first);
}

/* ---- Others at work ---- */

static void a_file_that_became_something_else_is_noticed(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;
	uint8_t hash[CONTEXT_HASH_SIZE];
	struct err e = { 0 };
	size_t i;

	put(p, "x", "one");
	c = open_with(p->dir, &no_opts);
	assert_int_equal(context_find(c, "x", false, &i, &e), 0);
	put(p, "x", "more");
	assert_int_equal(context_open_file(c, i, &e), -ESTALE);
	assert_int_equal(unlinkat(p->fd, "x", 0), 0);
	assert_int_equal(context_open_file(c, i, &e), -ESTALE);
	assert_int_equal(symlinkat("/etc/passwd", p->fd, "x"), 0);
	assert_int_equal(context_open_file(c, i, &e), -ESTALE);
	assert_int_equal(unlinkat(p->fd, "x", 0), 0);
	assert_int_equal(mkfifoat(p->fd, "x", 0644), 0);
	assert_int_equal(context_open_file(c, i, &e), -ESTALE);
	assert_string_equal(e.msg, "'x' changed while it was used: run the build again");
	assert_int_equal(try_hash(c, &as_root, "x", hash, &e), -ESTALE);
	assert_int_equal(unlinkat(p->fd, "x", 0), 0);
	assert_int_equal(mkdirat(p->fd, "x", 0755), 0);
	assert_int_equal(try_hash(c, &as_root, "x", hash, &e), -ESTALE);
}

static void a_directory_that_became_a_link_is_noticed(void **state)
{
	const struct place *p = *state;
	auto_(context) struct context *c = NULL;
	uint8_t hash[CONTEXT_HASH_SIZE];
	struct err e = { 0 };

	put(p, "d/passwd", "one");
	c = open_with(p->dir, &no_opts);
	assert_int_equal(renameat(p->fd, "d", p->fd, "e"), 0);
	assert_int_equal(symlinkat("/etc", p->fd, "d"), 0);
	assert_int_equal(try_hash(c, &as_root, "d", hash, &e), -ESTALE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_list_is_in_order_of_names_with_content_behind_its_directory),
		T(names_may_be_any_bytes),
		T(ignored_files_are_not_there),
		T(an_ignored_directory_is_there_when_something_in_it_is_wanted),
		T(an_ignored_directory_need_not_be_readable),
		T(a_file_that_cannot_be_read_says_what_to_do),
		T(the_dockerfile_s_own_ignore_file_goes_first),
		T(a_bad_ignore_file_is_an_error_that_names_it),
		T(an_ignore_file_that_is_a_fifo_does_not_wait),
		T(sockets_are_left_out_and_counted),
		T(links_are_listed_and_not_walked),
		T(the_context_itself_may_be_a_link),
		T(a_path_beyond_the_kernel_s_limit_is_an_error_and_can_be_ignored),
		T(sources_are_cleaned_and_stay_inside),
		T(links_in_sources_are_followed_inside_the_context),
		T(wildcards_match_as_in_go),
		T(an_ignored_source_says_why_it_is_not_there),
		T(a_hash_is_about_content_names_modes_and_links),
		T(a_hash_is_not_about_times),
		T(owners_and_modes_count_as_they_will_be_written),
		T(what_is_excluded_does_not_count),
		T(extended_attributes_of_files_count),
		T(large_and_sparse_files_are_hashed_whole),
		T(a_file_that_became_something_else_is_noticed),
		T(a_directory_that_became_a_link_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
