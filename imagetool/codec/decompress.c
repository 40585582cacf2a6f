/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/codec/decompress.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "imagetool/codec/codec.h"
#include "libutil/alloc.h"

#define IN_SIZE   ((size_t)128 << 10)
#define OUT_SIZE  ((size_t)256 << 10)
#define MAGIC_LEN 4
/* xz has the longest. */
#define ARCHIVE_MAGIC_LEN 6

struct decompress {
	struct byte_source from;
	enum layer_compression kind;
	const struct codec *codec; /* NULL: plain */
	void *state;
	bool inside;         /* of a member: the end of input would be a truncation */
	bool at_end;         /* the source has ended */
	const uint8_t *next; /* what is left of `in` */
	size_t left;
	uint8_t in[IN_SIZE];
	uint8_t out[OUT_SIZE];
};

struct kind_row {
	const char *name;
	const struct codec *codec;
};

static const struct kind_row kinds[] = {
	[LAYER_PLAIN] = { "plain tar", NULL },
	[LAYER_GZIP] = { "gzip", &codec_gzip },
	[LAYER_ZSTD] = { "zstd", &codec_zstd },
};

const char *compression_name(enum layer_compression kind)
{
	return kinds[kind].name;
}

/* RFC 1952; RFC 8878 sections 3.1.1 and 3.1.2 (sixteen magics of skippable frames). */
enum layer_compression compression_detect(const uint8_t *p, size_t len)
{
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const uint8_t skippable[] = { 0x2a, 0x4d, 0x18 };

	if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return LAYER_GZIP;
	if (len < MAGIC_LEN)
		return LAYER_PLAIN;
	if (memcmp(p, zstd, sizeof(zstd)) == 0)
		return LAYER_ZSTD;
	if ((p[0] & 0xf0) == 0x50 && memcmp(p + 1, skippable, sizeof(skippable)) == 0)
		return LAYER_ZSTD;
	return LAYER_PLAIN;
}

/* What tar archives are compressed with, and layers are not. */
static const struct codec *archive_codec(const uint8_t *p, size_t len)
{
	static const uint8_t xz[] = { 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00 };

	if (len >= sizeof(xz) && memcmp(p, xz, sizeof(xz)) == 0)
		return &codec_xz;
	if (len >= MAGIC_LEN && memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9')
		return &codec_bzip2;
	return NULL;
}

/* Append to what is left, which is moved to the front of the buffer. */
static int refill(struct decompress *d, struct err *e)
{
	int r;

	if (d->at_end)
		return 0;
	if (d->left)
		memmove(d->in, d->next, d->left);
	d->next = d->in;
	assert(d->left < IN_SIZE);
	r = d->from.read(d->from.ctx, d->in + d->left, IN_SIZE - d->left, e);
	if (r < 0)
		return r;
	d->at_end = r == 0;
	d->left += (size_t)r;
	return r;
}

static int begin(struct byte_source from, bool any, struct decompress **ret, struct err *e)
{
	auto_(decompress) struct decompress *d = xcalloc(1, sizeof(*d));

	d->from = from;
	d->next = d->in;
	while (d->left < ARCHIVE_MAGIC_LEN && !d->at_end) {
		int r = refill(d, e);

		if (r < 0)
			return r;
	}
	d->kind = compression_detect(d->next, d->left);
	d->codec = kinds[d->kind].codec;
	if (any && !d->codec)
		d->codec = archive_codec(d->next, d->left);
	if (d->codec)
		d->state = d->codec->new ();
	*ret = steal_ptr(&d);
	return 0;
}

int decompress_new(struct byte_source from, struct decompress **ret, struct err *e)
{
	return begin(from, false, ret, e);
}

int decompress_new_archive(struct byte_source from, struct decompress **ret, struct err *e)
{
	return begin(from, true, ret, e);
}

void decompress_free(struct decompress *d)
{
	if (d && d->state)
		d->codec->free(d->state);
	free(d);
}

enum layer_compression decompress_kind(const struct decompress *d)
{
	return d->kind;
}

static int next_plain(struct decompress *d, const uint8_t **ret, struct err *e)
{
	int r;

	if (d->left == 0) {
		r = refill(d, e);
		if (r <= 0)
			return r;
	}
	*ret = d->next;
	r = (int)d->left;
	d->left = 0;
	return r;
}

/* One step of the codec.  Returns 1 to go on, 0 at the end of everything. */
static int advance(struct decompress *d, struct codec_io *io, struct err *e)
{
	size_t room = io->out_len;
	int r;

	if (d->left == 0) {
		r = refill(d, e);
		if (r < 0)
			return r;
	}
	/* At the end of input a codec may still hold output; it is asked until it gives none. */
	if (d->left == 0 && !d->inside)
		return 0;
	io->in = d->next;
	io->in_len = d->left;
	if (!d->inside)
		d->codec->reset(d->state);
	r = d->codec->step(d->state, io, e);
	if (r < 0)
		return err_wrap(e, r, "%s stream", d->codec->name);
	d->inside = r == CODEC_MORE;
	if (d->inside && io->in_len == d->left && io->out_len == room) {
		if (d->at_end || d->left == IN_SIZE)
			return err_set(e, EBADMSG, "%s stream: truncated", d->codec->name);
		r = refill(d, e);
		return r < 0 ? r : 1;
	}
	d->next = io->in;
	d->left = io->in_len;
	return 1;
}

int decompress_fill(struct decompress *d, uint8_t *buf, size_t size, struct err *e)
{
	struct codec_io io = { .out = buf, .out_len = size < INT_MAX ? size : INT_MAX };
	const size_t room = io.out_len;
	const uint8_t *plain;
	int r = 1;

	if (!d->codec) {
		assert(size >= IN_SIZE);
		r = next_plain(d, &plain, e);
		if (r > 0)
			memcpy(buf, plain, (size_t)r);
		return r;
	}
	while (r > 0 && io.out_len)
		r = advance(d, &io, e);
	return r < 0 ? r : (int)(room - io.out_len);
}

int decompress_next(struct decompress *d, const uint8_t **ret, struct err *e)
{
	int r;

	if (!d->codec)
		return next_plain(d, ret, e);
	r = decompress_fill(d, d->out, OUT_SIZE, e);
	*ret = d->out;
	return r;
}
