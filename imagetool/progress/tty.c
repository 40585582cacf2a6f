/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of a build on a terminal, drawn over itself. */
#include "imagetool/progress/internal.h"

#include <stdlib.h>

#include "libutil/tty.h"

#define LOG_LINES 6 /* BuildKit's */
#define DRAW_MIN  (PROGRESS_TICK_MS * 1000000LL)

/* One write for a whole picture, so that no half of it is seen: up to where the old one began, each
 * line over the old one, and what is left of it goes. */
static void draw(struct progress *p, bool last)
{
	auto_(strbuf) struct strbuf out = { 0 };
	unsigned short rows = 0, cols = 0;
	struct picture_opts o = { .now = progress_now(p),
				  .last = last,
				  .colours = p->opts.colours,
				  .log_lines = p->opts.log_lines ? p->opts.log_lines : LOG_LINES };

	if (tty_get_size(p->opts.fd, &rows, &cols, NULL) < 0 || !rows || !cols) {
		rows = 24;
		cols = 80;
	}
	o.rows = rows;
	o.cols = cols;
	strbuf_adds(&out, "\033[?25l");
	/* A terminal that became smaller shows less than was drawn. */
	if (p->drawn)
		strbuf_addf(&out, "\033[%zuA\r", p->drawn < rows ? p->drawn : (size_t)rows - 1);
	p->drawn = picture_draw(p, &o, &out);
	strbuf_adds(&out, "\033[J\033[?25h");
	progress_write(p, &out);
	p->drawn_at = o.now;
}

static void draw_soon(struct progress *p)
{
	if (progress_now(p) - p->drawn_at >= DRAW_MIN)
		draw(p, false);
}

static void tty_vertex(struct progress *p, struct progress_vertex *v UNUSED)
{
	draw_soon(p);
}

static void tty_status(struct progress *p, struct progress_vertex *v UNUSED,
		       struct progress_item *i UNUSED)
{
	draw_soon(p);
}

static void tty_tick(struct progress *p)
{
	draw(p, false);
}

static void tty_close(struct progress *p)
{
	auto_(strbuf) struct strbuf out = { 0 };

	draw(p, true);
	progress_failures(p, &out);
	progress_write(p, &out);
}

const struct progress_display progress_tty = {
	.vertex = tty_vertex,
	.status = tty_status,
	.tick = tty_tick,
	.close = tty_close,
};
