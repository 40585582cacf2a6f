/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes out is hashed, each byte once whatever has to be sent again.  The last
 * bytes leave only when the digest is right: a damaged file in a store never
 * becomes a blob of a registry.
 */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/registry/upload_internal.h"
#include "libutil/alloc.h"

#define CATCH_UP_BUFFER ((size_t)256 << 10)

static int check_digest(struct shipment *s, struct err *e)
{
	char found[DIGEST_TEXT_SIZE];

	digest_final(s->hash, found);
	digest_free(s->hash);
	s->hash = NULL;
	if (!streq(found, s->item->digest))
		return err_set(e, IMAGE_EVERIFY, "its content is damaged: the digest is %s", found);
	s->verified = true;
	return 0;
}

/* Bytes that lie at s->position; those that were hashed before are not again. */
static int hash_part(struct shipment *s, const char *data, int64_t len, struct err *e)
{
	int64_t known = s->hashed - s->position;

	s->position += len;
	if (s->verified || known >= len)
		return 0;
	digest_update(s->hash, data + known, (size_t)(len - known));
	s->hashed = s->position;
	return s->hashed == s->item->size ? check_digest(s, e) : 0;
}

static int seek_to(struct shipment *s, int64_t offset, struct err *e)
{
	int r = s->item->reader.seek(s->item->reader.ctx, offset, e);

	if (r >= 0)
		s->position = offset;
	return r;
}

/* What an earlier run sent counts for the digest. */
static int catch_up(struct shipment *s, int64_t offset, struct err *e)
{
	autofree char *buf = xcalloc(CATCH_UP_BUFFER, 1);
	int r = seek_to(s, s->hashed, e);

	while (r >= 0 && s->position < offset) {
		int64_t left = offset - s->position;
		ssize_t n = s->item->reader.read(
			s->item->reader.ctx, buf,
			left < (int64_t)CATCH_UP_BUFFER ? (size_t)left : CATCH_UP_BUFFER, e);

		if (n == 0)
			return err_set(e, IMAGE_EVERIFY, "it is shorter than %lld bytes",
				       (long long)s->item->size);
		r = n < 0 ? (int)n : hash_part(s, buf, n, e);
	}
	return r;
}

static int payload_seek(void *ctx, int64_t offset, struct err *e)
{
	struct shipment *s = ctx;
	int64_t at = s->arrived + offset;

	if (!s->hash && !s->verified) {
		s->hash = digest_new(starts_with(s->item->digest, "sha512:") ? DIGEST_SHA512
									     : DIGEST_SHA256);
		s->hashed = 0;
	}
	if (!s->verified && s->hashed < at)
		return catch_up(s, at, e);
	return seek_to(s, at, e);
}

static ssize_t payload_read(void *ctx, void *buf, size_t len, struct err *e)
{
	struct shipment *s = ctx;
	ssize_t n = s->item->reader.read(s->item->reader.ctx, buf, len, e);
	int r;

	if (n == 0)
		return err_set(e, IMAGE_EVERIFY, "it is shorter than %lld bytes",
			       (long long)s->item->size);
	if (n < 0)
		return n;
	r = hash_part(s, buf, n, e);
	if (r < 0)
		return r;
	s->item->sent = s->position;
	s->item->travelled += n;
	return n;
}

void shipment_set_payload(struct shipment *s)
{
	s->payload = (struct http_payload){
		.len = s->part,
		.read = payload_read,
		.seek = payload_seek,
		.ctx = s,
	};
	s->transfer.payload = &s->payload;
}

void shipment_body_done(struct shipment *s)
{
	if (s->item->reader.close)
		s->item->reader.close(s->item->reader.ctx);
	digest_free(s->hash);
	s->hash = NULL;
}
