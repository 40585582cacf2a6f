/* SPDX-License-Identifier: Apache-2.0 */
/* A layer blob as far as its entries: decompressed, walked, nothing written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/codec/decompress.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/tar/read.h"

/* A small input may stand for gigabytes: that is not what is looked for here. */
#define OUTPUT_MAX ((size_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
	struct decompress *decompress;
	size_t output;
};

static int read_input(void *ctx, void *buf, size_t size, struct err *e)
{
	struct input *in = ctx;
	size_t n = in->left < size ? in->left : size;

	(void)e;
	memcpy(buf, in->data, n);
	in->data += n;
	in->left -= n;
	return (int)n;
}

static int next_piece(void *ctx, const uint8_t **ret, struct err *e)
{
	struct input *in = ctx;
	int r = in->output > OUTPUT_MAX ? 0 : decompress_next(in->decompress, ret, e);

	if (r > 0)
		in->output += (size_t)r;
	return r;
}

/* Pieces ascend and stay inside the file. */
static int check_data(struct tar_reader *t, const struct tar_entry *n)
{
	const uint8_t *data;
	int64_t offset, end = 0;
	size_t len;
	int r;

	while ((r = tar_data(t, &data, &len, &offset, NULL)) > 0) {
		if (len == 0 || offset < end || offset + (int64_t)len > n->size)
			abort();
		end = offset + (int64_t)len;
	}
	if (end && n->type != TAR_FILE)
		abort();
	return r;
}

static void check_entry(const struct tar_entry *n)
{
	struct entry_path p;
	enum whiteout kind;

	if (n->mode > 07777 || n->size < 0 || n->size > TAR_SIZE_MAX || n->mtime.tv_nsec < 0 ||
	    n->mtime.tv_nsec >= 1000000000 || n->n_xattrs > TAR_XATTRS_MAX)
		abort();
	for (size_t i = 0; i < n->n_xattrs; i++)
		if (strlen(n->xattrs[i].name) + n->xattrs[i].len > TAR_EXTENDED_MAX)
			abort();
	if (entry_path_parse(n->name, &p, NULL) < 0)
		return;
	if (p.len >= PATH_MAX || p.text[0] == '/' || strlen(p.text) != p.len ||
	    strstr(p.text, "/../"))
		abort();
	if (p.len && whiteout_parse(&p, &kind, NULL) >= 0 && kind == WHITEOUT_REMOVE &&
	    (!*whiteout_target(&p) || strchr(whiteout_target(&p), '/')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	auto_(decompress) struct decompress *d = NULL;
	auto_(tar_reader) struct tar_reader *t = NULL;
	struct tar_entry n;
	struct err e = { 0 };
	int r = decompress_new((struct byte_source){ read_input, &in }, &d, &e);

	in.decompress = d;
	if (r < 0)
		abort();
	t = tar_reader_new((struct tar_source){ .next = next_piece, .ctx = &in });
	while ((r = tar_next(t, &n, &e)) > 0) {
		check_entry(&n);
		/* Odd entries are passed over unread. */
		if (n.mode % 2 == 0 && check_data(t, &n) < 0)
			return 0;
	}
	if (r < 0 && !e.code)
		abort();
	if (r == 0)
		(void)tar_drain(t, &e);
	return 0;
}
