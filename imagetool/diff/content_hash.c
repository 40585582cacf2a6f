/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/content_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/diff/file_pieces.h"
#include "libutil/beneath.h"

static void add_zeros(struct content_hash *h, int64_t len)
{
	static const uint8_t zeros[4096];

	h->at += len;
	while (len > 0) {
		size_t n = len < (int64_t)sizeof(zeros) ? (size_t)len : sizeof(zeros);

		digest_update(h->digest, zeros, n);
		len -= (int64_t)n;
	}
}

void content_hash_begin(struct content_hash *h)
{
	h->digest = digest_new(DIGEST_SHA256);
	h->at = 0;
}

void content_hash_add(struct content_hash *h, int64_t offset, const void *data, size_t len)
{
	add_zeros(h, offset - h->at);
	digest_update(h->digest, data, len);
	h->at += (int64_t)len;
}

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void content_hash_end(struct content_hash *h, int64_t size, uint8_t ret[FTREE_HASH_SIZE])
{
	char text[DIGEST_TEXT_SIZE];
	const char *hex = text + strlen("sha256:");

	add_zeros(h, size - h->at);
	digest_final(h->digest, text);
	digest_free(h->digest);
	for (int i = 0; i < FTREE_HASH_SIZE; i++, hex += 2)
		ret[i] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
}

static int add_piece(void *ctx, int64_t offset, const void *data, size_t len, struct err *e UNUSED)
{
	content_hash_add(ctx, offset, data, len);
	return 0;
}

int content_hash_fd(int fd, uint8_t ret[FTREE_HASH_SIZE], struct err *e)
{
	struct content_hash h;
	int64_t size = 0;
	int r;

	content_hash_begin(&h);
	r = file_pieces(fd, INT64_MAX, add_piece, &h, &size, e);
	content_hash_end(&h, r < 0 ? h.at : size, ret);
	return r;
}

int content_hash_beneath(int rootfd, const char *path, uint8_t ret[FTREE_HASH_SIZE], struct err *e)
{
	autofd int fd = beneath_open(rootfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
				     BENEATH_STRICT, e);

	return fd < 0 ? fd : content_hash_fd(fd, ret, e);
}
