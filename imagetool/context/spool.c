/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream into a directory of STORE/tmp; whatever it says, nothing comes to lie outside. */
#include "imagetool/context/internal.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/apply.h"
#include "libutil/dir.h"

struct stream {
	struct decompress *from;
	struct layer_budget *budget;
};

static int next_bytes(void *ctx, const uint8_t **ret, struct err *e)
{
	struct stream *s = ctx;
	int n = decompress_next(s->from, ret, e);
	int r = n > 0 ? layer_budget_take_bytes(s->budget, n, e) : 0;

	if (n > 0 && r >= 0)
		r = interrupt_check(e);
	return r < 0 ? r : n;
}

static int next_entry(void *ctx, struct err *e)
{
	struct stream *s = ctx;

	return layer_budget_take_entry(s->budget, e);
}

static int unpack(int rootfd, struct byte_source from, struct layer_budget *budget, struct err *e)
{
	auto_(decompress) struct decompress *d = NULL;
	auto_(apply) struct apply *a = apply_new(rootfd);
	auto_(tar_reader) struct tar_reader *t = NULL;
	struct stream s = { .budget = budget };
	int r = decompress_new_archive(from, &d, e);

	if (r < 0)
		return r;
	s.from = d;
	t = tar_reader_new(
		(struct tar_source){ .next = next_bytes, .ctx = &s, .entry = next_entry });
	r = apply_layer(a, t, e);
	return r < 0 ? r : tar_drain(t, e);
}

int spool_tar(struct scratch *s, const struct store *store, struct byte_source from,
	      struct layer_budget *budget, struct err *e)
{
	autofd int fd = -1;
	int r = scratch_make(store, "context-", s, e);

	if (r < 0)
		return r;
	/* The root below stays closed to others whatever mode the stream gives its own. */
	fd = scratch_dir(s, "root", 0755, e);
	if (fd < 0)
		return fd;
	r = unpack(fd, from, budget, e);
	return r < 0 ? r : steal_fd(&fd);
}
