/* SPDX-License-Identifier: Apache-2.0 */
/* What a store finds after a crash of the machine: the mark of another boot stands for one. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "imagetool/store/store.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct fixture {
	char dir[64];
	struct store *store;
	char good[DIGEST_TEXT_SIZE], lost[DIGEST_TEXT_SIZE];
};

static void reopen(struct fixture *f)
{
	store_free(f->store);
	assert_int_equal(store_open(f->dir, STORE_CREATE, &f->store, NULL), 0);
}

static char *mark(struct fixture *f)
{
	char *text = NULL;

	assert_int_equal(file_read_at(store_dirfd(f->store), "lock/boot", 1000, &text, NULL, NULL),
			 0);
	return text;
}

static void set_mark(struct fixture *f, const char *text)
{
	assert_int_equal(file_replace_at(store_dirfd(f->store), "lock/boot", text, strlen(text),
					 0644, FILE_NO_SYNC, NULL),
			 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	autofree char *path = NULL;

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_boot.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	reopen(f);
	assert_int_equal(blob_add(f->store, "good", 4, f->good, NULL), 0);
	assert_int_equal(blob_add(f->store, "lost", 4, f->lost, NULL), 0);
	path = xasprintf("%s/blobs/sha256/%s", f->dir, f->lost + strlen("sha256:"));
	assert_int_equal(truncate(path, 0), 0);
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

static void in_the_same_boot_nothing_is_looked_at(void **state)
{
	struct fixture *f = *state;

	reopen(f);
	assert_true(blob_exists(f->store, f->lost, -1));
}

static void after_a_crash_what_did_not_get_to_the_disk_is_gone(void **state)
{
	struct fixture *f = *state;
	autofree char *now = mark(f);
	autofree char *before = xasprintf("another-boot%s", strchr(now, ' '));
	autofree char *after = NULL;

	set_mark(f, before);
	reopen(f);
	assert_true(blob_exists(f->store, f->good, 4));
	assert_false(blob_exists(f->store, f->lost, -1));
	after = mark(f);
	assert_int_equal(strncmp(after, now, (size_t)(strchr(now, ' ') - now)), 0);
}

static void what_is_older_than_the_mark_is_not_doubted(void **state)
{
	struct fixture *f = *state;

	set_mark(f, "another-boot 99999999999\n");
	reopen(f);
	assert_true(blob_exists(f->store, f->lost, -1));
}

static void a_mark_that_was_lost_itself_makes_all_doubtful(void **state)
{
	struct fixture *f = *state;

	set_mark(f, "");
	reopen(f);
	assert_true(blob_exists(f->store, f->good, 4));
	assert_false(blob_exists(f->store, f->lost, -1));
}

static void a_store_whose_making_was_cut_short_is_made_again(void **state)
{
	struct fixture *f = *state;
	static const char *const files[] = { "oci-layout", "index.json" };
	auto_(arena) struct arena a = { 0 };
	struct image_index *index;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autofree char *path = xasprintf("%s/%s", f->dir, files[i]);

		assert_int_equal(truncate(path, 0), 0);
	}
	reopen(f);
	assert_int_equal(store_index(f->store, &a, &index, NULL), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(in_the_same_boot_nothing_is_looked_at),
		T(after_a_crash_what_did_not_get_to_the_disk_is_gone),
		T(what_is_older_than_the_mark_is_not_doubted),
		T(a_mark_that_was_lost_itself_makes_all_doubtful),
		T(a_store_whose_making_was_cut_short_is_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
