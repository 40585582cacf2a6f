/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/target_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/interrupt.h"
#include "libutil/alloc.h"

#define PIECE_SIZE ((size_t)256 << 10)

static int (*const opens[])(const struct place *p, const struct target_opts *opts,
			    struct image_target **ret, struct err *e) = {
	[PLACE_REGISTRY] = target_open_registry,
	[PLACE_OCI] = target_open_layout,
	[PLACE_OCI_ARCHIVE] = target_open_oci_archive,
	[PLACE_DOCKER_ARCHIVE] = target_open_docker,
	[PLACE_DIR] = target_open_dir,
	[PLACE_STORE] = target_open_store,
};

int target_open(const struct place *place, const struct target_opts *opts,
		struct image_target **ret, struct err *e)
{
	return opens[place->kind](place, opts, ret, e);
}

bool target_appeared(int r, struct err *e)
{
	if (r != -ENOTEMPTY && r != -EEXIST)
		return false;
	err_clear(e);
	return true;
}

void target_free(struct image_target *t)
{
	if (!t)
		return;
	free(t->name);
	t->name = NULL;
	t->ops->free(t);
}

static void count(struct target_tally *t, int64_t bytes)
{
	t->current += bytes;
	t->bytes += bytes;
	if (t->tick)
		t->tick(t->ctx, t);
}

int target_pass(struct image_target *t, struct image_source *from,
		const struct image_descriptor *desc, target_write_fn *write, void *ctx,
		struct err *e)
{
	auto_(blob_stream) struct blob_stream *stream = NULL;
	autofree char *buf = xcalloc(PIECE_SIZE, 1);
	int r = source_blob(from, desc, &stream, e);

	t->tally.current = 0;
	t->tally.current_size = desc->size.set ? desc->size.v : 0;
	while (r >= 0 && (r = stream->read(stream, buf, PIECE_SIZE, e)) > 0) {
		int n = r;

		r = write(ctx, buf, (size_t)n, e);
		if (r >= 0)
			r = interrupt_check(e);
		count(&t->tally, n);
	}
	return r;
}

static int write_to_sink(void *sink, const void *data, size_t len, struct err *e)
{
	struct sink *to = sink;

	return to->data(to, data, len, e);
}

int target_pass_to_sink(struct image_target *t, struct image_source *from,
			const struct image_descriptor *desc, struct sink *to, struct err *e)
{
	return target_pass(t, from, desc, write_to_sink, to, e);
}

int target_put_once(struct image_target *t, struct digest_set *written, target_put_fn *put,
		    struct image_source *from, const struct image_descriptor *const *items,
		    size_t n, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		t->tally.blobs++;
		if (digest_set_add(written, items[i]->digest))
			r = put(t, from, items[i], e);
		else
			t->tally.present++;
	}
	return r;
}
