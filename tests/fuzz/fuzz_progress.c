/* SPDX-License-Identifier: Apache-2.0 */
/* What a step prints, cut into pieces and drawn for a terminal: no control character of it arrives,
 * and there are as many lines as are said. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/progress/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now(void)
{
	return 5 * NANOSECONDS;
}

/* The picture's own end of a line is "\033[K\n"; without colours there is nothing else. */
static void check(const struct strbuf *out, size_t lines)
{
	const char *text = strbuf_str(out);
	size_t n = 0;

	for (size_t i = 0; i < out->len; i++) {
		if (text[i] == '\n')
			n++;
		else if (text[i] == '\033' && strncmp(text + i, "\033[K\n", 4) == 0)
			i += 2;
		else if ((unsigned char)text[i] < ' ' || text[i] == '\177')
			abort();
	}
	if (n != lines)
		abort();
}

/* The first byte says how wide the terminal is, the second how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(progress) struct progress *p = NULL;
	auto_(strbuf) struct strbuf out = { 0 };
	struct progress_opts opts = { .mode = PROGRESS_QUIET, .fd = -1, .now = now };
	struct picture_opts o = { .rows = 24, .now = now() };
	size_t piece;

	if (size < 2 || progress_open(&opts, &p, NULL) < 0)
		return 0;
	o.cols = data[0];
	piece = data[1] % 64 + 1U;
	progress_vertex_begin(p, 0, NULL, "a step");
	for (size_t at = 2; at < size; at += piece)
		progress_log(p, 0, 1, data + at, size - at < piece ? size - at : piece);
	size = picture_draw(p, &o, &out);
	check(&out, size);
	return 0;
}
