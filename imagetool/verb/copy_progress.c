/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/copy_progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "imagetool/human.h"

#define DRAW_MS 100

static void draw(void *ctx, const struct target_tally *t)
{
	struct copy_progress *p = ctx;
	char done[HUMAN_SIZE], all[HUMAN_SIZE], sum[HUMAN_SIZE];
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - p->drawn.tv_sec) * 1000 + (now.tv_nsec - p->drawn.tv_nsec) / 1000000 <
	    DRAW_MS)
		return;
	p->drawn = now;
	p->shown = true;
	(void)fprintf(stderr, "\r\033[Kblob %zu: %s of %s, %s in all", t->blobs + 1,
		      human_size((uint64_t)t->current, done),
		      human_size((uint64_t)t->current_size, all),
		      human_size((uint64_t)t->bytes, sum));
}

void copy_progress_start(struct copy_progress *p, bool quiet, struct target_tally *tally)
{
	if (quiet || !isatty(STDERR_FILENO))
		return;
	tally->tick = draw;
	tally->ctx = p;
}

void copy_progress_end(struct copy_progress *p)
{
	if (p->shown)
		(void)fputs("\r\033[K", stderr);
	p->shown = false;
}
