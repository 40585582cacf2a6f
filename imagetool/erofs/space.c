/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/space.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/file.h"

void space_init(struct space *s, int fd)
{
	*s = (struct space){ .fd = fd, .end = EROFS_BLOCK };
	s->buf = xcalloc(1, SPACE_WINDOW);
}

void space_done(struct space *s)
{
	free(s->buf);
	s->buf = NULL;
}

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static int write_at(const struct space *s, const uint8_t *data, size_t len, uint64_t at,
		    struct err *e)
{
	int r = file_pwrite_all(s->fd, data, len, (int64_t)at, e);

	return r < 0 ? err_wrap(e, r, "the EROFS image") : 0;
}

/* The next window begins at the end.  Open blocks stay behind. */
static int next_window(struct space *s, struct err *e)
{
	uint64_t filled = s->end - s->window;
	size_t len = filled < SPACE_WINDOW ? (size_t)filled : SPACE_WINDOW;
	int r = write_at(s, s->buf, len, s->window, e);

	if (r < 0)
		return r;
	memset(s->buf, 0, len);
	memset(s->open, 0, sizeof(s->open));
	s->window = s->end;
	return 0;
}

int space_blocks(struct space *s, uint64_t bytes, uint64_t *ret, struct err *e)
{
	uint64_t size = round_up(bytes, EROFS_BLOCK);
	int r;

	if (bytes > EROFS_BLOCKS_MAX << EROFS_BLOCK_BITS ||
	    (s->end + size) >> EROFS_BLOCK_BITS > EROFS_BLOCKS_MAX)
		return err_set(e, EFBIG, "the layer's files are more than EROFS has addresses for");
	/* What is larger than the window begins a window, and is written around it. */
	if (s->end - s->window + size > SPACE_WINDOW) {
		r = next_window(s, e);
		if (r < 0)
			return r;
	}
	*ret = s->end;
	s->end += size;
	return 0;
}

int space_write(struct space *s, uint64_t at, const void *data, size_t len, struct err *e)
{
	const uint8_t *from = data;
	size_t inside;

	if (at < s->window) {
		size_t before = s->window - at < len ? (size_t)(s->window - at) : len;
		int r = write_at(s, from, before, at, e);

		if (r < 0 || before == len)
			return r;
		at += before;
		from += before;
		len -= before;
	}
	if (at - s->window >= SPACE_WINDOW)
		return write_at(s, from, len, at, e);
	inside = SPACE_WINDOW - (size_t)(at - s->window);
	if (inside > len)
		inside = len;
	memcpy(s->buf + (at - s->window), from, inside);
	return inside < len ? write_at(s, from + inside, len - inside, at + inside, e) : 0;
}

int space_read(const struct space *s, uint64_t at, void *ret, size_t len, struct err *e)
{
	ssize_t n;

	if (at >= s->window && at + len <= s->window + SPACE_WINDOW) {
		memcpy(ret, s->buf + (at - s->window), len);
		return 0;
	}
	n = pread(s->fd, ret, len, (off_t)at);
	if (n < 0)
		return err_sys(e, "read the EROFS image");
	/* Nothing of an image ends in the middle of a field. */
	return (size_t)n == len ? 0 : err_set(e, EIO, "read the EROFS image: it is too short");
}

/* ---- Slots ---- */

static bool fits(const struct space_open *o, size_t len)
{
	return o->at && o->used + len <= EROFS_BLOCK;
}

/* Where it leaves the least. */
static struct space_open *best_fit(struct space *s, size_t len)
{
	struct space_open *best = NULL;

	for (size_t i = 0; i < SPACE_OPEN_MAX; i++)
		if (fits(&s->open[i], len) && (!best || s->open[i].used > best->used))
			best = &s->open[i];
	return best;
}

static void open_block(struct space *s, uint64_t at, size_t used)
{
	struct space_open *fullest = &s->open[0];

	for (size_t i = 0; i < SPACE_OPEN_MAX; i++) {
		if (!s->open[i].at) {
			fullest = &s->open[i];
			break;
		}
		if (s->open[i].used > fullest->used)
			fullest = &s->open[i];
	}
	if (!fullest->at || used < fullest->used)
		*fullest = (struct space_open){ .at = at, .used = (uint32_t)used };
}

/* A head with no room in one block takes blocks of its own; a tail that would cross is moved, and
 * the head with it, so that they stay together. */
static int slot_of_many(struct space *s, size_t head, size_t tail, uint64_t *ret, struct err *e)
{
	size_t over = head % EROFS_BLOCK, shift = 0;
	uint64_t at;
	int r;

	if (tail && over + tail > EROFS_BLOCK)
		shift = round_up(EROFS_BLOCK - over, EROFS_SLOT);
	r = space_blocks(s, shift + head + tail, &at, e);
	if (r >= 0)
		*ret = at + shift;
	return r;
}

int space_slot(struct space *s, size_t head, size_t tail, uint64_t *ret, struct err *e)
{
	size_t len = (size_t)round_up(head + tail, EROFS_SLOT);
	struct space_open *o = best_fit(s, len);
	int r;

	if (head + tail > EROFS_BLOCK)
		return slot_of_many(s, head, tail, ret, e);
	if (o) {
		*ret = o->at + o->used;
		o->used += (uint32_t)len;
		return 0;
	}
	r = space_blocks(s, EROFS_BLOCK, ret, e);
	if (r >= 0)
		open_block(s, *ret, len);
	return r;
}

int space_flush(struct space *s, struct err *e)
{
	int r = next_window(s, e);

	if (r >= 0 && ftruncate(s->fd, (off_t)s->end) < 0)
		return err_sys(e, "set the size of the EROFS image");
	return r;
}
