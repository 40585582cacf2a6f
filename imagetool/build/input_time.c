/* SPDX-License-Identifier: Apache-2.0 */
/* How old an archive is whose server does not say. */
#include <unistd.h>

#include "imagetool/build/input_fetch.h"
#include "imagetool/codec/decompress.h"
#include "imagetool/layer/layer.h"
#include "imagetool/tar/read.h"

static int next_piece(void *ctx, const uint8_t **ret, struct err *e)
{
	return decompress_next(ctx, ret, e);
}

struct input_time input_archive_time(int fd)
{
	struct byte_source from = { byte_source_read_fd, &fd };
	auto_(decompress) struct decompress *d = NULL;
	auto_(tar_reader) struct tar_reader *tar = NULL;
	struct input_time latest = { 0 };
	struct tar_entry entry;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0 || decompress_new_archive(from, &d, NULL) < 0)
		return latest;
	tar = tar_reader_new((struct tar_source){ .next = next_piece, .ctx = d });
	while ((r = tar_next(tar, &entry, NULL)) > 0)
		if (entry.type == TAR_FILE &&
		    (!latest.is_known || entry.mtime.tv_sec > latest.seconds))
			latest = (struct input_time){ true, entry.mtime.tv_sec };
	return r < 0 ? (struct input_time){ 0 } : latest;
}
