/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/write.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/tar/header.h"
#include "libutil/alloc.h"
#include "libutil/digest.h"
#include "libutil/strbuf.h"

struct archive {
	struct tar_writer *w;
	struct strbuf bytes;
	size_t read; /* by the reader */
	struct err e;
};

static int to_buffer(void *ctx, const void *data, size_t len, struct err *e UNUSED)
{
	strbuf_add(ctx, data, len);
	return 0;
}

static int from_buffer(void *ctx, const uint8_t **ret, struct err *e UNUSED)
{
	struct archive *a = ctx;
	size_t n = a->bytes.len - a->read;

	*ret = (const uint8_t *)a->bytes.data + a->read;
	a->read = a->bytes.len;
	return (int)n;
}

static int begin(void **state)
{
	struct archive *a = xcalloc(1, sizeof(*a));

	a->w = xcalloc(1, sizeof(*a->w));
	tar_writer_init_sink(a->w, (struct byte_sink){ to_buffer, &a->bytes });
	*state = a;
	return 0;
}

static int end(void **state)
{
	struct archive *a = *state;

	strbuf_done(&a->bytes);
	free(a->w);
	free(a);
	return 0;
}

/* A name of `len` bytes whose last component is short. */
static char *long_name(size_t len)
{
	char *name = xcalloc(len + 1, 1);

	memset(name, 'd', len);
	for (size_t i = 60; i + 2 < len; i += 61)
		name[i] = '/';
	return name;
}

static void write_entry(struct archive *a, const struct tar_entry *n)
{
	assert_int_equal(tar_write_entry(a->w, n, &a->e), 0);
	if (n->type == TAR_FILE)
		assert_int_equal(tar_write_zeros(a->w, n->size, &a->e), 0);
}

static void same_xattrs(const struct tar_entry *have, const struct tar_entry *want)
{
	assert_int_equal(have->n_xattrs, want->n_xattrs);
	for (size_t i = 0; i < want->n_xattrs; i++) {
		assert_string_equal(have->xattrs[i].name, want->xattrs[i].name);
		assert_int_equal(have->xattrs[i].len, want->xattrs[i].len);
		assert_memory_equal(have->xattrs[i].value, want->xattrs[i].value,
				    want->xattrs[i].len);
	}
}

static void same_entry(const struct tar_entry *have, const struct tar_entry *want)
{
	assert_int_equal(have->type, want->type);
	assert_int_equal(strncmp(have->name, want->name, strlen(want->name)), 0);
	assert_string_equal(have->name + strlen(want->name), want->type == TAR_DIR ? "/" : "");
	assert_string_equal(have->link, want->link);
	assert_int_equal(have->mode, want->mode);
	assert_int_equal(have->uid, want->uid);
	assert_int_equal(have->gid, want->gid);
	assert_int_equal(have->mtime.tv_sec, want->mtime.tv_sec);
	assert_int_equal(have->mtime.tv_nsec, want->mtime.tv_nsec);
	assert_int_equal(have->major, want->major);
	assert_int_equal(have->minor, want->minor);
	assert_int_equal(have->size, want->size);
	same_xattrs(have, want);
}

/* What tar_next() says of the archive's entries is what was written. */
static void read_back(struct archive *a, const struct tar_entry *want, size_t n)
{
	struct tar_reader *t = tar_reader_new((struct tar_source){ .next = from_buffer, .ctx = a });
	struct tar_entry have;

	assert_int_equal(tar_write_end(a->w, &a->e), 0);
	assert_int_equal(a->bytes.len % TAR_BLOCK, 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(tar_next(t, &have, &a->e), 1);
		same_entry(&have, &want[i]);
	}
	assert_int_equal(tar_next(t, &have, &a->e), 0);
	tar_reader_free(t);
}

static void round_trip(struct archive *a, const struct tar_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		write_entry(a, &entries[i]);
	read_back(a, entries, n);
}

