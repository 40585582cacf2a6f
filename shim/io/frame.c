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

size_t frame_write_behind(char packet[FRAME_BEHIND_SIZE], const struct frame_behind *b)
{
	int n = b->in_log ? snprintf(packet, FRAME_BEHIND_SIZE, "%clog %" PRIu64 " %" PRIu64,
				     FRAME_BEHIND, b->offset, b->skip)
			  : snprintf(packet, FRAME_BEHIND_SIZE, "%cgap", FRAME_BEHIND);

	return (size_t)n;
}

int frame_read_behind(const struct frame *f, struct frame_behind *ret)
{
	char text[FRAME_BEHIND_SIZE];
	struct frame_behind b = { .in_log = true };
	char *skip;

	if (f->tag != FRAME_BEHIND || f->len >= sizeof(text) || memchr(f->data, '\0', f->len))
		return -EBADMSG;
	memcpy(text, f->data, f->len);
	text[f->len] = '\0';
	if (streq(text, "gap")) {
		*ret = (struct frame_behind){ .in_log = false };
		return 0;
	}
	skip = starts_with(text, "log ") ? strchr(text + 4, ' ') : NULL;
	if (!skip)
		return -EBADMSG;
	*skip++ = '\0';
	if (parse_u64(text + 4, &b.offset) < 0 || parse_u64(skip, &b.skip) < 0)
		return -EBADMSG;
	*ret = b;
	return 0;
}
