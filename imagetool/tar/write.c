/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/write.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "imagetool/interrupt.h"
#include "imagetool/tar/write_header.h"
#include "libutil/file.h"

static int to_fd(void *fd, const void *data, size_t len, struct err *e)
{
	int r = interrupt_check(e);

	return r < 0 ? r : file_write_all(*(int *)fd, data, len, e);
}

void tar_writer_init_sink(struct tar_writer *w, struct byte_sink to)
{
	memset(w, 0, sizeof(*w));
	w->to = to;
}

void tar_writer_init(struct tar_writer *w, int fd)
{
	tar_writer_init_sink(w, (struct byte_sink){ to_fd, &w->fd });
	w->fd = fd;
}

static int flush(struct tar_writer *w, struct err *e)
{
	int r = w->used ? w->to.write(w->to.ctx, w->buffer, w->used, e) : 0;

	w->used = 0;
	return r;
}

/* `data` NULL: zeros. */
static int put(struct tar_writer *w, const void *data, uint64_t len, struct err *e)
{
	const unsigned char *p = data;

	while (len) {
		size_t n = sizeof(w->buffer) - w->used;
		int r;

		if (n > len)
			n = (size_t)len;
		if (p) {
			memcpy(w->buffer + w->used, p, n);
			p += n;
		} else {
			memset(w->buffer + w->used, 0, n);
		}
		w->used += n;
		len -= n;
		if (w->used < sizeof(w->buffer))
			continue;
		r = flush(w, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static void settle_time(const struct tar_writer *w, struct timespec *t)
{
	if (w->has_latest && t->tv_sec >= w->latest)
		*t = (struct timespec){ .tv_sec = w->latest };
	if (!w->exact_times)
		t->tv_nsec = 0;
}

int tar_write_entry(struct tar_writer *w, const struct tar_entry *n, struct err *e)
{
	auto_(strbuf) struct strbuf head = { 0 };
	struct tar_entry settled = *n;
	int r;

	assert(w->left == 0);
	settle_time(w, &settled.mtime);
	r = tar_header_write(&settled, &head, e);
	if (r < 0)
		return r;
	w->left = n->type == TAR_FILE ? n->size : 0;
	w->padding = (size_t)(-w->left & (TAR_BLOCK - 1));
	return put(w, head.data, head.len, e);
}

int tar_write_dir(struct tar_writer *w, const char *name, struct err *e)
{
	return tar_write_entry(
		w, &(struct tar_entry){ .type = TAR_DIR, .name = name, .link = "", .mode = 0755 },
		e);
}

int tar_write_file(struct tar_writer *w, const char *name, int64_t size, struct err *e)
{
	return tar_write_entry(
		w,
		&(struct tar_entry){
			.type = TAR_FILE, .name = name, .link = "", .mode = 0644, .size = size },
		e);
}

static int put_content(struct tar_writer *w, const void *data, uint64_t len, struct err *e)
{
	int r;

	if (len > (uint64_t)w->left)
		return err_set(e, EIO, "archive member: more data than was announced");
	r = put(w, data, len, e);
	w->left -= (int64_t)len;
	if (r >= 0 && w->left == 0) {
		r = put(w, NULL, w->padding, e);
		w->padding = 0;
	}
	return r;
}

int tar_write_data(struct tar_writer *w, const void *data, size_t len, struct err *e)
{
	return put_content(w, data, len, e);
}

int tar_write_zeros(struct tar_writer *w, int64_t len, struct err *e)
{
	assert(len >= 0);
	return put_content(w, NULL, (uint64_t)len, e);
}

int tar_write_end(struct tar_writer *w, struct err *e)
{
	int r;

	if (w->left)
		return err_set(e, EIO, "archive member: less data than was announced");
	r = put(w, NULL, 2 * (uint64_t)TAR_BLOCK, e);
	return r < 0 ? r : flush(w, e);
}
