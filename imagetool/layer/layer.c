/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/layer.h"

#include <stdlib.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/ahead.h"
#include "libutil/alloc.h"

/* Bytes of a blob from which on a second thread inflates. */
#define LARGE ((int64_t)512 << 10)

struct layer_stream {
	struct byte_source from;
	const struct image_descriptor *desc;
	const char *diff_id; /* or NULL */
	int64_t size;        /* of the blob, so far */
	struct digest *blob_digest;
	struct digest *diff_digest;
	struct decompress *decompress;
	struct ahead *ahead; /* NULL: the reader inflates by itself */
	bool begun;
	struct layer_budget *budget; /* borrowed, or &own */
	struct layer_budget own;
};

static enum digest_alg algorithm_of(const char *digest)
{
	return starts_with(digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256;
}

static int read_blob(void *ctx, void *buf, size_t size, struct err *e)
{
	struct layer_stream *s = ctx;
	int r = interrupt_check(e);

	if (r >= 0)
		r = s->from.read(s->from.ctx, buf, size, e);
	if (r <= 0)
		return r;
	s->size += r;
	if (s->desc->size.set && s->size > s->desc->size.v)
		return err_set(e, IMAGE_EVERIFY,
			       "the blob is longer than the %lld bytes it should have",
			       (long long)s->desc->size.v);
	digest_update(s->blob_digest, buf, (size_t)r);
	return r;
}

static int fill_tar(void *ctx, uint8_t *buf, size_t size, struct err *e)
{
	struct layer_stream *s = ctx;

	return decompress_fill(s->decompress, buf, size, e);
}

static void hash_tar(void *ctx, const uint8_t *buf, size_t len)
{
	struct layer_stream *s = ctx;

	digest_update(s->diff_digest, buf, len);
}

/* A thread costs more than a small layer. */
static bool is_large(const struct layer_stream *s)
{
	return !s->desc->size.set || s->desc->size.v > LARGE;
}

static int next_piece(struct layer_stream *s, const uint8_t **ret, struct err *e)
{
	int r;

	if (!s->begun && is_large(s))
		s->ahead = ahead_new(fill_tar, hash_tar, s);
	s->begun = true;
	if (s->ahead)
		return ahead_next(s->ahead, ret, e);
	r = decompress_next(s->decompress, ret, e);
	if (r > 0)
		hash_tar(s, *ret, (size_t)r);
	return r;
}

static int read_tar(void *ctx, const uint8_t **ret, struct err *e)
{
	struct layer_stream *s = ctx;
	int len = next_piece(s, ret, e);
	int r = len > 0 ? layer_budget_take_bytes(s->budget, len, e) : 0;

	return r < 0 ? r : len;
}

static int count_entry(void *ctx, struct err *e)
{
	struct layer_stream *s = ctx;

	return layer_budget_take_entry(s->budget, e);
}

/* What a layer is compressed with its first bytes say, not its media type: old daemons push plain
 * layers as gzip, and every engine takes them.  The digests decide whether it is the right one. */
static int check_media_type(const struct layer_stream *s, struct err *e)
{
	const char *type = s->desc->media_type;

	if (type && media_type_parse(type, NULL, NULL) == MEDIA_LAYER)
		return 0;
	return err_set(e, IMAGE_EVERIFY, "media type '%s' is no layer's", type ? type : "");
}

int layer_stream_new(struct byte_source from, const struct image_descriptor *desc,
		     const char *diff_id, struct layer_stream **ret, struct err *e)
{
	auto_(layer_stream) struct layer_stream *s = xcalloc(1, sizeof(*s));
	int r;

	s->from = from;
	layer_budget_init(&s->own, 0, 0);
	s->budget = &s->own;
	s->desc = desc;
	s->diff_id = diff_id;
	s->blob_digest = digest_new(algorithm_of(desc->digest));
	s->diff_digest = digest_new(diff_id ? algorithm_of(diff_id) : DIGEST_SHA256);
	r = decompress_new((struct byte_source){ read_blob, s }, &s->decompress, e);
	if (r >= 0)
		r = check_media_type(s, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&s);
	return 0;
}

void layer_stream_free(struct layer_stream *s)
{
	if (!s)
		return;
	ahead_free(s->ahead);
	digest_free(s->blob_digest);
	digest_free(s->diff_digest);
	decompress_free(s->decompress);
	free(s);
}

struct tar_source layer_stream_source(struct layer_stream *s)
{
	return (struct tar_source){ .next = read_tar, .ctx = s, .entry = count_entry };
}

void layer_stream_set_budget(struct layer_stream *s, struct layer_budget *b)
{
	s->budget = b;
}

static int compare(const char *what, const char *have, const char *want, struct err *e)
{
	if (streq(have, want))
		return 0;
	return err_set(e, IMAGE_EVERIFY, "%s is %s, it should be %s", what, have, want);
}

int layer_stream_verify(struct layer_stream *s, char ret_diff_id[DIGEST_TEXT_SIZE], struct err *e)
{
	char blob[DIGEST_TEXT_SIZE], diff[DIGEST_TEXT_SIZE];
	const uint8_t *rest;
	int r;

	do
		r = read_tar(s, &rest, e);
	while (r > 0);
	if (r < 0)
		return r;
	if (s->desc->size.set && s->size != s->desc->size.v)
		return err_set(e, IMAGE_EVERIFY, "the blob has %lld bytes, it should have %lld",
			       (long long)s->size, (long long)s->desc->size.v);
	digest_final(s->blob_digest, blob);
	digest_final(s->diff_digest, diff);
	r = compare("the blob's digest", blob, s->desc->digest, e);
	if (r >= 0 && s->diff_id)
		r = compare("the digest of the uncompressed layer", diff, s->diff_id, e);
	if (r >= 0 && ret_diff_id)
		memcpy(ret_diff_id, diff, sizeof(diff));
	return r;
}

int byte_source_read_fd(void *fd, void *buf, size_t size, struct err *e)
{
	int r = interrupt_wait_input(*(int *)fd, e);
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = read(*(int *)fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "read") : (int)n;
}

int layer_apply_fd(struct apply *a, int fd, const struct image_descriptor *desc,
		   const char *diff_id, struct layer_budget *budget, struct err *e)
{
	auto_(layer_stream) struct layer_stream *s = NULL;
	auto_(tar_reader) struct tar_reader *t = NULL;
	int r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd }, desc, diff_id,
				 &s, e);

	if (r >= 0) {
		layer_stream_set_budget(s, budget);
		t = tar_reader_new(layer_stream_source(s));
		r = apply_layer(a, t, e);
	}
	if (r >= 0)
		r = layer_stream_verify(s, NULL, e);
	return r < 0 ? err_wrap(e, r, "layer %s", desc->digest) : 0;
}