static void every_type_comes_back(void **state)
{
	const struct tar_entry entries[] = {
		{ .type = TAR_DIR,
		  .name = "d",
		  .link = "",
		  .mode = 01777,
		  .mtime = { 1700000000 } },
		{ .type = TAR_FILE, .name = "d/f", .link = "", .mode = 06755, .size = 513 },
		{ .type = TAR_FILE, .name = "d/empty", .link = "", .uid = 1000, .gid = 1001 },
		{ .type = TAR_HARDLINK, .name = "d/h", .link = "d/f", .mode = 06755 },
		{ .type = TAR_SYMLINK, .name = "d/s", .link = "../x", .mode = 0777 },
		{ .type = TAR_CHAR, .name = "c", .link = "", .major = 4095, .minor = 1048575 },
		{ .type = TAR_BLOCK_DEVICE, .name = "b", .link = "", .major = 8, .minor = 1 },
		{ .type = TAR_FIFO, .name = "p", .link = "", .mode = 0600 },
	};

	round_trip(*state, entries, ARRAY_LEN(entries));
}

static void what_ustar_cannot_say_comes_back(void **state)
{
	static const struct tar_xattr xattrs[] = {
		{ "security.capability", "\1\0\0\2\0\4\0\0", 8 },
		{ "user.empty", "", 0 },
		{ "user.lines", "1 a=b\n2", 7 },
	};
	struct archive *a = *state;
	autofree char *name = long_name(4000), *link = long_name(101);
	const struct tar_entry entries[] = {
		{ .type = TAR_SYMLINK, .name = name, .link = link },
		{ .type = TAR_DIR, .name = name, .link = "" },
		{ .type = TAR_FILE, .name = "e\xcc\x81\xff", .link = "" },
		{ .type = TAR_FILE, .name = "ids", .link = "", .uid = 1 << 21, .gid = 4294967294 },
		{ .type = TAR_FILE, .name = "old", .link = "", .mtime = { -5, 0 } },
		{ .type = TAR_FILE, .name = "late", .link = "", .mtime = { 1LL << 33, 0 } },
		{ .type = TAR_FILE, .name = "x", .link = "", .xattrs = xattrs, .n_xattrs = 3 },
	};

	round_trip(a, entries, ARRAY_LEN(entries));
}

static void names_of_every_length_come_back(void **state)
{
	struct tar_entry entries[300];

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		entries[i] = (struct tar_entry){ .type = i % 2 ? TAR_DIR : TAR_FILE,
						 .name = long_name(i + 1),
						 .link = "" };
	round_trip(*state, entries, ARRAY_LEN(entries));
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		free((char *)(uintptr_t)entries[i].name);
}

static void fractions_of_times_are_cut_unless_asked_for(void **state)
{
	struct archive *a = *state;
	const struct tar_entry entries[] = {
		{ .type = TAR_FILE, .name = "a", .link = "", .mtime = { 5, 250000000 } },
		{ .type = TAR_FILE, .name = "b", .link = "", .mtime = { -1, 750000000 } },
		{ .type = TAR_FILE, .name = "c", .link = "", .mtime = { 7, 1 } },
	};
	struct tar_entry cut = { .type = TAR_FILE, .name = "a", .link = "", .mtime = { 5, 0 } };

	write_entry(a, &entries[0]);
	assert_int_equal(a->w->used, TAR_BLOCK);
	read_back(a, &cut, 1);
	a->bytes.len = a->read = 0;
	a->w->exact_times = true;
	round_trip(a, entries, ARRAY_LEN(entries));
	assert_non_null(memmem(a->bytes.data, a->bytes.len, "15 mtime=-0.25\n", 15));
}

static void no_time_is_later_than_the_latest(void **state)
{
	struct archive *a = *state;
	const struct tar_entry entries[] = {
		{ .type = TAR_FILE, .name = "a", .link = "", .mtime = { 1000, 5 } },
		{ .type = TAR_FILE, .name = "b", .link = "", .mtime = { 999, 5 } },
	};
	const struct tar_entry want[] = {
		{ .type = TAR_FILE, .name = "a", .link = "", .mtime = { 1000, 0 } },
		{ .type = TAR_FILE, .name = "b", .link = "", .mtime = { 999, 5 } },
	};

	a->w->exact_times = true;
	a->w->has_latest = true;
	a->w->latest = 1000;
	write_entry(a, &entries[0]);
	write_entry(a, &entries[1]);
	read_back(a, want, 2);
}

