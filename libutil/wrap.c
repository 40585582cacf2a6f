/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/wrap.h"

int wrap_columns(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

/* Words up to the end of the line of text; returns where it stopped. */
static const char *fold_line(struct strbuf *out, const char *s, int column, int *at)
{
	while (*s && *s != '\n') {
		size_t len = strcspn(s, " \n");
		int wide = wrap_columns(s, len);

		if (*at > column && *at + 1 + wide > WRAP_WIDTH) {
			strbuf_addf(out, "\n%*s", column, "");
			*at = column;
		}
		if (*at > column) {
			strbuf_addc(out, ' ');
			++*at;
		}
		strbuf_add(out, s, len);
		*at += wide;
		s += len;
		s += strspn(s, " ");
	}
	return s;
}

/* A line that stands for itself; the next one begins afresh. */
static const char *keep_line(struct strbuf *out, const char *s, int column, int *at)
{
	size_t len = strcspn(s, "\n");

	if (*at > column)
		strbuf_addf(out, "\n%*s", column, "");
	strbuf_add(out, s, len);
	*at = WRAP_WIDTH;
	return s + len;
}

void wrap_text(struct strbuf *out, const char *text, int column)
{
	int at = column;

	for (;;) {
		if (*text == '\n') {
			strbuf_addf(out, "%s\n%*s", at > column ? "\n" : "", column, "");
			at = column;
		} else if (*text == ' ') {
			text = keep_line(out, text, column, &at);
		} else {
			text = fold_line(out, text, column, &at);
		}
		if (!*text)
			break;
		text++;
	}
	strbuf_addc(out, '\n');
}
