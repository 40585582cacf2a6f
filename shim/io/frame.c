/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libutil/parse.h"

int frame_read(const char *packet, size_t len, struct frame *ret)
{
	if (len == 0 || len > FRAME_MAX)
		return -EBADMSG;
	if (packet[0] < FRAME_STDOUT || packet[0] > FRAME_BEHIND)
		return -EBADMSG;
	*ret = (struct frame){
		.tag = (enum frame_tag)packet[0],
		.data = packet + 1,
		.len = len - 1,
	};
	return 0;
}

/* Behind "log": offset, skip, device, inode, time of birth. */
#define NUMBERS 5

size_t frame_write_behind(char packet[FRAME_BEHIND_SIZE], const struct frame_behind *b)
{
	int n = b->in_log
			? snprintf(packet, FRAME_BEHIND_SIZE,
				   "%clog %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
				   FRAME_BEHIND, b->offset, b->skip, b->dev, b->ino, b->made_ns)
			: snprintf(packet, FRAME_BEHIND_SIZE, "%cgap", FRAME_BEHIND);

	return (size_t)n;
}

/* Exactly NUMBERS of them, one blank between two. */
static int read_numbers(char *text, uint64_t number[NUMBERS])
{
	for (size_t i = 0; i < NUMBERS; i++) {
		char *end = strchr(text, ' ');

		if ((end != NULL) != (i < NUMBERS - 1))
			return -EBADMSG;
		if (end)
			*end = '\0';
		if (parse_u64(text, &number[i]) < 0)
			return -EBADMSG;
		text = end ? end + 1 : text;
	}
	return 0;
}

int frame_read_behind(const struct frame *f, struct frame_behind *ret)
{
	char text[FRAME_BEHIND_SIZE];
	uint64_t number[NUMBERS];

	if (f->tag != FRAME_BEHIND || f->len >= sizeof(text) || memchr(f->data, '\0', f->len))
		return -EBADMSG;
	memcpy(text, f->data, f->len);
	text[f->len] = '\0';
	if (streq(text, "gap")) {
		*ret = (struct frame_behind){ .in_log = false };
		return 0;
	}
	if (!starts_with(text, "log ") || read_numbers(text + 4, number) < 0)
		return -EBADMSG;
	*ret = (struct frame_behind){ true, number[0], number[1], number[2], number[3], number[4] };
	return 0;
}
