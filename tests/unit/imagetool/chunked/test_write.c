/* SPDX-License-Identifier: Apache-2.0 */
/* Layers whose parts can be had alone, written: eStargz, read again by what reads those of others.
 */
#include "imagetool/chunked/write.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imagetool/chunked/stargz.h"
#include "imagetool/chunked/toc.h"
#include "imagetool/codec/decompress.h"
#include "imagetool/tar/write.h"
#include "imagetool/tar/write_header.h"
#include "libutil/alloc.h"

#define STREAM_MAX ((size_t)64 << 20)
/* Beyond a block of the compressor. */
#define LARGE ((size_t)3 << 20)
/* So many make a table that is too large. */
#define LONG_NAMES 45
#define LONG_NAME  ((size_t)400000)

/* A layer before and after. */
struct layer {
	struct strbuf tar;
	struct tar_writer w;
	size_t read, piece; /* of the archive; as much comes at once */
	struct strbuf blob;
	struct compress_result made;
	struct chunked_annotations said;
	const char *refused;
};

static int to_buffer(void *ctx, const void *data, size_t len, struct err *e UNUSED)
{
	strbuf_add(ctx, data, len);
	return 0;
}

static struct layer *new_layer(void)
{
	struct layer *l = xcalloc(1, sizeof(*l));

	l->tar.max = l->blob.max = STREAM_MAX;
	l->piece = 1000;
	tar_writer_init_sink(&l->w, (struct byte_sink){ to_buffer, &l->tar });
	return l;
}

static void free_layer(struct layer *l)
{
	strbuf_done(&l->tar);
	strbuf_done(&l->blob);
	free(l);
}

static void add_file(struct layer *l, const char *name, const char *content, size_t len)
{
	assert_int_equal(tar_write_file(&l->w, name, (int64_t)len, NULL), 0);
	assert_int_equal(tar_write_data(&l->w, content, len, NULL), 0);
}

static void add(struct layer *l, const char *name, const char *content)
{
	add_file(l, name, content, strlen(content));
}

static int next_piece(void *ctx, const uint8_t **ret, struct err *e UNUSED)
{
	struct layer *l = ctx;
	size_t n = l->tar.len - l->read;

	if (n > l->piece)
		n = l->piece;
	*ret = (const uint8_t *)l->tar.data + l->read;
	l->read += n;
	return (int)n;
}

static struct tar_source source_of(struct layer *l)
{
	return (struct tar_source){ .next = next_piece, .ctx = l };
}

static void make(struct layer *l)
{
	auto_(compress) struct compress *to = NULL;
	const struct compress_opts opts = { .kind = LAYER_GZIP, .cuts = true, .threads = 3 };

	assert_int_equal(compress_new((struct byte_sink){ to_buffer, &l->blob }, &opts, &to, NULL),
			 0);
	assert_int_equal(
		chunked_write(CHUNKED_STARGZ, source_of(l), to, &l->said, &l->refused, NULL), 0);
	assert_int_equal(compress_end(to, &l->made, NULL), 0);
	assert_false(l->blob.failed || l->tar.failed);
}

static void end_and_make(struct layer *l)
{
	assert_int_equal(tar_write_end(&l->w, NULL), 0);
	make(l);
}

/* ---- What came of it ---- */

struct bytes {
	const char *data;
	size_t len;
};

static int read_bytes(void *ctx, void *buf, size_t size, struct err *e UNUSED)
{
	struct bytes *b = ctx;
	size_t n = b->len < size ? b->len : size;

	memcpy(buf, b->data, n);
	b->data += n;
	b->len -= n;
	return (int)n;
}

static void unpack(const char *data, size_t len, struct strbuf *out)
{
	struct bytes b = { data, len };
	auto_(decompress) struct decompress *d = NULL;
	const uint8_t *piece;
	int r = decompress_new((struct byte_source){ read_bytes, &b }, &d, NULL);

	assert_int_equal(r, 0);
	while ((r = decompress_next(d, &piece, NULL)) > 0)
		strbuf_add(out, piece, (size_t)r);
	assert_int_equal(r, 0);
}

