/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/pull/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/human.h"
#include "imagetool/registry/http.h"
#include "libutil/alloc.h"
#include "libutil/tty.h"

#define REDRAW_MS 100
#define BAR_WIDTH 24
#define LINE_MAX  160

enum blob_progress_mode blob_progress_mode_for(bool quiet)
{
	const char *term = getenv("TERM");

	if (quiet)
		return BLOB_PROGRESS_QUIET;
	return isatty(STDERR_FILENO) && term && !streq(term, "dumb") ? BLOB_PROGRESS_PICTURE
								     : BLOB_PROGRESS_LINES;
}

void blob_progress_start(struct blob_progress *p, enum blob_progress_mode mode,
			 blob_progress_row_fn *row, const void *items, size_t n)
{
	*p = (struct blob_progress){ .mode = mode, .row = row, .items = items, .n = n };
	p->reported = xcalloc(n ? n : 1, sizeof(*p->reported));
	p->started_ms = http_now_ms();
}

static void totals(const struct blob_progress *p, int64_t *moved, int64_t *size)
{
	*moved = *size = 0;
	for (size_t i = 0; i < p->n; i++) {
		struct blob_progress_row row;

		p->row(p->items, i, &row);
		*moved += row.moved;
		*size += row.size;
	}
}

/* ---- Lines ---- */

static void report_finished(struct blob_progress *p)
{
	for (size_t i = 0; i < p->n; i++) {
		char digest[HUMAN_DIGEST], size[HUMAN_SIZE];
		struct blob_progress_row row;

		p->row(p->items, i, &row);
		if (p->reported[i] || row.state != BLOB_PROGRESS_DONE)
			continue;
		p->reported[i] = true;
		(void)fprintf(stderr, "blob %s: %s%s\n", human_digest(row.digest, digest),
			      human_size((uint64_t)row.size, size), row.note);
	}
}

/* ---- The picture ---- */

static int bar_part(int64_t part, int64_t size)
{
	return size > 0 ? (int)((double)part / (double)size * BAR_WIDTH) : BAR_WIDTH;
}

/* '=' is done, '-' has moved and waits. */
static void bar(char buf[BAR_WIDTH + 1], const struct blob_progress_row *d)
{
	int full = bar_part(d->moved - d->behind, d->size), moved = bar_part(d->moved, d->size);

	for (int i = 0; i < BAR_WIDTH; i++)
		buf[i] = i < full ? '=' : i == full ? '>' : i < moved ? '-' : ' ';
	buf[BAR_WIDTH] = '\0';
}

/* Longer lines would wrap, and the cursor could not find its way back. */
static void draw_line(struct blob_progress *p, unsigned short cols, const char *text)
{
	(void)fprintf(stderr, "\r%.*s\033[K\n", cols > 1 ? cols - 1 : LINE_MAX, text);
	p->drawn++;
}

static const char *const state_words[] = {
	[BLOB_PROGRESS_WAITING] = " waiting",
	[BLOB_PROGRESS_RUNNING] = "",
	[BLOB_PROGRESS_WORKING] = " unpacking",
	[BLOB_PROGRESS_DONE] = " done",
};

static void draw_item(struct blob_progress *p, unsigned short cols,
		      const struct blob_progress_row *d)
{
	char line[LINE_MAX], picture[BAR_WIDTH + 1];
	char digest[HUMAN_DIGEST], here[HUMAN_SIZE], size[HUMAN_SIZE];

	bar(picture, d);
	(void)snprintf(line, sizeof(line), "%s [%s] %9s / %9s%s", human_digest(d->digest, digest),
		       picture, human_size((uint64_t)d->moved, here),
		       human_size((uint64_t)d->size, size), state_words[d->state]);
	draw_line(p, cols, line);
}

static void draw_total(struct blob_progress *p, unsigned short cols)
{
	char line[LINE_MAX], here[HUMAN_SIZE], all[HUMAN_SIZE], rate[HUMAN_SIZE];
	int64_t ms = http_now_ms() - p->started_ms;
	int64_t arrived, size;

	totals(p, &arrived, &size);
	(void)snprintf(line, sizeof(line), "%zu blobs, %s of %s, %s/s", p->n,
		       human_size((uint64_t)arrived, here), human_size((uint64_t)size, all),
		       human_size((uint64_t)(arrived * 1000 / (ms > 0 ? ms : 1)), rate));
	draw_line(p, cols, line);
}

static void draw(struct blob_progress *p)
{
	unsigned short rows, cols;

	/* Serial lines and the ptys of some programs have no size. */
	if (tty_get_size(STDERR_FILENO, &rows, &cols, NULL) < 0 || rows == 0 || cols == 0) {
		rows = 24;
		cols = 80;
	}
	if (p->drawn > 0)
		(void)fprintf(stderr, "\033[%dA", p->drawn);
	p->drawn = 0;
	/* More lines than the screen has: the total must do. */
	for (size_t i = 0; i < p->n && p->n + 2 < rows; i++) {
		struct blob_progress_row row;

		p->row(p->items, i, &row);
		draw_item(p, cols, &row);
	}
	draw_total(p, cols);
	(void)fflush(stderr);
	p->drawn_ms = http_now_ms();
}

/* ---- Both ---- */

void blob_progress_tick(void *progress)
{
	struct blob_progress *p = progress;

	if (p->mode == BLOB_PROGRESS_LINES)
		report_finished(p);
	else if (p->mode == BLOB_PROGRESS_PICTURE && http_now_ms() - p->drawn_ms >= REDRAW_MS)
		draw(p);
}

void blob_progress_end(struct blob_progress *p)
{
	if (p->mode == BLOB_PROGRESS_LINES)
		report_finished(p);
	else if (p->mode == BLOB_PROGRESS_PICTURE && p->n > 0)
		draw(p);
	free(p->reported);
	p->reported = NULL;
}

void blob_progress_say(const struct blob_progress *p, const char *fmt, ...)
{
	va_list ap;

	if (p->mode == BLOB_PROGRESS_QUIET)
		return;
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}
