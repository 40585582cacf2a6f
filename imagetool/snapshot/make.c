/* SPDX-License-Identifier: Apache-2.0 */
/* One layer: staged, verified, published or left waiting. */
#include "imagetool/errors.h"
#include "imagetool/snapshot/internal.h"
#include "libutil/alloc.h"

/* The stream may have been opened without saying what it should be. */
static int verify(const struct snapshot_chain *c, size_t i, struct layer_stream *from,
		  struct err *e)
{
	char diff_id[DIGEST_TEXT_SIZE];
	int r = layer_stream_verify(from, diff_id, e);

	if (r >= 0 && !streq(diff_id, c->diff_ids[i]))
		return err_set(e, IMAGE_EVERIFY,
			       "the digest of the uncompressed layer is %s, it should be %s",
			       diff_id, c->diff_ids[i]);
	return r;
}

static int fill(struct snapshots *s, struct view *lower, struct layer_stream *from,
		struct apply_notes *notes, const struct stage *stage, struct snapshot_info *info,
		struct err *e)
{
	auto_(tar_reader) struct tar_reader *t = tar_reader_new(layer_stream_source(from));
	struct snapshot_job job = {
		.dirfd = stage->fd, .trusted = s->trusted, .lower = lower, .notes = notes
	};

	return s->form->make(&job, t, info, e);
}

int make_staged(struct snapshots *s, const struct snapshot_chain *c, size_t i, struct view *lower,
		struct layer_stream *from, struct apply_notes *notes, struct stage *ret_stage,
		struct snapshot_info *ret_info, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	struct stage stage = { .fd = -1 };
	int r = stage_begin(s, &stage, e);

	if (r >= 0)
		r = fill(s, lower, from, notes, &stage, &info, e);
	if (r >= 0)
		r = verify(c, i, from, e);
	if (r < 0) {
		stage_drop(s, &stage);
		return r;
	}
	info.form = xstrdup(s->form->name);
	info.diff_id = xstrdup(c->diff_ids[i]);
	info.boot = xstrdup(s->boot);
	*ret_stage = stage;
	*ret_info = info;
	info = (struct snapshot_info){ 0 };
	return 0;
}

static int make(struct snapshots *s, const struct snapshot_chain *c, size_t i,
		struct layer_stream *from, struct apply_notes *notes, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	char key[SNAPSHOT_KEY_SIZE];
	struct stage stage = { .fd = -1 };
	int r = make_staged(s, c, i, NULL, from, notes, &stage, &info, e);

	if (r < 0)
		return r;
	if (info.implied.n || info.redo) {
		if (info.redo)
			stage_drop(s, &stage);
		pending_add(s, c->ids[i], &stage, &info);
		return 0;
	}
	key_alone(c, i, key);
	r = stage_publish(s, &stage, key, &info, e);
	stage_drop(s, &stage);
	return r;
}

int snapshot_make(struct snapshots *s, const struct snapshot_chain *c, size_t i,
		  struct layer_stream *from, struct apply_notes *notes, struct err *e)
{
	int r;

	layer_stream_set_budget(from, &s->budget);
	r = snapshot_have(s, c, i) ? verify(c, i, from, e) : make(s, c, i, from, notes, e);

	return r < 0 ? err_wrap(e, r, "layer %s", c->layers[i].digest) : 0;
}

int stored_stream(const struct snapshots *s, const struct snapshot_chain *c, size_t i, int *fd,
		  struct layer_stream **ret, struct err *e)
{
	*fd = blob_open(s->store, c->layers[i].digest, NULL, e);
	if (*fd < 0)
		return *fd;
	return layer_stream_new((struct byte_source){ byte_source_read_fd, fd }, &c->layers[i],
				c->diff_ids[i], ret, e);
}

int snapshot_make_stored(struct snapshots *s, const struct snapshot_chain *c, size_t i,
			 struct apply_notes *notes, struct err *e)
{
	auto_(layer_stream) struct layer_stream *from = NULL;
	autofd int fd = -1;
	int r;

	if (snapshot_have(s, c, i))
		return 0;
	r = stored_stream(s, c, i, &fd, &from, e);
	return r < 0 ? err_wrap(e, r, "layer %s", c->layers[i].digest)
		     : snapshot_make(s, c, i, from, notes, e);
}