/* The stream's digest is what it was said to be; names of its files, in order. */
static void list(const struct layer *l, struct strbuf *names)
{
	struct layer again = { .tar = { .max = STREAM_MAX }, .piece = 1 << 20 };
	auto_(tar_reader) struct tar_reader *t = NULL;
	char digest[DIGEST_TEXT_SIZE];
	struct tar_entry n;
	int r;

	unpack(l->blob.data, l->blob.len, &again.tar);
	digest_of(DIGEST_SHA256, again.tar.data, again.tar.len, digest);
	assert_string_equal(digest, l->made.diff_id);
	assert_int_equal(again.tar.len, l->made.plain_size);
	assert_int_equal(again.tar.len % TAR_BLOCK, 0);
	t = tar_reader_new((struct tar_source){ .next = next_piece, .ctx = &again });
	while ((r = tar_next(t, &n, NULL)) > 0)
		strbuf_addf(names, "%s ", n.name);
	assert_int_equal(r, 0);
	strbuf_done(&again.tar);
}

static void assert_names(const struct layer *l, const char *want)
{
	auto_(strbuf) struct strbuf names = { 0 };

	list(l, &names);
	assert_string_equal(strbuf_str(&names), want);
}

static void read_toc(const struct layer *l, struct chunked_toc *ret)
{
	struct chunked_position p = { .form = CHUNKED_STARGZ };
	const uint8_t *blob = (const uint8_t *)l->blob.data;
	const int64_t size = (int64_t)l->blob.len;

	assert_null(l->refused);
	assert_int_equal(stargz_footer(blob + size - STARGZ_FOOTER, size, &p, NULL), 0);
	(void)snprintf(p.digest, sizeof(p.digest), "%s", l->said.stargz);
	assert_int_equal(chunked_toc_read(&p, blob + p.toc, ret, NULL), 0);
}

#define OWN STARGZ_NO_PREFETCH " " STARGZ_TABLE_NAME " "

static void our_reader_finds_each_file_in_a_member(void **state UNUSED)
{
	struct layer *l = new_layer();
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	auto_(strbuf) struct strbuf member = { 0 };

	add(l, "a", "first");
	add(l, "empty", "");
	add(l, "b", "second");
	end_and_make(l);
	assert_names(l, "a empty b " OWN);
	read_toc(l, &toc);
	/* The first header; a; b; the landmark. */
	assert_int_equal(toc.n, 4);
	unpack(l->blob.data + toc.pieces[2].offset, (size_t)toc.pieces[2].len, &member);
	assert_memory_equal(member.data, "second", 6);
	free_layer(l);
}

static void large_files_are_several_parts(void **state UNUSED)
{
	struct layer *l = new_layer();
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	autofree char *content = xcalloc(LARGE, 1);
	uint32_t seed = 1;

	for (size_t i = 0; i < LARGE; i++) {
		seed = seed * 1664525 + 1013904223;
		content[i] = (char)(seed >> 24);
	}
	l->piece = 70000;
	add_file(l, "large", content, LARGE);
	add(l, "small", "x");
	end_and_make(l);
	assert_names(l, "large small " OWN);
	read_toc(l, &toc);
	assert_true(toc.n > 5);
	free_layer(l);
}

static void what_an_older_table_brought_is_left_out(void **state UNUSED)
{
	struct layer *l = new_layer();
	auto_(chunked_toc) struct chunked_toc toc = { 0 };

	add(l, STARGZ_PREFETCH, "\x0f");
	add(l, "a", "first");
	add(l, "./" STARGZ_NO_PREFETCH, "\x0f");
	add(l, STARGZ_TABLE_NAME, "{}");
	add(l, "b", "second");
	add(l, "/" STARGZ_TABLE_NAME, "{}");
	end_and_make(l);
	assert_names(l, "a b " OWN);
	read_toc(l, &toc);
	assert_int_equal(toc.n, 4);
	free_layer(l);
}

