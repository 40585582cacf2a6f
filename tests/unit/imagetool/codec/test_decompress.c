/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/codec/decompress.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "libutil/alloc.h"
#include "libutil/strbuf.h"

#define PLAIN_SIZE ((size_t)700000)

/* Hands its text out in pieces of `step` bytes. */
struct feed {
	const char *data;
	size_t left, step;
};

static int feed_read(void *ctx, void *buf, size_t size, struct err *e UNUSED)
{
	struct feed *f = ctx;
	size_t n = f->left < size ? f->left : size;

	if (n > f->step)
		n = f->step;
	memcpy(buf, f->data, n);
	f->data += n;
	f->left -= n;
	return (int)n;
}

/* Not all compressible, not all noise. */
static void fill_plain(char *out)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < PLAIN_SIZE; i++) {
		x = x * 1103515245 + 12345;
		out[i] = i / 1000 % 2 ? (char)(x >> 16) : (char)(i % 61);
	}
}

static void add_gzip(struct strbuf *out, const char *data, size_t len)
{
	z_stream s = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)len };
	size_t bound;

	assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	bound = deflateBound(&s, len);
	s.next_out = (Bytef *)strbuf_reserve(out, bound);
	s.avail_out = (uInt)bound;
	assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
	strbuf_commit(out, bound - s.avail_out);
	(void)deflateEnd(&s);
}

static void add_zstd(struct strbuf *out, const char *data, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	char *to = strbuf_reserve(out, bound);
	size_t n = ZSTD_compress(to, bound, data, len, 3);

	assert_false(ZSTD_isError(n));
	strbuf_commit(out, n);
}

static void add_skippable(struct strbuf *out)
{
	strbuf_add(out, "\x53\x2a\x4d\x18\x04\0\0\0skip", 12);
}

/* Returns 0 or the error; the bytes go to `out`. */
static int inflate_all(const struct strbuf *in, size_t step, enum layer_compression *ret_kind,
		       struct strbuf *out, struct err *e)
{
	struct feed f = { .data = strbuf_str(in), .left = in->len, .step = step };
	auto_(decompress) struct decompress *d = NULL;
	const uint8_t *data;
	int r = decompress_new((struct byte_source){ feed_read, &f }, &d, e);

	if (r < 0)
		return r;
	*ret_kind = decompress_kind(d);
	while ((r = decompress_next(d, &data, e)) > 0)
		strbuf_add(out, data, (size_t)r);
	return r;
}

static void assert_inflates(const struct strbuf *in, enum layer_compression want, const char *plain,
			    size_t len)
{
	static const size_t steps[] = { 1 << 20, 4096, 7 };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		auto_(strbuf) struct strbuf out = { 0 };
		enum layer_compression kind = LAYER_PLAIN;
		struct err e = { 0 };

		assert_int_equal(inflate_all(in, steps[i], &kind, &out, &e), 0);
		assert_int_equal(kind, want);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.data, plain, len);
	}
}

static void assert_fails(const struct strbuf *in, int error, const char *text)
{
	auto_(strbuf) struct strbuf out = { 0 };
	enum layer_compression kind = LAYER_PLAIN;
	struct err e = { 0 };

	assert_int_equal(inflate_all(in, 4096, &kind, &out, &e), -error);
	assert_non_null(strstr(e.msg, text));
}

