/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/file_pieces.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/diff/content_hash.h"
#include "libutil/macro.h"

#define MIB ((int64_t)1 << 20)

struct seen {
	int64_t bytes, first, end;
	int cut; /* the file becomes this short after the first piece; 0: not at all */
	int fd;
};

static int note(void *ctx, int64_t offset, const void *data UNUSED, size_t len,
		struct err *e UNUSED)
{
	struct seen *s = ctx;

	if (!s->bytes)
		s->first = offset;
	assert_true(offset >= s->end);
	s->bytes += (int64_t)len;
	s->end = offset + (int64_t)len;
	if (s->cut)
		assert_int_equal(ftruncate(s->fd, s->cut), 0);
	return 0;
}

static int make_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void holes_are_not_read(void **state UNUSED)
{
	struct seen s = { 0 };
	struct err e = { 0 };
	int64_t size = 0;
	int fd = make_file();

	assert_int_equal(pwrite(fd, "data", 4, 5 * MIB), 4);
	assert_int_equal(ftruncate(fd, 100 * MIB), 0);
	assert_int_equal(file_pieces(fd, INT64_MAX, note, &s, &size, &e), 0);
	assert_int_equal(size, 100 * MIB);
	assert_in_range(s.first, 5 * MIB - 65536, 5 * MIB);
	assert_in_range(s.bytes, 4, 2 * MIB);
	(void)close(fd);
}

static void a_file_that_grows_is_as_long_as_was_asked(void **state UNUSED)
{
	struct seen s = { 0 };
	struct err e = { 0 };
	int64_t size = 0;
	int fd = make_file();

	assert_int_equal(pwrite(fd, "0123456789", 10, 0), 10);
	assert_int_equal(file_pieces(fd, 4, note, &s, &size, &e), 0);
	assert_int_equal(s.bytes, 4);
	assert_int_equal(size, 4);
	(void)close(fd);
}

static void a_file_that_shrinks_says_where_it_ended(void **state UNUSED)
{
	int fd = make_file();
	struct seen s = { .cut = 1000, .fd = fd };
	struct err e = { 0 };
	int64_t size = 0;
	static char block[300000] = "x";

	memset(block, 'x', sizeof(block));
	assert_int_equal(pwrite(fd, block, sizeof(block), 0), sizeof(block));
	assert_int_equal(file_pieces(fd, sizeof(block), note, &s, &size, &e), 0);
	assert_true(size < (int64_t)sizeof(block));
	assert_int_equal(size, s.end);
	(void)close(fd);
}

static void a_hole_hashes_as_the_zeros_it_is(void **state UNUSED)
{
	uint8_t sparse[FTREE_HASH_SIZE], full[FTREE_HASH_SIZE];
	static char zeros[200000];
	struct err e = { 0 };
	int a = make_file(), b = make_file();

	assert_int_equal(ftruncate(a, sizeof(zeros)), 0);
	assert_int_equal(pwrite(b, zeros, sizeof(zeros), 0), sizeof(zeros));
	assert_int_equal(content_hash_fd(a, sparse, &e), 0);
	assert_int_equal(content_hash_fd(b, full, &e), 0);
	assert_memory_equal(sparse, full, sizeof(full));
	assert_int_equal(ftruncate(a, sizeof(zeros) + 1), 0);
	assert_int_equal(content_hash_fd(a, sparse, &e), 0);
	assert_memory_not_equal(sparse, full, sizeof(full));
	(void)close(a);
	(void)close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_are_not_read),
		cmocka_unit_test(a_file_that_grows_is_as_long_as_was_asked),
		cmocka_unit_test(a_file_that_shrinks_says_where_it_ended),
		cmocka_unit_test(a_hole_hashes_as_the_zeros_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
