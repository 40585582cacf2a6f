/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/layer_blob.h"

static int to_blob(void *ctx, const void *data, size_t len, struct err *e)
{
	return blob_write(ctx, data, len, e);
}

int layer_blob_begin(struct layer_blob *l, struct store *s, const struct compress_opts *opts,
		     struct err *e)
{
	int r;

	*l = (struct layer_blob){ 0 };
	r = blob_begin(s, NULL, -1, &l->blob, e);
	return r < 0 ? r
		     : compress_new((struct byte_sink){ to_blob, l->blob }, opts, &l->compress, e);
}

struct byte_sink layer_blob_sink(struct layer_blob *l)
{
	return compress_sink(l->compress);
}

int layer_blob_commit(struct layer_blob *l, struct compress_result *ret, struct err *e)
{
	int r = compress_end(l->compress, ret, e);

	return r < 0 ? r : blob_commit(steal_ptr(&l->blob), NULL, e);
}

void layer_blob_done(struct layer_blob *l)
{
	compress_free(l->compress);
	blob_abort(l->blob);
}
