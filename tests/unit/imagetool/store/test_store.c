/* SPDX-License-Identifier: Apache-2.0 */
/* The store's promises, on a directory of its own for each test. */
#include "imagetool/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define HELLO        "hello"
#define HELLO_DIGEST "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER_DIGEST "sha256:486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"

struct fixture {
	char dir[64];
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_free(f->store);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, f->dir, NULL), 0);
	free(f);
	return 0;
}

/* What the process holds is no leftover. */
static int count_entry(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		       struct err *e UNUSED)
{
	*(int *)ctx += !starts_with(name, "hold-");
	return 0;
}

static int entries(const struct fixture *f, const char *sub)
{
	autofd int fd = dir_open_at(store_dirfd(f->store), sub, NULL);
	int n = 0;

	assert_true(fd >= 0);
	assert_int_equal(dir_each(fd, count_entry, &n, NULL), 0);
	return n;
}

static struct blob *half_written(struct fixture *f, const char *digest, int64_t size)
{
	struct blob *b = NULL;

	assert_int_equal(blob_begin(f->store, digest, size, &b, NULL), 0);
	assert_int_equal(blob_write(b, HELLO, 3, NULL), 0);
	assert_int_equal(blob_size(b), 3);
	return b;
}

/* ---- Blobs ---- */

static void a_blob_is_there_after_its_commit_and_not_before(void **state)
{
	struct fixture *f = *state;
	struct blob *b = half_written(f, HELLO_DIGEST, 5);
	autofree char *text = NULL;
	char digest[DIGEST_TEXT_SIZE];
	size_t len;

	assert_int_equal(blob_write(b, "lo", 2, NULL), 0);
	assert_false(blob_exists(f->store, HELLO_DIGEST, -1));
	assert_int_equal(blob_commit(b, digest, NULL), 0);
	assert_string_equal(digest, HELLO_DIGEST);
	assert_true(blob_exists(f->store, HELLO_DIGEST, 5));
	assert_false(blob_exists(f->store, HELLO_DIGEST, 6));
	assert_int_equal(blob_read(f->store, HELLO_DIGEST, 5, 5, &text, &len, NULL), 0);
	assert_string_equal(text, HELLO);
	assert_int_equal(entries(f, "tmp"), 0);
}

static void an_aborted_blob_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	blob_abort(half_written(f, HELLO_DIGEST, 5));
	blob_abort(NULL);
	assert_int_equal(entries(f, "tmp"), 0);
	assert_int_equal(entries(f, "blobs/sha256"), 0);
}

static void other_content_than_promised_is_refused_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct blob *b = half_written(f, OTHER_DIGEST, 3);
	struct err e = { 0 };

	assert_int_equal(blob_commit(b, NULL, &e), -IMAGE_EVERIFY);
	assert_non_null(strstr(e.msg, "arrived with another content"));
	assert_int_equal(entries(f, "tmp"), 0);
	assert_int_equal(entries(f, "blobs/sha256"), 0);
}

static void a_blob_stops_at_the_size_it_should_have(void **state)
{
	struct fixture *f = *state;
	struct blob *b = half_written(f, HELLO_DIGEST, 5);

	assert_int_equal(blob_write(b, "lo!", 3, NULL), -IMAGE_EVERIFY);
	assert_int_equal(blob_size(b), 3);
	assert_int_equal(blob_commit(b, NULL, NULL), -IMAGE_EVERIFY);
	assert_int_equal(entries(f, "tmp"), 0);
}

static void a_blob_can_start_again(void **state)
{
	struct fixture *f = *state;
	struct blob *b = half_written(f, HELLO_DIGEST, 5);

	assert_int_equal(blob_restart(b, NULL), 0);
	assert_int_equal(blob_size(b), 0);
	assert_int_equal(blob_write(b, HELLO, 5, NULL), 0);
	assert_int_equal(blob_commit(b, NULL, NULL), 0);
}

static void digest_and_size_may_be_unknown_before(void **state)
{
	struct fixture *f = *state;
	char digest[DIGEST_TEXT_SIZE];

	assert_int_equal(blob_commit(half_written(f, NULL, -1), digest, NULL), 0);
	assert_true(blob_exists(f->store, digest, 3));
}

static void sha512_blobs_have_a_directory_of_their_own(void **state)
{
	struct fixture *f = *state;
	char digest[DIGEST_TEXT_SIZE];
	struct blob *b;

	digest_of(DIGEST_SHA512, HELLO, 5, digest);
	assert_int_equal(blob_begin(f->store, digest, 5, &b, NULL), 0);
	assert_int_equal(blob_write(b, HELLO, 5, NULL), 0);
	assert_int_equal(blob_commit(b, NULL, NULL), 0);
	assert_int_equal(entries(f, "blobs/sha512"), 1);
}

