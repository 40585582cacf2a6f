/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "libutil/alloc.h"
#include "libutil/digest.h"
#include "libutil/strbuf.h"

/* ---- Part of a file ---- */

struct file_stream {
	struct blob_stream s; /* first: the functions cast */
	int fd;
	off_t start;
	int64_t len, at;
};

static int file_read(struct blob_stream *s, void *buf, size_t size, struct err *e)
{
	struct file_stream *f = (struct file_stream *)s;
	int r = interrupt_check(e);
	ssize_t n;

	if (r < 0)
		return r;
	if ((int64_t)size > f->len - f->at)
		size = (size_t)(f->len - f->at);
	if (size == 0)
		return 0;
	do
		n = pread(f->fd, buf, size, f->start + f->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read");
	if (n == 0)
		return err_set(e, IMAGE_EVERIFY, "the file is cut short");
	f->at += n;
	return (int)n;
}

static int file_seek(struct blob_stream *s, int64_t offset, struct err *e)
{
	struct file_stream *f = (struct file_stream *)s;

	if (offset < 0 || offset > f->len)
		return err_set(e, EINVAL, "there is no byte %lld", (long long)offset);
	f->at = offset;
	return 0;
}

static void file_free(struct blob_stream *s)
{
	(void)close(((struct file_stream *)s)->fd);
	free(s);
}

struct blob_stream *stream_of_fd(int fd, off_t start, int64_t len)
{
	struct file_stream *f = xcalloc(1, sizeof(*f));

	*f = (struct file_stream){ { file_read, file_seek, file_free }, fd, start, len, 0 };
	return &f->s;
}

/* ---- Memory ---- */

struct text_stream {
	struct blob_stream s; /* first: the functions cast */
	char *text;
	size_t len, at;
};

static int text_read(struct blob_stream *s, void *buf, size_t size, struct err *e UNUSED)
{
	struct text_stream *t = (struct text_stream *)s;

	if (size > t->len - t->at)
		size = t->len - t->at;
	memcpy(buf, t->text + t->at, size);
	t->at += size;
	return (int)size;
}

static int text_seek(struct blob_stream *s, int64_t offset, struct err *e)
{
	struct text_stream *t = (struct text_stream *)s;

	if (offset < 0 || (uint64_t)offset > t->len)
		return err_set(e, EINVAL, "there is no byte %lld", (long long)offset);
	t->at = (size_t)offset;
	return 0;
}

static void text_free(struct blob_stream *s)
{
	free(((struct text_stream *)s)->text);
	free(s);
}

struct blob_stream *stream_of_text(char *text, size_t len)
{
	struct text_stream *t = xcalloc(1, sizeof(*t));

	*t = (struct text_stream){ { text_read, text_seek, text_free }, text, len, 0 };
	return &t->s;
}

/* ---- Checked ---- */

struct checked_stream {
	struct blob_stream s; /* first: the functions cast */
	struct blob_stream *from;
	const struct image_descriptor *desc;
	struct digest *hash;
	int64_t at;
	bool ended;
};

static struct digest *hash_for(const struct image_descriptor *desc)
{
	return digest_new(starts_with(desc->digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256);
}

static int check_end(struct checked_stream *c, struct err *e)
{
	char found[DIGEST_TEXT_SIZE];

	if (c->ended)
		return 0;
	if (c->desc->size.set && c->at != c->desc->size.v)
		return err_set(e, IMAGE_EVERIFY, "blob %s has %lld bytes, it should have %lld",
			       c->desc->digest, (long long)c->at, (long long)c->desc->size.v);
	digest_final(c->hash, found);
	c->ended = true;
	if (!streq(found, c->desc->digest))
		return err_set(e, IMAGE_EVERIFY, "blob %s has another content: its digest is %s",
			       c->desc->digest, found);
	return 0;
}

static int checked_read(struct blob_stream *s, void *buf, size_t size, struct err *e)
{
	struct checked_stream *c = (struct checked_stream *)s;
	int r = c->from->read(c->from, buf, size, e);

	if (r < 0)
		return r;
	if (r == 0)
		return check_end(c, e);
	c->at += r;
	if (c->desc->size.set && c->at > c->desc->size.v)
		return err_set(e, IMAGE_EVERIFY,
			       "blob %s is longer than the %lld bytes it should have",
			       c->desc->digest, (long long)c->desc->size.v);
	digest_update(c->hash, buf, (size_t)r);
	return r;
}

/* From the first byte, so that the check still covers all of it. */
static int checked_restart(struct checked_stream *c, struct err *e)
{
	int r = c->from->seek(c->from, 0, e);

	if (r < 0)
		return r;
	digest_free(c->hash);
	c->hash = hash_for(c->desc);
	c->at = 0;
	c->ended = false;
	return 0;
}

static int checked_seek(struct blob_stream *s, int64_t offset, struct err *e)
{
	struct checked_stream *c = (struct checked_stream *)s;
	char skipped[16 << 10];
	int r = 0;

	if (offset < c->at || c->ended)
		r = checked_restart(c, e);
	while (r >= 0 && c->at < offset) {
		int64_t left = offset - c->at;

		r = checked_read(s, skipped,
				 left < (int64_t)sizeof(skipped) ? (size_t)left : sizeof(skipped),
				 e);
		if (r == 0)
			return err_set(e, EINVAL, "there is no byte %lld", (long long)offset);
	}
	return r < 0 ? r : 0;
}

static void checked_free(struct blob_stream *s)
{
	struct checked_stream *c = (struct checked_stream *)s;

	blob_stream_free(c->from);
	digest_free(c->hash);
	free(c);
}

struct blob_stream *stream_checked(struct blob_stream *from, const struct image_descriptor *desc)
{
	struct checked_stream *c = xcalloc(1, sizeof(*c));

	c->s = (struct blob_stream){ checked_read, checked_seek, checked_free };
	c->from = from;
	c->desc = desc;
	c->hash = hash_for(desc);
	return &c->s;
}

int stream_read_all(struct blob_stream *s, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = max + 1 };
	char buf[16 << 10];
	int r;

	while ((r = s->read(s, buf, sizeof(buf), e)) > 0) {
		if ((size_t)r > max - text.len)
			return err_set(e, EFBIG, "the document is larger than %zu bytes", max);
		strbuf_add(&text, buf, (size_t)r);
	}
	if (r < 0)
		return r;
	*ret_len = text.len;
	*ret = text.len ? strbuf_steal(&text) : xstrdup("");
	return 0;
}
