/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar header states a size before the data.  A layer that is not compressed tells it
 * by its descriptor.  Of others the file is read twice, once to count; what comes from
 * a registry passes once, into a file without a name.
 */
#include "imagetool/copy/docker_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/archive/file.h"
#include "imagetool/layer/layer.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

#define COPY_SIZE ((size_t)256 << 10)

struct passing {
	struct image_target *t; /* NULL: bytes are not counted */
	struct blob_stream *stream;
};

static int read_stream(void *ctx, void *buf, size_t size, struct err *e)
{
	struct passing *p = ctx;
	int r = p->stream->read(p->stream, buf, size, e);

	if (r > 0 && p->t) {
		p->t->tally.bytes += r;
		p->t->tally.current += r;
		if (p->t->tally.tick)
			p->t->tally.tick(p->t->tally.ctx, &p->t->tally);
	}
	return r;
}

typedef int layer_fn(void *ctx, const uint8_t *data, size_t len, struct err *e);

/* Hands out the uncompressed bytes, checked at the end. */
static int unpack(struct passing *p, const struct image_descriptor *desc, const char *diff_id,
		  layer_fn *fn, void *ctx, struct err *e)
{
	auto_(layer_stream) struct layer_stream *layer = NULL;
	struct tar_source source;
	const uint8_t *data;
	int r = layer_stream_new((struct byte_source){ read_stream, p }, desc, diff_id, &layer, e);

	if (r < 0)
		return r;
	source = layer_stream_source(layer);
	while ((r = source.next(source.ctx, &data, e)) > 0) {
		r = fn(ctx, data, (size_t)r, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : layer_stream_verify(layer, NULL, e);
}

static int count(void *ctx, const uint8_t *data UNUSED, size_t len, struct err *e UNUSED)
{
	*(int64_t *)ctx += (int64_t)len;
	return 0;
}

static int to_sink(void *ctx, const uint8_t *data, size_t len, struct err *e)
{
	struct sink *to = ctx;

	return to->data(to, data, len, e);
}

static int to_file(void *ctx, const uint8_t *data, size_t len, struct err *e)
{
	return file_write_all(*(int *)ctx, data, len, e);
}

static int write_twice(struct passing *p, const struct image_descriptor *desc, const char *diff_id,
		       const char *name, struct sink *to, struct err *e)
{
	struct passing quiet = { .stream = p->stream };
	int64_t size = desc->size.v;
	enum layer_compression kind = LAYER_GZIP;
	int r = 0;

	(void)media_type_parse(desc->media_type, &kind, NULL);
	if (kind != LAYER_PLAIN || !desc->size.set) {
		size = 0;
		r = unpack(&quiet, desc, diff_id, count, &size, e);
		if (r >= 0)
			r = p->stream->seek(p->stream, 0, e);
	}
	if (r >= 0)
		r = to->file(to, name, size, e);
	return r < 0 ? r : unpack(p, desc, diff_id, to_sink, to, e);
}

static int copy_file(int fd, struct sink *to, struct err *e)
{
	autofree char *buf = xcalloc(COPY_SIZE, 1);
	int r = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read the layer again");
	while (r >= 0 && (r = byte_source_read_fd(&fd, buf, COPY_SIZE, e)) > 0)
		r = to->data(to, buf, (size_t)r, e);
	return r;
}

static int write_spooled(struct passing *p, const struct image_descriptor *desc,
			 const char *diff_id, const char *name, struct sink *to, struct err *e)
{
	autofd int fd = archive_spool(e);
	off_t size;
	int r = fd < 0 ? fd : unpack(p, desc, diff_id, to_file, &fd, e);

	if (r < 0)
		return r;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return err_sys(e, "measure the layer");
	r = to->file(to, name, size, e);
	return r < 0 ? r : copy_file(fd, to, e);
}

int docker_layer_write(struct image_target *t, struct image_source *from,
		       const struct image_descriptor *desc, const char *diff_id, const char *name,
		       struct sink *to, struct err *e)
{
	auto_(blob_stream) struct blob_stream *stream = NULL;
	enum layer_compression kind = LAYER_GZIP;
	struct passing p = { .t = t };
	int r = source_blob(from, desc, &stream, e);

	if (r < 0)
		return r;
	p.stream = stream;
	t->tally.current = 0;
	t->tally.current_size = desc->size.v;
	(void)media_type_parse(desc->media_type, &kind, NULL);
	return from->registry && kind != LAYER_PLAIN ? write_spooled(&p, desc, diff_id, name, to, e)
						     : write_twice(&p, desc, diff_id, name, to, e);
}