static int setup(void **state)
{
	*state = xcalloc(PLAIN_SIZE, 1);
	fill_plain(*state);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void plain_bytes_pass_as_they_are(void **state)
{
	auto_(strbuf) struct strbuf in = { 0 };

	strbuf_add(&in, *state, PLAIN_SIZE);
	assert_inflates(&in, LAYER_PLAIN, *state, PLAIN_SIZE);
}

static void an_empty_stream_is_an_empty_plain_one(void **state UNUSED)
{
	auto_(strbuf) struct strbuf in = { 0 }, out = { 0 };
	enum layer_compression kind = LAYER_GZIP;

	assert_int_equal(inflate_all(&in, 10, &kind, &out, NULL), 0);
	assert_int_equal(kind, LAYER_PLAIN);
	assert_int_equal(out.len, 0);
}

static void several_gzip_members_are_one_stream(void **state)
{
	auto_(strbuf) struct strbuf in = { 0 };
	const char *plain = *state;

	add_gzip(&in, plain, 300001);
	add_gzip(&in, "", 0);
	add_gzip(&in, plain + 300001, 1);
	add_gzip(&in, plain + 300002, PLAIN_SIZE - 300002);
	assert_inflates(&in, LAYER_GZIP, plain, PLAIN_SIZE);
}

static void several_zstd_and_skippable_frames_are_one_stream(void **state)
{
	auto_(strbuf) struct strbuf in = { 0 };
	const char *plain = *state;

	add_skippable(&in);
	add_zstd(&in, plain, 400000);
	add_skippable(&in);
	add_skippable(&in);
	add_zstd(&in, plain + 400000, PLAIN_SIZE - 400000);
	add_skippable(&in);
	assert_inflates(&in, LAYER_ZSTD, plain, PLAIN_SIZE);
}

/* No cut of a compressed stream is a shorter layer, except between members. */
static void a_stream_that_ends_inside_a_member_is_an_error(void **state)
{
	auto_(strbuf) struct strbuf gzip = { 0 }, zstd = { 0 };

	add_gzip(&gzip, *state, 5000);
	add_zstd(&zstd, *state, 5000);
	for (size_t n = 4; n < gzip.len; n++) {
		struct strbuf cut = gzip;

		cut.len = n;
		assert_fails(&cut, EBADMSG, "gzip stream: truncated");
	}
	for (size_t n = 5; n < zstd.len; n++) {
		struct strbuf cut = zstd;

		cut.len = n;
		assert_fails(&cut, EBADMSG, "zstd stream: truncated");
	}
}

static void a_changed_byte_is_an_error(void **state)
{
	auto_(strbuf) struct strbuf in = { 0 };

	add_gzip(&in, *state, 100000);
	in.data[in.len - 6] ^= 1;
	assert_fails(&in, EBADMSG, "gzip stream: ");
}

static void what_follows_a_member_must_be_a_member(void **state)
{
	auto_(strbuf) struct strbuf gzip = { 0 }, zstd = { 0 };

	add_gzip(&gzip, *state, 1000);
	strbuf_adds(&gzip, "this is no gzip member at all");
	assert_fails(&gzip, EBADMSG, "gzip stream: ");
	add_zstd(&zstd, *state, 1000);
	strbuf_adds(&zstd, "this is no zstd frame at all");
	assert_fails(&zstd, EBADMSG, "zstd stream: ");
}

static void a_window_beyond_the_limit_is_refused_before_it_is_allocated(void **state UNUSED)
{
	/* Magic, a frame header without content size, and a window of 2^41 bytes. */
	auto_(strbuf) struct strbuf in = { 0 };

	strbuf_add(&in, "\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00", 9);
	assert_fails(&in, E2BIG, "more than 128 MiB");
}

static int read_fails(void *ctx UNUSED, void *buf UNUSED, size_t size UNUSED, struct err *e)
{
	return err_set(e, EIO, "the disk is gone");
}

static void an_error_of_the_source_is_handed_on(void **state UNUSED)
{
	struct decompress *d = NULL;
	struct err e = { 0 };

	assert_int_equal(decompress_new((struct byte_source){ read_fails, NULL }, &d, &e), -EIO);
	assert_string_equal(e.msg, "the disk is gone");
	assert_null(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_bytes_pass_as_they_are),
		cmocka_unit_test(an_empty_stream_is_an_empty_plain_one),
		cmocka_unit_test(several_gzip_members_are_one_stream),
		cmocka_unit_test(several_zstd_and_skippable_frames_are_one_stream),
		cmocka_unit_test(a_stream_that_ends_inside_a_member_is_an_error),
		cmocka_unit_test(a_changed_byte_is_an_error),
		cmocka_unit_test(what_follows_a_member_must_be_a_member),
		cmocka_unit_test(a_window_beyond_the_limit_is_refused_before_it_is_allocated),
		cmocka_unit_test(an_error_of_the_source_is_handed_on),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