/* The digest is that of the archive that Go 1.19's archive/tar wrote of these entries. */
static void bytes_are_those_of_go(void **state)
{
	static const struct tar_xattr xattrs[] = { { "security.capability", "\1\0\0\2", 4 } };
	struct archive *a = *state;
	char digest[DIGEST_TEXT_SIZE];
	autofree char *name = xasprintf("%0100d/%099d", 1, 2);

	write_entry(a, &(struct tar_entry){ .type = TAR_DIR,
					    .name = "usr/",
					    .link = "",
					    .mode = 0755,
					    .mtime = { 1700000000 } });
	write_entry(a, &(struct tar_entry){ .type = TAR_FILE,
					    .name = name,
					    .link = "",
					    .mode = 0644,
					    .uid = 3000000,
					    .size = 3,
					    .xattrs = xattrs,
					    .n_xattrs = 1 });
	write_entry(a, &(struct tar_entry){ .type = TAR_SYMLINK,
					    .name = "h\xc3\xa9/l",
					    .link = name,
					    .mode = 0777,
					    .mtime = { -5 } });
	write_entry(a, &(struct tar_entry){ .type = TAR_CHAR,
					    .name = "dev/c",
					    .link = "",
					    .mode = 0600,
					    .major = 1,
					    .minor = 3 });
	assert_int_equal(tar_write_end(a->w, &a->e), 0);
	digest_of(DIGEST_SHA256, a->bytes.data, a->bytes.len, digest);
	assert_string_equal(
		digest, "sha256:53884d1ff4de838898b5630fa96aea6812cb366dbd3a1b2a96da99122d89133d");
}

static void a_big_file_s_size_stands_in_a_record(void **state)
{
	struct archive *a = *state;
	struct tar_header h;

	assert_int_equal(tar_write_entry(a->w,
					 &(struct tar_entry){ .type = TAR_FILE,
							      .name = "big",
							      .link = "",
							      .size = 1LL << 33 },
					 &a->e),
			 0);
	assert_int_equal(a->w->used, 3 * TAR_BLOCK);
	assert_memory_equal(a->w->buffer + TAR_BLOCK, "19 size=8589934592\n", 19);
	assert_int_equal(tar_header_parse(a->w->buffer + 2 * (size_t)TAR_BLOCK, &h, &a->e), 0);
	assert_int_equal(h.size, 0);
}

static void data_is_as_long_as_the_header_says(void **state)
{
	struct archive *a = *state;

	assert_int_equal(tar_write_file(a->w, "f", 3, &a->e), 0);
	assert_int_equal(tar_write_data(a->w, "abcd", 4, &a->e), -EIO);
	assert_int_equal(tar_write_data(a->w, "ab", 2, &a->e), 0);
	assert_int_equal(tar_write_end(a->w, &a->e), -EIO);
	assert_int_equal(tar_write_zeros(a->w, 1, &a->e), 0);
	assert_int_equal(tar_write_end(a->w, &a->e), 0);
}

static void what_no_archive_can_say_is_refused(void **state)
{
	static char big[TAR_EXTENDED_MAX + 1];
	const struct tar_xattr equals = { "user.a=b", "", 0 },
			       huge = { "user.a", big, sizeof(big) };
	struct archive *a = *state;

	assert_int_equal(tar_write_file(a->w, "", 0, &a->e), -EINVAL);
	assert_int_equal(
		tar_write_entry(a->w,
				&(struct tar_entry){
					.name = "f", .link = "", .xattrs = &equals, .n_xattrs = 1 },
				&a->e),
		-EINVAL);
	assert_int_equal(
		tar_write_entry(a->w,
				&(struct tar_entry){
					.name = "f", .link = "", .xattrs = &huge, .n_xattrs = 1 },
				&a->e),
		-E2BIG);
	assert_int_equal(a->w->used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_type_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(what_ustar_cannot_say_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(names_of_every_length_come_back, begin, end),
		cmocka_unit_test_setup_teardown(fractions_of_times_are_cut_unless_asked_for, begin,
						end),
		cmocka_unit_test_setup_teardown(no_time_is_later_than_the_latest, begin, end),
		cmocka_unit_test_setup_teardown(bytes_are_those_of_go, begin, end),
		cmocka_unit_test_setup_teardown(a_big_file_s_size_stands_in_a_record, begin, end),
		cmocka_unit_test_setup_teardown(data_is_as_long_as_the_header_says, begin, end),
		cmocka_unit_test_setup_teardown(what_no_archive_can_say_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