static void no_path_is_made_of_what_is_no_digest(void **state)
{
	static const char *const bad[] = {
		"", "sha256:", "sha256:../../../etc/passwd", "md5:0123",
		"sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"
	};
	struct fixture *f = *state;
	struct blob *b;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(blob_exists(f->store, bad[i], -1));
		assert_int_equal(blob_open(f->store, bad[i], NULL, NULL), -EINVAL);
		assert_int_equal(blob_begin(f->store, bad[i], 1, &b, NULL), -EINVAL);
	}
}

static void a_symlink_among_the_blobs_is_not_followed(void **state)
{
	struct fixture *f = *state;
	char path[128];

	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", HELLO_DIGEST + 7);
	assert_int_equal(symlinkat("/etc/passwd", store_dirfd(f->store), path), 0);
	assert_false(blob_exists(f->store, HELLO_DIGEST, -1));
	assert_int_equal(blob_open(f->store, HELLO_DIGEST, NULL, NULL), -ELOOP);
}

static void a_damaged_blob_is_noticed_when_read(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;
	char path[128];
	size_t len;

	assert_int_equal(blob_add(f->store, HELLO, 5, NULL, NULL), 0);
	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", HELLO_DIGEST + 7);
	assert_int_equal(file_write_at(store_dirfd(f->store), path, "jello", NULL), 0);
	assert_int_equal(blob_read(f->store, HELLO_DIGEST, 5, 100, &text, &len, NULL),
			 -IMAGE_EVERIFY);
	assert_int_equal(blob_read(f->store, HELLO_DIGEST, 4, 100, &text, &len, NULL),
			 -IMAGE_EVERIFY);
	assert_null(text);
}

/* ---- Temporaries ---- */

static void the_next_writer_removes_what_a_killed_one_left(void **state)
{
	struct fixture *f = *state;
	struct store *next = NULL;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)half_written(f, HELLO_DIGEST, 5);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(entries(f, "tmp"), 1);
	assert_int_equal(store_open(f->dir, STORE_WRITE, &next, NULL), 0);
	assert_int_equal(entries(f, "tmp"), 0);
	store_free(next);
}

static void temporaries_of_the_living_stay(void **state)
{
	struct fixture *f = *state;
	struct blob *b = half_written(f, HELLO_DIGEST, 5);
	struct store *next = NULL;

	assert_int_equal(store_open(f->dir, STORE_WRITE, &next, NULL), 0);
	assert_int_equal(entries(f, "tmp"), 1);
	store_free(next);
	assert_int_equal(blob_write(b, "lo", 2, NULL), 0);
	assert_int_equal(blob_commit(b, NULL, NULL), 0);
}

/* ---- Directories ---- */

static void a_store_is_made_in_an_empty_directory_only(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/blobs", f->dir);
	assert_int_equal(store_open(path, STORE_CREATE, &other, NULL), -ENOTEMPTY);
	(void)snprintf(path, sizeof(path), "%s/new/and/deep", f->dir);
	assert_int_equal(store_open(path, STORE_WRITE, &other, NULL), -IMAGE_ENOTFOUND);
	assert_int_equal(store_open(path, STORE_CREATE, &other, NULL), 0);
	store_free(other);
}

static void a_store_half_made_is_finished(void **state)
{
	struct fixture *f = *state;
	struct store *again = NULL;
	struct stat st;

	assert_int_equal(unlinkat(store_dirfd(f->store), "oci-layout", 0), 0);
	assert_int_equal(store_open(f->dir, STORE_READ, &again, NULL), -IMAGE_ENOTFOUND);
	assert_int_equal(store_open(f->dir, STORE_CREATE, &again, NULL), 0);
	assert_int_equal(fstatat(store_dirfd(f->store), "oci-layout", &st, 0), 0);
	store_free(again);
}

static void an_unknown_layout_version_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *again = NULL;
	static const char text[] = "{\"imageLayoutVersion\":\"2.0.0\"}";

	assert_int_equal(file_replace_at(store_dirfd(f->store), "oci-layout", text, strlen(text),
					 0644, FILE_NO_SYNC, NULL),
			 0);
	assert_int_equal(store_open(f->dir, STORE_READ, &again, NULL), -IMAGE_EVERIFY);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_blob_is_there_after_its_commit_and_not_before),
		T(an_aborted_blob_leaves_nothing),
		T(other_content_than_promised_is_refused_and_leaves_nothing),
		T(a_blob_stops_at_the_size_it_should_have),
		T(a_blob_can_start_again),
		T(digest_and_size_may_be_unknown_before),
		T(sha512_blobs_have_a_directory_of_their_own),
		T(no_path_is_made_of_what_is_no_digest),
		T(a_symlink_among_the_blobs_is_not_followed),
		T(a_damaged_blob_is_noticed_when_read),
		T(the_next_writer_removes_what_a_killed_one_left),
		T(temporaries_of_the_living_stay),
		T(a_store_is_made_in_an_empty_directory_only),
		T(a_store_half_made_is_finished),
		T(an_unknown_layout_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
