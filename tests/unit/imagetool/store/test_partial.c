/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs that come from afar: found again, one writer at a time, named only by commit. */
#include "imagetool/store/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define HELLO        "hello"
#define HELLO_DIGEST "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

struct fixture {
	char dir[64];
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_partial.XXXXXX");
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

static struct partial *begin(struct fixture *f)
{
	struct partial *p = NULL;

	assert_int_equal(partial_open(f->store, HELLO_DIGEST, 5, &p, NULL), PARTIAL_OURS);
	return p;
}

static void what_arrived_is_there_for_the_next_one(void **state)
{
	struct fixture *f = *state;
	struct partial *p = begin(f);
	char buf[8];

	assert_int_equal(partial_size(p), 0);
	assert_int_equal(partial_write(p, "hel", 3, NULL), 0);
	partial_close(p);
	assert_int_equal(partial_look(f->store, HELLO_DIGEST), 3);
	p = begin(f);
	assert_int_equal(partial_size(p), 3);
	assert_int_equal(partial_write(p, "lo", 2, NULL), 0);
	assert_int_equal(partial_flush(p, NULL), 0);
	assert_int_equal(partial_read(p, 1, buf, sizeof(buf), NULL), 4);
	assert_memory_equal(buf, "ello", 4);
	assert_false(blob_exists(f->store, HELLO_DIGEST, -1));
	assert_int_equal(partial_commit(p, NULL), 0);
	assert_true(blob_exists(f->store, HELLO_DIGEST, 5));
	assert_int_equal(partial_look(f->store, HELLO_DIGEST), 0);
	assert_int_equal(partial_open(f->store, HELLO_DIGEST, 5, &p, NULL), PARTIAL_THERE);
}

static void it_has_one_writer_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct partial *p = begin(f), *other = NULL;

	assert_int_equal(partial_open(f->store, HELLO_DIGEST, 5, &other, NULL), PARTIAL_BUSY);
	partial_close(p);
	partial_close(begin(f));
}

static void more_than_the_whole_is_refused_and_no_beginning(void **state)
{
	struct fixture *f = *state;
	struct partial *p = begin(f);

	assert_int_equal(partial_write(p, HELLO, 5, NULL), 0);
	assert_int_equal(partial_write(p, "!", 1, NULL), -IMAGE_EVERIFY);
	assert_int_equal(partial_restart(p, NULL), 0);
	assert_int_equal(partial_size(p), 0);
	partial_close(p);
	assert_int_equal(file_replace_at(store_dirfd(f->store), PARTIAL_DIR "/" HELLO_DIGEST,
					 "too much", 8, 0644, FILE_NO_SYNC, NULL),
			 0);
	p = begin(f);
	assert_int_equal(partial_size(p), 0);
	partial_close(p);
}

static void with_what_is_wrong_nobody_goes_on(void **state)
{
	struct fixture *f = *state;
	struct partial *p = begin(f);

	assert_int_equal(partial_write(p, "xxx", 3, NULL), 0);
	partial_disown(p);
	partial_close(p);
	p = begin(f);
	assert_int_equal(partial_size(p), 0);
	partial_close(p);
}

static void the_collector_takes_old_ones_that_nobody_writes(void **state)
{
	struct fixture *f = *state;
	const struct store_gc_opts now = { 0 };
	struct store_gc_result gc = { 0 };
	struct partial *p = begin(f);

	assert_int_equal(store_gc_with(f->store, &now, &gc, NULL), 0);
	assert_int_equal(gc.partials, 0);
	partial_close(p);
	assert_int_equal(store_gc(f->store, &gc, NULL), 0);
	assert_int_equal(gc.partials, 0);
	assert_int_equal(store_gc_with(f->store, &now, &gc, NULL), 0);
	assert_int_equal(gc.partials, 1);
}

static void a_digest_that_is_a_path_is_refused(void **state)
{
	struct fixture *f = *state;
	struct partial *p = NULL;

	assert_true(partial_open(f->store, "sha256:../../x", 5, &p, NULL) < 0);
	assert_int_equal(partial_look(f->store, "../index.json"), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_arrived_is_there_for_the_next_one),
		T(it_has_one_writer_at_a_time),
		T(more_than_the_whole_is_refused_and_no_beginning),
		T(with_what_is_wrong_nobody_goes_on),
		T(the_collector_takes_old_ones_that_nobody_writes),
		T(a_digest_that_is_a_path_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
