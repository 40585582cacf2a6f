/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the attach socket, control lines and typed keys: whatever comes is taken or refused
 * whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "shim/io/ctl.h"
#include "shim/io/detach.h"
#include "shim/io/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A notice that is understood is written as one that means the same. */
static void check_frame(const char *packet, size_t len)
{
	char again[FRAME_BEHIND_SIZE];
	struct frame_behind b, back;
	struct frame f;
	size_t n;

	if (frame_read(packet, len, &f) < 0)
		return;
	if (f.data != packet + 1 || f.len != len - 1)
		abort();
	if (frame_read_behind(&f, &b) < 0)
		return;
	n = frame_write_behind(again, &b);
	if (frame_read(again, n, &f) < 0 || frame_read_behind(&f, &back) < 0)
		abort();
	if (b.in_log != back.in_log ||
	    (b.in_log && (b.offset != back.offset || b.skip != back.skip)))
		abort();
}

static void check_ctl(const char *text, size_t len)
{
	struct ctl c = { 0 };
	struct ctl_size size;

	for (size_t i = 0; i < len; i++)
		if (ctl_feed(&c, text[i], &size) && text[i] != '\n')
			abort();
}

/* What goes through and what is held back together are the input. */
static void check_keys(const char *text, size_t len)
{
	autofree char *out = xcalloc(1, len + DETACH_KEYS_MAX);
	struct detach d;
	size_t n = 0;

	if (detach_parse(&d, "a,a,b", NULL) < 0)
		abort();
	if (detach_feed(&d, text, len, out, &n)) {
		if (n + d.n > len || memcmp(text, out, n) != 0 ||
		    memcmp(text + n, d.keys, d.n) != 0)
			abort();
		return;
	}
	if (n + d.held != len || memcmp(text, out, n) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_frame(text, size);
	check_ctl(text, size);
	check_keys(text, size);
	return 0;
}
