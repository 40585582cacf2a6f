/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/codec/compress.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/codec/decompress.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"

/* More than the blocks of any codec's ring. */
#define MANY ((size_t)27 << 20)

struct packed {
	struct strbuf bytes;
	struct compress_result result;
	struct err e;
	size_t read;
	size_t room; /* the sink fails beyond; 0: never */
};

static int to_buffer(void *ctx, const void *data, size_t len, struct err *e)
{
	struct packed *p = ctx;

	if (p->room && p->bytes.len + len > p->room)
		return err_set(e, ENOSPC, "full");
	strbuf_add(&p->bytes, data, len);
	return 0;
}

static int from_buffer(void *ctx, void *buf, size_t size, struct err *e UNUSED)
{
	struct packed *p = ctx;
	size_t n = p->bytes.len - p->read < size ? p->bytes.len - p->read : size;

	if (n)
		memcpy(buf, p->bytes.data + p->read, n);
	p->read += n;
	return (int)n;
}

/* Words in an order that does not come back: compressible, but not away. */
static char *make_text(size_t len)
{
	char *text = xcalloc(len + 16, 1);
	uint32_t seed = 1;

	for (size_t i = 0; i < len; i += 8) {
		seed = seed * 1664525 + 1013904223;
		(void)snprintf(text + i, 9, "%04x rst", seed >> 20);
	}
	text[len] = '\0';
	return text;
}

static int pack(struct packed *p, const struct compress_opts *opts, const char *text, size_t len,
		size_t step)
{
	auto_(compress) struct compress *c = NULL;
	int r = compress_new((struct byte_sink){ to_buffer, p }, opts, &c, &p->e);

	p->bytes.max = (size_t)128 << 20;
	for (size_t at = 0; at < len && r >= 0; at += step)
		r = compress_write(c, text + at, len - at < step ? len - at : step, &p->e);
	return r < 0 ? r : compress_end(c, &p->result, &p->e);
}

/* What comes out is the text, and all the result says of it is true. */
static void check_packed(struct packed *p, enum layer_compression kind, const char *text,
			 size_t len)
{
	char digest[DIGEST_TEXT_SIZE];
	struct decompress *d;
	const uint8_t *piece;
	size_t at = 0;
	int n;

	assert_int_equal(strbuf_check(&p->bytes, "packed", NULL), 0);
	assert_int_equal(decompress_new((struct byte_source){ from_buffer, p }, &d, &p->e), 0);
	assert_int_equal(decompress_kind(d), kind);
	while ((n = decompress_next(d, &piece, &p->e)) > 0) {
		assert_true(at + (size_t)n <= len);
		assert_memory_equal(piece, text + at, (size_t)n);
		at += (size_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, len);
	decompress_free(d);
	digest_of(DIGEST_SHA256, text, len, digest);
	assert_string_equal(p->result.diff_id, digest);
	digest_of(DIGEST_SHA256, p->bytes.data ? p->bytes.data : "", p->bytes.len, digest);
	assert_string_equal(p->result.digest, digest);
	assert_int_equal(p->result.size, p->bytes.len);
	assert_int_equal(p->result.plain_size, len);
}

static void round_trip(const struct compress_opts *opts, size_t len, size_t step)
{
	struct packed p = { 0 };
	autofree char *text = make_text(len);

	assert_int_equal(pack(&p, opts, text, len, step), 0);
	check_packed(&p, opts->kind, text, len);
	strbuf_done(&p.bytes);
}

static void every_format_comes_back(void **state UNUSED)
{
	static const size_t lengths[] = {
		1, 511, 512, 100000, 1 << 20, (1 << 20) + 1, 4 << 20, MANY
	};

	for (int kind = LAYER_PLAIN; kind <= LAYER_ZSTD; kind++)
		for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
			round_trip(&(struct compress_opts){ .kind = (enum layer_compression)kind },
				   lengths[i], 100001);
}

static void nothing_is_a_stream_too(void **state UNUSED)
{
	round_trip(&(struct compress_opts){ .kind = LAYER_PLAIN }, 0, 1);
	round_trip(&(struct compress_opts){ .kind = LAYER_GZIP }, 0, 1);
	round_trip(&(struct compress_opts){ .kind = LAYER_ZSTD }, 0, 1);
}

static void every_level_comes_back(void **state UNUSED)
{
	for (int level = 1; level <= 9; level++)
		round_trip(&(struct compress_opts){ .kind = LAYER_GZIP, .level = level }, 50000,
			   777);
	for (int level = 1; level <= 19; level++)
		round_trip(&(struct compress_opts){ .kind = LAYER_ZSTD, .level = level }, 50000,
			   777);
}

static void a_level_that_is_not_there_is_refused(void **state UNUSED)
{
	struct packed p = { 0 };

	assert_int_equal(
		pack(&p, &(struct compress_opts){ .kind = LAYER_GZIP, .level = 10 }, "", 0, 1),
		-EINVAL);
	assert_string_equal(p.e.msg, "gzip has no level 10, but 1 to 9");
}

static void threads_and_pieces_change_nothing(void **state UNUSED)
{
	autofree char *text = make_text(MANY);

	for (int kind = LAYER_GZIP; kind <= LAYER_ZSTD; kind++) {
		struct compress_opts opts = { .kind = (enum layer_compression)kind, .level = 1 };
		char digest[DIGEST_TEXT_SIZE] = "";

		for (opts.threads = 1; opts.threads <= 5; opts.threads += 2) {
			struct packed p = { 0 };

			assert_int_equal(pack(&p, &opts, text, MANY, MANY / (size_t)opts.threads),
					 0);
			if (*digest)
				assert_string_equal(p.result.digest, digest);
			memcpy(digest, p.result.digest, sizeof(digest));
			strbuf_done(&p.bytes);
		}
	}
}

static void a_sink_that_fails_ends_it(void **state UNUSED)
{
	autofree char *text = make_text(MANY);

	for (int kind = LAYER_PLAIN; kind <= LAYER_ZSTD; kind++) {
		struct packed p = { .room = 100 };
		struct compress_opts opts = { .kind = (enum layer_compression)kind, .threads = 3 };

		assert_int_equal(pack(&p, &opts, text, MANY, 1 << 20), -ENOSPC);
		assert_string_equal(p.e.msg, "full");
		strbuf_done(&p.bytes);
	}
}

static void one_that_is_given_up_leaves_nothing_running(void **state UNUSED)
{
	autofree char *text = make_text(MANY);
	struct packed p = { .bytes.max = MANY };
	struct compress *c;

	assert_int_equal(compress_new((struct byte_sink){ to_buffer, &p },
				      &(struct compress_opts){ .kind = LAYER_GZIP }, &c, &p.e),
			 0);
	assert_int_equal(compress_write(c, text, MANY, &p.e), 0);
	compress_free(c);
	strbuf_done(&p.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_comes_back),
		cmocka_unit_test(nothing_is_a_stream_too),
		cmocka_unit_test(every_level_comes_back),
		cmocka_unit_test(a_level_that_is_not_there_is_refused),
		cmocka_unit_test(threads_and_pieces_change_nothing),
		cmocka_unit_test(a_sink_that_fails_ends_it),
		cmocka_unit_test(one_that_is_given_up_leaves_nothing_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
