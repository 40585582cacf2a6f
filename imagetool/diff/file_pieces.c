/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/file_pieces.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/interrupt.h"
#include "libutil/alloc.h"

#define READ_SIZE ((size_t)128 << 10)
#define BLOCK     512 /* of st_blocks */

/* The end of the data that begins at *at, which is moved there over a hole.  A file without holes,
 * or a file system that tells of none, is one piece. */
static int next_data(int fd, bool holes, int64_t max, int64_t *at, int64_t *end)
{
	off_t from, to;

	*end = max;
	if (!holes)
		return 1;
	from = lseek(fd, *at, SEEK_DATA);
	if (from < 0)
		/* ENXIO: only a hole is left; others: not supported. */
		return errno == ENXIO ? 0 : 1;
	if (from >= max)
		return 0;
	to = lseek(fd, from, SEEK_HOLE);
	*at = from;
	if (to > from && to < max)
		*end = to;
	return 1;
}

/* Returns 1 when the file goes on behind `end`, 0 at its end. */
static int read_range(int fd, char *buf, int64_t *at, int64_t end, file_piece_fn *fn, void *ctx,
		      struct err *e)
{
	while (*at < end) {
		size_t want = end - *at < (int64_t)READ_SIZE ? (size_t)(end - *at) : READ_SIZE;
		ssize_t n = pread(fd, buf, want, *at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			return 0;
		r = interrupt_check(e);
		if (r >= 0)
			r = fn(ctx, *at, buf, (size_t)n, e);
		if (r < 0)
			return r;
		*at += n;
	}
	return 1;
}

int file_pieces(int fd, int64_t max, file_piece_fn *fn, void *ctx, int64_t *ret_size, struct err *e)
{
	autofree char *buf = xreallocarray(NULL, READ_SIZE, 1);
	int64_t at = 0, end;
	struct stat st;
	bool holes;
	int r = 1;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	holes = (int64_t)st.st_blocks * BLOCK < st.st_size;
	while (r > 0 && at < max && next_data(fd, holes, max, &at, &end))
		r = read_range(fd, buf, &at, end, fn, ctx, e);
	if (r < 0)
		return r;
	/* A hole at the end is as long as the file was. */
	*ret_size = at;
	if (r > 0 && holes && at < st.st_size)
		*ret_size = st.st_size < max ? st.st_size : max;
	return 0;
}
