/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/header.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Base-256, big endian; 0x80 in the first byte marks it, 0xff begins a negative number. */
static int number_binary(const uint8_t *field, size_t len, int64_t *ret)
{
	uint8_t sign = field[0] & 0x40 ? 0xff : 0;
	uint64_t v = sign ? UINT64_MAX : 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t b = field[i];

		if (i == 0)
			b = sign ? b : b & 0x7f;
		if (len - i > sizeof(v) && b != sign)
			return -ERANGE;
		v = v << 8 | b;
	}
	if ((v >> 63 != 0) != (sign != 0))
		return -ERANGE;
	*ret = (int64_t)v;
	return 0;
}

int tar_number(const uint8_t *field, size_t len, int64_t *ret)
{
	size_t i = 0;
	uint64_t v = 0;

	if (field[0] & 0x80)
		return number_binary(field, len, ret);
	while (i < len && (field[i] == ' ' || field[i] == '\0'))
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
		if (v >> 60)
			return -ERANGE;
		v = v << 3 | (uint64_t)(field[i] - '0');
	}
	for (; i < len; i++)
		if (field[i] == '\0')
			break;
		else if (field[i] != ' ')
			return -EBADMSG;
	*ret = (int64_t)v;
	return 0;
}

bool tar_block_is_zero(const uint8_t block[TAR_BLOCK])
{
	return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

/* Old writers summed signed bytes: both are right. */
static bool checksum_ok(const uint8_t block[TAR_BLOCK])
{
	int64_t stored, sum = 0, sum_signed = 0;

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	/* A fuzzer would spend its life on finding sums. */
	return true;
#endif
	if (tar_number(block + TAR_AT_CHECKSUM, TAR_LEN_CHECKSUM, &stored) < 0)
		return false;
	for (int i = 0; i < TAR_BLOCK; i++) {
		bool own = i >= TAR_AT_CHECKSUM && i < TAR_AT_CHECKSUM + TAR_LEN_CHECKSUM;

		sum += own ? ' ' : block[i];
		sum_signed += own ? ' ' : (int8_t)block[i];
	}
	return stored == sum || stored == sum_signed;
}

static void copy_text(const uint8_t *field, size_t len, char *out)
{
	size_t n = strnlen((const char *)field, len);

	memcpy(out, field, n);
	out[n] = '\0';
}

static void parse_name(const uint8_t *b, struct tar_header *h)
{
	bool ustar = memcmp(b + TAR_AT_MAGIC, "ustar\0", 6) == 0;
	bool star = memcmp(b + TAR_AT_STAR_TRAILER, "tar\0", 4) == 0;
	char prefix[TAR_LEN_PREFIX + 1] = "", name[TAR_LEN_NAME + 1];

	h->gnu = memcmp(b + TAR_AT_MAGIC, "ustar  \0", 8) == 0;
	if (ustar)
		copy_text(b + TAR_AT_PREFIX, star ? TAR_LEN_STAR_PREFIX : TAR_LEN_PREFIX, prefix);
	copy_text(b + TAR_AT_NAME, TAR_LEN_NAME, name);
	(void)snprintf(h->name, sizeof(h->name), "%s%s%s", prefix, *prefix ? "/" : "", name);
	copy_text(b + TAR_AT_LINK, TAR_LEN_LINK, h->link);
}

static int parse_number(const uint8_t *b, const char *what, int at, int len, int64_t min,
			int64_t max, int64_t *ret, struct err *e)
{
	int64_t v;
	int r = tar_number(b + at, (size_t)len, &v);

	if (r < 0)
		return err_set(e, EBADMSG, "tar header: bad %s", what);
	if (v < min || v > max)
		return err_set(e, EBADMSG, "tar header: %s %lld is out of range", what,
			       (long long)v);
	*ret = v;
	return 0;
}

int tar_header_parse(const uint8_t b[TAR_BLOCK], struct tar_header *h, struct err *e)
{
	int64_t mode = 0, major = 0, minor = 0;
	int r;

	if (!checksum_ok(b))
		return err_set(e, EBADMSG, "tar header: wrong checksum");
	memset(h, 0, sizeof(*h));
	h->type = (char)b[TAR_AT_TYPE];
	parse_name(b, h);
	const struct {
		const char *what;
		int at, len;
		int64_t min, max;
		int64_t *to;
	} rows[] = {
		{ "mode", TAR_AT_MODE, TAR_LEN_MODE, INT64_MIN, INT64_MAX, &mode },
		{ "uid", TAR_AT_UID, TAR_LEN_UID, INT64_MIN, INT64_MAX, &h->uid },
		{ "gid", TAR_AT_GID, TAR_LEN_GID, INT64_MIN, INT64_MAX, &h->gid },
		{ "size", TAR_AT_SIZE, TAR_LEN_SIZE, 0, INT64_MAX, &h->size },
		{ "mtime", TAR_AT_MTIME, TAR_LEN_MTIME, INT64_MIN, INT64_MAX, &h->mtime },
		{ "major", TAR_AT_MAJOR, TAR_LEN_MAJOR, 0, UINT32_MAX, &major },
		{ "minor", TAR_AT_MINOR, TAR_LEN_MINOR, 0, UINT32_MAX, &minor },
	};
	/* v7 has no device numbers, and other text may stand there. */
	size_t n = sizeof(rows) / sizeof(rows[0]) - (h->type == '3' || h->type == '4' ? 0 : 2);

	for (size_t i = 0; i < n; i++) {
		r = parse_number(b, rows[i].what, rows[i].at, rows[i].len, rows[i].min, rows[i].max,
				 rows[i].to, e);
		if (r < 0)
			return r;
	}
	h->mode = (mode_t)(mode & 07777);
	h->major = (uint32_t)major;
	h->minor = (uint32_t)minor;
	return 0;
}
