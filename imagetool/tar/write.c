/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/write.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "imagetool/interrupt.h"
#include "imagetool/tar/header.h"
#include "libutil/file.h"

void tar_writer_init(struct tar_writer *w, int fd)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
}

static int flush(struct tar_writer *w, struct err *e)
{
	int r = interrupt_check(e);

	if (r >= 0)
		r = file_write_all(w->fd, w->buffer, w->used, e);
	w->used = 0;
	return r;
}

static int put(struct tar_writer *w, const void *data, size_t len, struct err *e)
{
	const unsigned char *p = data;

	while (len) {
		size_t n = sizeof(w->buffer) - w->used;
		int r;

		if (n > len)
			n = len;
		memcpy(w->buffer + w->used, p, n);
		w->used += n;
		p += n;
		len -= n;
		if (w->used < sizeof(w->buffer))
			continue;
		r = flush(w, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_zeros(struct tar_writer *w, size_t len, struct err *e)
{
	static const unsigned char zeros[2 * TAR_BLOCK];

	assert(len <= sizeof(zeros));
	return put(w, zeros, len, e);
}

static void put_octal(unsigned char *field, int len, uint64_t v)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%0*llo", len - 1, (unsigned long long)v);
	memcpy(field, text, (size_t)len);
}

/* Octal while it fits: 11 digits are 8 GiB. GNU's base-256 is what every reader knows beyond. */
static void put_size(unsigned char *field, uint64_t v)
{
	if (v >> 33 == 0) {
		put_octal(field, TAR_LEN_SIZE, v);
		return;
	}
	for (int i = TAR_LEN_SIZE - 1; i >= 0; i--, v >>= 8)
		field[i] = (unsigned char)v;
	field[0] = 0x80;
}

static int put_header(struct tar_writer *w, const char *name, char type, unsigned mode,
		      int64_t size, struct err *e)
{
	unsigned char h[TAR_BLOCK] = { 0 };
	unsigned sum = 0;

	assert(w->left == 0);
	if (strlen(name) > TAR_WRITE_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "archive member '%s': name is too long", name);
	memcpy(h, name, strlen(name));
	put_octal(h + TAR_AT_MODE, TAR_LEN_MODE, mode);
	put_octal(h + TAR_AT_UID, TAR_LEN_UID, 0);
	put_octal(h + TAR_AT_GID, TAR_LEN_GID, 0);
	put_size(h + TAR_AT_SIZE, (uint64_t)size);
	put_octal(h + TAR_AT_MTIME, TAR_LEN_MTIME, 0);
	h[TAR_AT_TYPE] = (unsigned char)type;
	memcpy(h + TAR_AT_MAGIC, "ustar\00000", TAR_LEN_MAGIC);
	put_octal(h + TAR_AT_MAJOR, TAR_LEN_MAJOR, 0);
	put_octal(h + TAR_AT_MINOR, TAR_LEN_MINOR, 0);
	memset(h + TAR_AT_CHECKSUM, ' ', TAR_LEN_CHECKSUM);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += h[i];
	put_octal(h + TAR_AT_CHECKSUM, TAR_LEN_CHECKSUM - 1, sum);
	w->left = size;
	w->padding = (size_t)(-size & (TAR_BLOCK - 1));
	return put(w, h, sizeof(h), e);
}

int tar_write_dir(struct tar_writer *w, const char *name, struct err *e)
{
	return put_header(w, name, '5', 0755, 0, e);
}

int tar_write_file(struct tar_writer *w, const char *name, int64_t size, struct err *e)
{
	return put_header(w, name, '0', 0644, size, e);
}

int tar_write_data(struct tar_writer *w, const void *data, size_t len, struct err *e)
{
	int r;

	if ((int64_t)len > w->left)
		return err_set(e, EIO, "archive member: more data than was announced");
	r = put(w, data, len, e);
	w->left -= (int64_t)len;
	if (r >= 0 && w->left == 0) {
		r = put_zeros(w, w->padding, e);
		w->padding = 0;
	}
	return r;
}

int tar_write_end(struct tar_writer *w, struct err *e)
{
	int r;

	if (w->left)
		return err_set(e, EIO, "archive member: less data than was announced");
	r = put_zeros(w, 2 * (size_t)TAR_BLOCK, e);
	return r < 0 ? r : flush(w, e);
}
