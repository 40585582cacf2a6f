/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/retime.h"

#include "imagetool/commit/layer_blob.h"
#include "imagetool/layer/layer.h"
#include "imagetool/tar/pass.h"
#include "libutil/alloc.h"

static int pass_entries(struct tar_reader *t, struct tar_writer *w, struct err *e)
{
	struct tar_entry n;
	int r;

	while ((r = tar_next(t, &n, e)) > 0) {
		/* Holes are written out, as in every layer. */
		n.sparse = false;
		r = tar_write_entry(w, &n, e);
		if (r >= 0 && n.type == TAR_FILE)
			r = tar_pass_content(t, n.size, w, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : tar_write_end(w, e);
}

static int pass(struct layer_stream *from, struct byte_sink to, int64_t latest, struct err *e)
{
	auto_(tar_reader) struct tar_reader *t = tar_reader_new(layer_stream_source(from));
	autofree struct tar_writer *w = xcalloc(1, sizeof(*w));
	int r;

	tar_writer_init_sink(w, to);
	w->has_latest = true;
	w->latest = latest;
	r = pass_entries(t, w, e);
	if (r >= 0)
		r = tar_drain(t, e);
	return r < 0 ? r : layer_stream_verify(from, NULL, e);
}

int retime_layer(struct store *s, const struct image_descriptor *desc, const char *diff_id,
		 int64_t latest, const struct compress_opts *opts, struct compress_result *ret,
		 struct err *e)
{
	auto_(layer_stream) struct layer_stream *from = NULL;
	auto_(layer_blob) struct layer_blob to = { 0 };
	autofd int fd = blob_open(s, desc->digest, NULL, e);
	int r = fd;

	if (r >= 0)
		r = layer_stream_new((struct byte_source){ byte_source_read_fd, &fd }, desc,
				     diff_id, &from, e);
	if (r >= 0)
		r = layer_blob_begin(&to, s, opts, e);
	if (r >= 0)
		r = pass(from, layer_blob_sink(&to), latest, e);
	if (r >= 0)
		r = layer_blob_commit(&to, ret, e);
	return r < 0 ? err_wrap(e, r, "layer %s", desc->digest) : 0;
}
