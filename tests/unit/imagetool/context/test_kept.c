/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes that are kept from one run to the next, and contexts that come as a tar stream. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The order matters: cmocka needs the headers above. */
#include <cmocka.h>

#include "imagetool/context/context.h"
#include "imagetool/layer/layer.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct place {
	char dir[64];
	int fd;
	struct store *store;
	struct context_opts opts;
};

static const struct context_view as_root;

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	autofree char *store = NULL;

	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/creel-context-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->fd = open(p->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	assert_int_equal(mkdirat(p->fd, "c", 0755), 0);
	store = xasprintf("%s/store", p->dir);
	assert_int_equal(store_open(store, STORE_CREATE, &p->store, NULL), 0);
	p->opts.store = p->store;
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	store_free(p->store);
	(void)dir_remove_all_at(AT_FDCWD, p->dir, NULL);
	(void)close(p->fd);
	free(p);
	return 0;
}

static void put(const struct place *p, const char *path, const char *text)
{
	autofd int fd = openat(p->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Until the clock that files get their times from has gone on. */
static void next_tick(void)
{
	struct timespec before, now;

	(void)clock_gettime(CLOCK_REALTIME, &before);
	do
		(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	while (now.tv_sec < before.tv_sec ||
	       (now.tv_sec == before.tv_sec && now.tv_nsec <= before.tv_nsec));
}

/* Hash everything; returns how many files were read for it. */
static uint64_t build(const struct place *p, uint8_t ret[CONTEXT_HASH_SIZE])
{
	auto_(context) struct context *c = NULL;
	autofree char *dir = xasprintf("%s/c", p->dir);
	const struct context_match all = { .name = "" };
	struct err e = { 0 };

	if (context_open_dir(dir, &p->opts, &c, &e) < 0 ||
	    context_hash(c, &as_root, &all, 1, ret, &e) < 0 || context_save(c, &e) < 0)
		fail_msg("%s", e.msg);
	return context_hashed(c);
}

static int found(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		 struct err *e UNUSED)
{
	char **ret = ctx;

	assert_null(*ret);
	*ret = xasprintf("build/stat/%s", name);
	return 0;
}

/* The one file of hashes that is there, below the store. */
static char *kept_file(const struct place *p)
{
	autofd int fd = dir_open_at(store_dirfd(p->store), "build/stat", NULL);
	char *name = NULL;

	assert_true(fd >= 0);
	assert_int_equal(dir_each(fd, found, &name, NULL), 0);
	assert_non_null(name);
	return name;
}

static void only_what_changed_is_read_again(void **state)
{
	const struct place *p = *state;
	uint8_t first[CONTEXT_HASH_SIZE], again[CONTEXT_HASH_SIZE];

	put(p, "c/a", "one");
	put(p, "c/b", "two");
	put(p, "c/c", "three");
	next_tick();
	assert_int_equal(build(p, first), 3);
	assert_int_equal(build(p, again), 0);
	assert_memory_equal(first, again, sizeof(first));
	put(p, "c/b", "TWO");
	next_tick();
	assert_int_equal(build(p, again), 1);
	assert_memory_not_equal(first, again, sizeof(first));
	assert_int_equal(build(p, again), 0);
}

static void a_file_as_new_as_the_look_at_it_is_read_again(void **state)
{
	const struct place *p = *state;
	uint8_t hash[CONTEXT_HASH_SIZE];
	const struct timespec later[2] = { { .tv_sec = time(NULL) + 3600 },
					   { .tv_sec = time(NULL) + 3600 } };

	put(p, "c/a", "one");
	assert_int_equal(utimensat(p->fd, "c/a", later, 0), 0);
	next_tick();
	assert_int_equal(build(p, hash), 1);
	assert_int_equal(build(p, hash), 1);
}

static void the_same_size_and_mtime_do_not_hide_a_change(void **state)
{
	const struct place *p = *state;
	const struct timespec old[2] = { { .tv_sec = 1000, .tv_nsec = 1 },
					 { .tv_sec = 1000, .tv_nsec = 1 } };
	uint8_t first[CONTEXT_HASH_SIZE], again[CONTEXT_HASH_SIZE];

	put(p, "c/a", "one");
	assert_int_equal(utimensat(p->fd, "c/a", old, 0), 0);
	next_tick();
	assert_int_equal(build(p, first), 1);
	put(p, "c/a", "two");
	assert_int_equal(utimensat(p->fd, "c/a", old, 0), 0);
	next_tick();
	assert_int_equal(build(p, again), 1);
	assert_memory_not_equal(first, again, sizeof(first));
}

static void a_damaged_file_of_hashes_is_ignored_and_replaced(void **state)
{
	const struct place *p = *state;
	autofree char *name = NULL, *text = NULL;
	uint8_t hash[CONTEXT_HASH_SIZE];
	size_t len = 0;

	put(p, "c/a", "one");
	next_tick();
	assert_int_equal(build(p, hash), 1);
	name = kept_file(p);
	assert_int_equal(file_read_at(store_dirfd(p->store), name, 1 << 20, &text, &len, NULL), 0);
	/* In the hash of the only file: all else is as it should be. */
	text[len - 40] ^= 1;
	assert_int_equal(
		file_replace_at(store_dirfd(p->store), name, text, len, 0600, FILE_NO_SYNC, NULL),
		0);
	assert_int_equal(build(p, hash), 1);
	assert_int_equal(build(p, hash), 0);
	assert_int_equal(file_replace_at(store_dirfd(p->store), name, text, len / 3, 0600,
					 FILE_NO_SYNC, NULL),
			 0);
	assert_int_equal(build(p, hash), 1);
}

static void what_is_ignored_for_a_while_stays_known_and_what_is_gone_is_forgotten(void **state)
{
	const struct place *p = *state;
	uint8_t hash[CONTEXT_HASH_SIZE];

	put(p, "c/a", "one");
	put(p, "c/b", "two");
	next_tick();
	assert_int_equal(build(p, hash), 2);
	put(p, "c/.dockerignore", "a\n");
	next_tick();
	assert_int_equal(build(p, hash), 1);
	assert_int_equal(unlinkat(p->fd, "c/.dockerignore", 0), 0);
	assert_int_equal(build(p, hash), 0);
	put(p, "c/.dockerignore", "a\n");
	/* Written each time because something is new. */
	for (int i = 0; i < 10; i++) {
		put(p, "c/b", "x");
		next_tick();
		assert_true(build(p, hash) >= 1);
	}
	assert_int_equal(unlinkat(p->fd, "c/.dockerignore", 0), 0);
	assert_int_equal(build(p, hash), 1);
}

/* ---- A tar stream ---- */

struct text {
	const uint8_t *data;
	size_t len;
};

static int read_text(void *ctx, void *buf, size_t size, struct err *e UNUSED)
{
	struct text *t = ctx;
	size_t n = t->len < size ? t->len : size;

	memcpy(buf, t->data, n);
	t->data += n;
	t->len -= n;
	return (int)n;
}

static void header(uint8_t *block, const char *name, char type, const char *link, size_t size)
{
	unsigned sum = 8U * ' ';
	char *text = (char *)block;

	memset(block, 0, 512);
	(void)snprintf(text, 100, "%s", name);
	(void)snprintf(text + 100, 8, "%07o", 0644);
	(void)snprintf(text + 108, 8, "%07o", getuid());
	(void)snprintf(text + 116, 8, "%07o", getgid());
	(void)snprintf(text + 124, 12, "%011zo", size);
	(void)snprintf(text + 136, 12, "%011o", 1);
	text[156] = type;
	(void)snprintf(text + 157, 100, "%s", link);
	memcpy(text + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += i < 148 || i >= 156 ? block[i] : 0;
	(void)snprintf(text + 148, 8, "%06o", sum);
}

static int open_tar(const struct place *p, const uint8_t *tar, size_t len, struct context **ret,
		    struct err *e)
{
	struct layer_budget budget;
	struct text text = { tar, len };
	mode_t mask = umask(0);
	int r;

	layer_budget_init(&budget, 0, 0);
	r = context_open_tar((struct byte_source){ read_text, &text }, &p->opts, &budget, ret, e);
	(void)umask(mask);
	return r;
}

static int none(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx UNUSED,
		struct err *e UNUSED)
{
	return starts_with(name, "context-");
}

static void assert_nothing_is_left(const struct place *p)
{
	autofd int fd = dir_open_at(store_dirfd(p->store), "tmp", NULL);

	assert_int_equal(dir_each(fd, none, NULL, NULL), 0);
}

static void a_tar_stream_is_a_context_and_leaves_nothing_behind(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	uint8_t tar[6 * 512] = { 0 };
	autofree char *text = NULL;
	struct err e = { 0 };
	size_t i, n;

	header(tar, ".dockerignore", '0', "", 2);
	memcpy(tar + 512, "b\n", 2);
	header(tar + 1024, "a", '0', "", 0);
	header(tar + 1536, "b", '0', "", 0);
	if (open_tar(p, tar, sizeof(tar), &c, &e) < 0)
		fail_msg("%s", e.msg);
	(void)context_files(c, &n);
	assert_int_equal(n, 3);
	assert_int_equal(context_find(c, "a", false, &i, NULL), 0);
	assert_int_equal(context_find(c, "b", false, &i, NULL), -ENOENT);
	assert_int_equal(context_read_file(c, "b", 10, &text, &n, &e), 0);
	context_free(c);
	assert_nothing_is_left(p);
}

static void a_tar_stream_does_not_get_out(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	uint8_t tar[4 * 512] = { 0 };
	struct err e = { 0 };

	header(tar, "../x", '0', "", 0);
	assert_true(open_tar(p, tar, sizeof(tar), &c, &e) < 0);
	assert_nothing_is_left(p);
	header(tar, "l", '2', "/etc", 0);
	header(tar + 512, "l/passwd", '0', "", 0);
	assert_true(open_tar(p, tar, sizeof(tar), &c, &e) < 0);
	assert_nothing_is_left(p);
}

static void a_stream_that_ends_early_is_an_error(void **state)
{
	const struct place *p = *state;
	struct context *c = NULL;
	uint8_t tar[512 + 100];
	struct err e = { 0 };

	memset(tar, 0, sizeof(tar));
	header(tar, "a", '0', "", 1000);
	assert_true(open_tar(p, tar, sizeof(tar), &c, &e) < 0);
	assert_nothing_is_left(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_what_changed_is_read_again),
		T(a_file_as_new_as_the_look_at_it_is_read_again),
		T(the_same_size_and_mtime_do_not_hide_a_change),
		T(a_damaged_file_of_hashes_is_ignored_and_replaced),
		T(what_is_ignored_for_a_while_stays_known_and_what_is_gone_is_forgotten),
		T(a_tar_stream_is_a_context_and_leaves_nothing_behind),
		T(a_tar_stream_does_not_get_out),
		T(a_stream_that_ends_early_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
