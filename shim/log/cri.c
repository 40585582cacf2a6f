/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The k8s-file (CRI) log format, one record a line:
 *
 *     2026-01-02T03:04:05.000000006Z stdout F text
 *
 * The tag is F when the container wrote a newline after the text and P when the
 * text goes on in the next record of the same stream.
 */
#include <errno.h>
#include <stdio.h>

#include "libutil/macro.h"
#include "shim/log/codec.h"

/* "TIME stdout F " is copied with a length that the compiler knows. */
#define HEAD_COPY 56

static void begin(struct log_head *h, enum stream stream, const char *time)
{
	const char *name = stream == STREAM_STDERR ? "stderr" : "stdout";

	(void)snprintf(h->full, sizeof(h->full), "%.40s %s F ", time, name);
	(void)snprintf(h->part, sizeof(h->part), "%.40s %s P ", time, name);
	h->full_len = h->part_len = strlen(h->full);
}

static void add_record(struct batch *b, const struct log_head *h, const char *text, size_t len,
		       bool whole)
{
	/* Beyond the head's end this copies what is overwritten at once. */
	memcpy(batch_at(b), whole ? h->full : h->part, HEAD_COPY);
	if (len < BATCH_COPY_MAX) {
		memcpy(batch_at(b) + h->full_len, text, len);
		batch_commit(b, h->full_len + len);
	} else {
		batch_commit(b, h->full_len);
		batch_point(b, text, len);
	}
	if (!whole)
		batch_copy(b, "\n", 1);
}

static size_t fill(struct batch *b, const struct log_head *h, const char *data, size_t len,
		   size_t limit)
{
	size_t used = 0;

	while (used < len && batch_has_room(b, HEAD_COPY + BATCH_COPY_MAX + 1)) {
		bool whole;
		size_t take = log_piece(data + used, len - used, &whole);

		if (b->bytes + h->full_len + take + !whole > limit)
			break;
		add_record(b, h, data + used, take, whole);
		used += take;
	}
	return used;
}

static size_t piece(const char *data, size_t len)
{
	bool whole;

	return log_piece(data, len, &whole);
}

/* ---- reading ---- */

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

static int read_head(const char **p, const char *end, struct log_record *l)
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

static ssize_t read_record(const char *buf, size_t len, struct log_record *ret)
{
	size_t window = len < LOG_RECORD_MAX ? len : LOG_RECORD_MAX;
	const char *end = window ? memchr(buf, '\n', window) : NULL;
	const char *p = buf;
	struct log_record l = { 0 };
	int r;

	if (!end)
		return len < LOG_RECORD_MAX ? 0 : -EMSGSIZE;
	r = read_head(&p, end, &l);
	if (r < 0)
		return r;
	l.text = p;
	l.len = (size_t)(end - p);
	*ret = l;
	return end + 1 - buf;
}

const struct log_codec log_codec_cri = {
	.name = "k8s-file",
	.begin = begin,
	.fill = fill,
	.piece = piece,
	.read = read_record,
};