static void a_link_to_what_is_left_out_is_refused(void **state UNUSED)
{
	const struct tar_entry link = { .type = TAR_HARDLINK,
					.name = "b",
					.link = "./" STARGZ_TABLE_NAME };
	auto_(compress) struct compress *to = NULL;
	const struct compress_opts opts = { .kind = LAYER_GZIP, .cuts = true };
	struct layer *l = new_layer();
	struct err e = { 0 };

	add(l, STARGZ_TABLE_NAME, "{}");
	assert_int_equal(tar_header_write(&link, &l->tar, NULL), 0);
	assert_int_equal(tar_write_end(&l->w, NULL), 0);
	assert_int_equal(compress_new((struct byte_sink){ to_buffer, &l->blob }, &opts, &to, NULL),
			 0);
	assert_int_equal(chunked_write(CHUNKED_STARGZ, source_of(l), to, &l->said, &l->refused, &e),
			 -EINVAL);
	assert_non_null(strstr(e.msg, "'b' is a hard link to './stargz.index.json'"));
	free_layer(l);
}

static void archives_without_an_end_gain_one(void **state UNUSED)
{
	static const char *const last[] = { "b", STARGZ_TABLE_NAME };

	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		struct layer *l = new_layer();

		add(l, "a", "first");
		add(l, last[i], "second");
		assert_int_equal(tar_write_end(&l->w, NULL), 0);
		strbuf_truncate(&l->tar, (size_t)4 * TAR_BLOCK);
		make(l);
		assert_null(l->refused);
		assert_names(l, i == 0 ? "a b " OWN : "a " OWN);
		free_layer(l);
	}
}

static void a_layer_without_files_has_a_table_all_the_same(void **state UNUSED)
{
	struct layer *l = new_layer();
	auto_(chunked_toc) struct chunked_toc toc = { 0 };

	end_and_make(l);
	assert_names(l, OWN);
	read_toc(l, &toc);
	free_layer(l);
}

static void two_of_a_name_leave_the_stream_what_it_was(void **state UNUSED)
{
	struct layer *l = new_layer();
	char digest[DIGEST_TEXT_SIZE];

	add(l, "a", "first");
	add(l, "./a", "second");
	add(l, "b", "third");
	end_and_make(l);
	assert_string_equal(l->refused, "it has a name twice");
	assert_string_equal(l->said.stargz, "");
	digest_of(DIGEST_SHA256, l->tar.data, l->tar.len, digest);
	assert_string_equal(l->made.diff_id, digest);
	free_layer(l);
}

static void a_table_that_readers_refuse_is_not_written(void **state UNUSED)
{
	struct layer *l = new_layer();
	auto_(strbuf) struct strbuf names = { .max = STREAM_MAX };
	autofree char *name = xcalloc(LONG_NAME + 1, 1);

	memset(name, 'n', LONG_NAME);
	l->piece = 1 << 20;
	for (int i = 0; i < LONG_NAMES; i++) {
		name[i] = 'x';
		add(l, name, "content");
	}
	end_and_make(l);
	assert_string_equal(l->refused, "it has too many files");
	assert_string_equal(l->said.stargz, "");
	list(l, &names);
	assert_int_equal(names.len, LONG_NAMES * (LONG_NAME + 1));
	free_layer(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_reader_finds_each_file_in_a_member),
		cmocka_unit_test(large_files_are_several_parts),
		cmocka_unit_test(what_an_older_table_brought_is_left_out),
		cmocka_unit_test(a_link_to_what_is_left_out_is_refused),
		cmocka_unit_test(archives_without_an_end_gain_one),
		cmocka_unit_test(a_layer_without_files_has_a_table_all_the_same),
		cmocka_unit_test(two_of_a_name_leave_the_stream_what_it_was),
		cmocka_unit_test(a_table_that_readers_refuse_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
