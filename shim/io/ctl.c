/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/ctl.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libutil/parse.h"
#include "libutil/strv.h"

#define WORD_RESIZE "1"
#define WORD_REOPEN "2"
#define WORDS       3

static bool side(const char *text, unsigned short *ret)
{
	uint32_t n;

	if (parse_u32(text, &n) < 0 || n > UINT16_MAX)
		return false;
	*ret = (unsigned short)n;
	return true;
}

static enum ctl_order parse_line(const char *line, struct ctl_size *ret)
{
	auto_(strv) struct strv words = { 0 };
	struct ctl_size size;

	strv_split(&words, line, ' ', true);
	if (words.n < WORDS || !side(words.v[1], &size.rows) || !side(words.v[2], &size.cols))
		return CTL_NOTHING;
	if (streq(words.v[0], WORD_REOPEN))
		return CTL_REOPEN;
	if (!streq(words.v[0], WORD_RESIZE))
		return CTL_NOTHING;
	*ret = size;
	return CTL_RESIZE;
}

enum ctl_order ctl_take(struct ctl *c, char byte, struct ctl_size *ret)
{
	bool whole = byte == '\n' && !c->too_long && c->len > 0;

	if (byte != '\n') {
		if (c->len < CTL_LINE_MAX - 1)
			c->line[c->len++] = byte;
		else
			c->too_long = true;
		return CTL_NOTHING;
	}
	c->line[c->len] = '\0';
	c->len = 0;
	c->too_long = false;
	return whole ? parse_line(c->line, ret) : CTL_NOTHING;
}

bool ctl_feed(struct ctl *c, char byte, struct ctl_size *ret)
{
	return ctl_take(c, byte, ret) == CTL_RESIZE;
}

size_t ctl_write(char line[CTL_LINE_MAX], struct ctl_size size)
{
	return (size_t)snprintf(line, CTL_LINE_MAX, WORD_RESIZE " %u %u\n", size.rows, size.cols);
}
