/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/logline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libutil/macro.h"
#include "libutil/parse.h"

static const char newline[] = "\n";

void logline_heads(struct logline_heads *h, enum stream stream, struct timespec when)
{
	char time[TIME_TEXT_SIZE];
	const char *name = stream == STREAM_STDERR ? "stderr" : "stdout";

	(void)time_text(when, time);
	(void)snprintf(h->full, sizeof(h->full), "%.32s %s F ", time, name);
	(void)snprintf(h->part, sizeof(h->part), "%.32s %s P ", time, name);
	h->len = strlen(h->full);
}

/* An iovec's base is not const because readv() shares the type; nothing writes through it. */
static struct iovec piece(const char *p, size_t len)
{
	union {
		const char *in;
		void *out;
	} base = { .in = p };

	return (struct iovec){ .iov_base = base.out, .iov_len = len };
}

size_t logline_fill(struct iovec *iov, size_t max, const struct logline_heads *h, const char *data,
		    size_t len, size_t *ret_used)
{
	size_t n = 0, used = 0;

	while (used < len && n + LOGLINE_IOV <= max) {
		const char *from = data + used;
		size_t rest = len - used;
		size_t window = rest < STREAM_PIECE_MAX + 1 ? rest : STREAM_PIECE_MAX + 1;
		const char *end = memchr(from, '\n', window);
		size_t take = window < STREAM_PIECE_MAX ? window : STREAM_PIECE_MAX;

		if (end) {
			take = (size_t)(end - from) + 1;
			iov[n++] = piece(h->full, h->len);
			iov[n++] = piece(from, take);
		} else {
			iov[n++] = piece(h->part, h->len);
			iov[n++] = piece(from, take);
			iov[n++] = piece(newline, 1);
		}
		used += take;
	}
	*ret_used = used;
	return n;
}

/* The text up to the next blank; moves *p behind it.  NULL when there is none. */
static const char *word(const char **p, const char *end, size_t *ret_len)
{
	const char *from = *p;
	const char *blank = memchr(from, ' ', (size_t)(end - from));

	if (!blank)
		return NULL;
	*ret_len = (size_t)(blank - from);
	*p = blank + 1;
	return from;
}

static bool word_is(const char *w, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(w, text, len) == 0;
}

/* "F" or "P"; the format allows further tags behind colons, none of which is defined. */
static int read_tag(const char *w, size_t len, bool *ret_partial)
{
	if (len == 0 || (w[0] != 'F' && w[0] != 'P') || (len > 1 && w[1] != ':'))
		return -EBADMSG;
	*ret_partial = w[0] == 'P';
	return 0;
}

static int read_head(const char **p, const char *end, struct logline *l)
{
	size_t len = 0;
	const char *w;

	l->time = word(p, end, &l->time_len);
	if (!l->time || l->time_len == 0)
		return -EBADMSG;
	w = word(p, end, &len);
	if (w && word_is(w, len, "stdout"))
		l->stream = STREAM_STDOUT;
	else if (w && word_is(w, len, "stderr"))
		l->stream = STREAM_STDERR;
	else
		return -EBADMSG;
	w = word(p, end, &len);
	return w ? read_tag(w, len, &l->partial) : -EBADMSG;
}

ssize_t logline_read(const char *buf, size_t len, struct logline *ret)
{
	size_t window = len < LOGLINE_MAX ? len : LOGLINE_MAX;
	const char *end = window ? memchr(buf, '\n', window) : NULL;
	const char *p = buf;
	struct logline l = { 0 };
	int r;

	if (!end)
		return len < LOGLINE_MAX ? 0 : -EMSGSIZE;
	r = read_head(&p, end, &l);
	if (r < 0)
		return r;
	l.text = p;
	l.len = (size_t)(end - p);
	*ret = l;
	return end + 1 - buf;
}
