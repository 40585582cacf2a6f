/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of lines "Key: value", in paragraphs. */
#ifndef IMAGETOOL_ATTEST_LINES_H
#define IMAGETOOL_ATTEST_LINES_H

#include "libutil/macro.h"

struct line {
	const char *text;
	size_t len; /* without its end */
};

/* The next line; false at the end. */
static inline bool line_next(const char **at, const char *end, struct line *ret)
{
	const char *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	ret->text = *at;
	ret->len = (size_t)((stop ? stop : end) - *at);
	*at = stop ? stop + 1 : end;
	if (ret->len && ret->text[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* Does it begin with "key"?  Then *ret is the rest without blanks around it. */
static inline bool line_value(const struct line *l, const char *key, struct line *ret)
{
	size_t len = strlen(key);

	if (l->len < len || memcmp(l->text, key, len) != 0)
		return false;
	*ret = (struct line){ l->text + len, l->len - len };
	while (ret->len && (*ret->text == ' ' || *ret->text == '\t')) {
		ret->text++;
		ret->len--;
	}
	while (ret->len && (ret->text[ret->len - 1] == ' ' || ret->text[ret->len - 1] == '\t'))
		ret->len--;
	return true;
}

#endif
