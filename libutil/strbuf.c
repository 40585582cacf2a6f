/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/strbuf.h"

#include <assert.h>
#include <stdio.h>

#include "libutil/alloc.h"

#define FIRST_CAP ((size_t)64)

/* First byte of U+0080 to U+009F in UTF-8: terminals obey these as they do escape sequences. */
#define C1_LEAD 0xC2
#define DELETE  0x7f

static size_t max_of(const struct strbuf *b)
{
	return b->max ? b->max : STRBUF_DEFAULT_MAX;
}

void strbuf_done(struct strbuf *b)
{
	free(b->data);
	*b = (struct strbuf){ .max = b->max };
}

/* `need` counts the NUL and is at most max_of(b) + 1. */
static void grow(struct strbuf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	bool fresh = !b->data;

	while (cap < need)
		cap *= 2;
	if (cap > max_of(b) + 1)
		cap = max_of(b) + 1;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
	if (fresh)
		b->data[0] = '\0';
}

/* ASCII that any terminal shows. */
static size_t printable_span(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] < DELETE)
		n++;
	return n;
}

void strbuf_add_printable(struct strbuf *b, const char *s, size_t len, const char *keep)
{
	for (size_t i = 0; i < len; i++) {
		size_t plain = printable_span(s + i, len - i);
		unsigned char c;

		strbuf_add(b, s + i, plain);
		i += plain;
		if (i == len)
			return;
		c = (unsigned char)s[i];
		if (c == C1_LEAD && i + 1 < len && (unsigned char)s[i + 1] >> 5 == 4)
			strbuf_addf(b, "\\x%02x", (unsigned char)s[++i]);
		else if ((c >= ' ' && c != DELETE) || (c && strchr(keep, c)))
			strbuf_addc(b, s[i]);
		else if (c == '\n')
			strbuf_adds(b, "\\n");
		else if (c == '\t')
			strbuf_adds(b, "\\t");
		else
			strbuf_addf(b, "\\x%02x", c);
	}
}

char *strbuf_reserve(struct strbuf *b, size_t extra)
{
	if (b->failed)
		return NULL;
	if (b->len > max_of(b) || extra > max_of(b) - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->len + extra + 1 > b->cap)
		grow(b, b->len + extra + 1);
	return b->data + b->len;
}

void strbuf_commit(struct strbuf *b, size_t len)
{
	assert(b->len + len < b->cap);
	b->len += len;
	b->data[b->len] = '\0';
}

void strbuf_add(struct strbuf *b, const void *data, size_t len)
{
	char *to = strbuf_reserve(b, len);

	if (!to)
		return;
	if (len)
		memcpy(to, data, len);
	strbuf_commit(b, len);
}

void strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_addc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
{
	size_t room = b->failed ? 0 : b->cap - b->len;
	va_list again;
	char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
	assert(n >= 0);
	if ((size_t)n >= room) {
		/* The first try may have written a cut text over the end. */
		if (room)
			b->data[b->len] = '\0';
		to = strbuf_reserve(b, (size_t)n);
		if (to)
			(void)vsnprintf(to, (size_t)n + 1, fmt, again);
	} else {
		to = b->data + b->len;
	}
	va_end(again);
	if (to)
		strbuf_commit(b, (size_t)n);
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(b, fmt, ap);
	va_end(ap);
}

void strbuf_truncate(struct strbuf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	if (b->data)
		b->data[len] = '\0';
}

void strbuf_consume(struct strbuf *b, size_t len)
{
	assert(len <= b->len);
	if (!len)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

const char *strbuf_str(const struct strbuf *b)
{
	return b->data ? b->data : "";
}

char *strbuf_steal(struct strbuf *b)
{
	char *text = b->data ? b->data : xstrdup("");

	*b = (struct strbuf){ .max = b->max };
	return text;
}

int strbuf_check(const struct strbuf *b, const char *what, struct err *e)
{
	if (!b->failed)
		return 0;
	return err_set(e, EMSGSIZE, "%s is larger than %zu bytes", what, max_of(b));
}
