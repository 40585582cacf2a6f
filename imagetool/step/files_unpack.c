/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files_unpack.h"

#include <errno.h>

#include "imagetool/codec/decompress.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/apply.h"
#include "imagetool/layer/layer.h"
#include "libutil/alloc.h"

struct stream {
	struct decompress *from;     /* owned */
	struct layer_budget *budget; /* NULL: no limit, for a look at the beginning */
};

static int read_at(void *ctx, void *buf, size_t size, struct err *e)
{
	return byte_source_read_fd(ctx, buf, size, e);
}

static int next_bytes(void *ctx, const uint8_t **ret, struct err *e)
{
	struct stream *s = ctx;
	int n = decompress_next(s->from, ret, e);
	int r = n > 0 && s->budget ? layer_budget_take_bytes(s->budget, n, e) : 0;

	if (n > 0 && r >= 0)
		r = interrupt_check(e);
	return r < 0 ? r : n;
}

static int next_entry(void *ctx, struct err *e)
{
	struct stream *s = ctx;

	return s->budget ? layer_budget_take_entry(s->budget, e) : 0;
}

static int begin(int *fd, struct stream *s, struct err *e)
{
	if (lseek(*fd, 0, SEEK_SET) < 0)
		return err_sys(e, "seek");
	return decompress_new_archive((struct byte_source){ read_at, fd }, &s->from, e);
}

static struct tar_reader *reader_of(struct stream *s)
{
	return tar_reader_new(
		(struct tar_source){ .next = next_bytes, .ctx = s, .entry = next_entry });
}

int files_is_archive(int fd, struct err *e)
{
	auto_(tar_reader) struct tar_reader *t = NULL;
	struct stream s = { 0 };
	struct err why = { 0 };
	struct tar_entry n;
	int r = begin(&fd, &s, &why);

	if (r >= 0) {
		t = reader_of(&s);
		r = tar_next(t, &n, &why);
	}
	decompress_free(s.from);
	if (r == -ENOTSUP)
		return err_take(e, &why);
	return r == 1;
}

int files_unpack(int fd, int dirfd, const struct files_attrs *attrs, struct layer_budget *budget,
		 struct err *e)
{
	auto_(apply) struct apply *a = apply_new(dirfd);
	auto_(tar_reader) struct tar_reader *t = NULL;
	struct layer_budget own = { 0 };
	struct stream s = { .budget = budget ? budget : &own };
	int r = begin(&fd, &s, e);

	layer_budget_init(&own, 0, 0);
	apply_set_keep_root(a);
	if (attrs->has_owner)
		apply_set_owner(a, attrs->uid, attrs->gid);
	if (r >= 0) {
		t = reader_of(&s);
		r = apply_layer(a, t, e);
	}
	decompress_free(s.from);
	return r;
}
