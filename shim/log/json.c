/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The json-file log format, which is docker's, one record a line:
 *
 *     {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.000000006Z"}
 *
 * The text ends with \n when the container wrote a newline there.  A byte that
 * is not UTF-8 becomes �, written as an escape: so a reader can tell it from
 * the character itself.
 */
#include <errno.h>
#include <stdio.h>

#include "libutil/macro.h"
#include "libutil/utf8.h"
#include "shim/log/codec.h"

static const char start[] = "{\"log\":\"";
#define START_LEN (sizeof(start) - 1)
/* "\u001b" is the longest that one byte can become. */
#define ESCAPE_MAX 6

static void put_tail(char head[LOG_HEAD_SIZE], const char *newline, enum stream stream,
		     const char *time)
{
	(void)snprintf(head, LOG_HEAD_SIZE, "%s\",\"stream\":\"%s\",\"time\":\"%.40s\"}\n", newline,
		       stream == STREAM_STDERR ? "stderr" : "stdout", time);
}

static void begin(struct log_head *h, enum stream stream, const char *time)
{
	put_tail(h->part, "", stream, time);
	put_tail(h->full, "\\n", stream, time);
	h->part_len = strlen(h->part);
	h->full_len = strlen(h->full);
}

/* ASCII that needs no escape; '<', '>' and '&' are escaped because docker does so. */
static size_t plain_span(const unsigned char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] < 0x80 && s[n] != '"' && s[n] != '\\' &&
	       s[n] != '<' && s[n] != '>' && s[n] != '&')
		n++;
	return n;
}

static char *put_unicode(char *to, unsigned code)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = hex[(code >> shift) & 0xf];
	return to;
}

static char *put_ascii(char *to, unsigned char c)
{
	char letter = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '"' || c == '\\' ? (char)c : '\0';

	if (!letter)
		return put_unicode(to, c);
	*to++ = '\\';
	*to++ = letter;
	return to;
}

/* One character beyond ASCII; *ret_len: its bytes of input. */
static char *put_character(char *to, const char *s, size_t len, size_t *ret_len)
{
	size_t n = utf8_length(s, len);

	*ret_len = n ? n : 1;
	if (n == 0)
		return put_unicode(to, 0xfffd);
	/* Line separators, which are not allowed in JavaScript's strings. */
	if (n == 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return put_unicode(to, s[2] == '\xa8' ? 0x2028 : 0x2029);
	memcpy(to, s, n);
	return to + n;
}

static char *escape(char *to, const char *s, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = plain_span((const unsigned char *)s + at, len - at);
		memcpy(to, s + at, n);
		to += n;
		if (n > 0)
			continue;
		if ((unsigned char)s[at] < 0x80) {
			to = put_ascii(to, (unsigned char)s[at]);
			n = 1;
		} else {
			to = put_character(to, s + at, len - at, &n);
		}
	}
	return to;
}

/* A record does not end within a character, unless the bytes are none. */
static size_t piece_of(const char *data, size_t len, bool *ret_whole)
{
	size_t take = log_piece(data, len, ret_whole);
	size_t back = 0;

	if (*ret_whole || take == len)
		return take;
	while (back < 3 && ((unsigned char)data[take - back] & 0xc0) == 0x80)
		back++;
	return utf8_length(data + take - back, len - take + back) > back ? take - back : take;
}

static size_t fill(struct batch *b, const struct log_head *h, const char *data, size_t len,
		   size_t limit)
{
	size_t used = 0;

	while (used < len) {
		bool whole;
		size_t take = piece_of(data + used, len - used, &whole);
		const char *tail = whole ? h->full : h->part;
		size_t tail_len = whole ? h->full_len : h->part_len, size;
		char *to = batch_at(b), *end;

		if (!batch_has_room(b, START_LEN + take * ESCAPE_MAX + LOG_HEAD_SIZE))
			break;
		memcpy(to, start, START_LEN);
		end = escape(to + START_LEN, data + used, take - whole);
		memcpy(end, tail, tail_len);
		size = (size_t)(end - to) + tail_len;
		if (b->bytes + size > limit)
			break;
		batch_commit(b, size);
		used += take;
	}
	return used;
}

static size_t piece(const char *data, size_t len)
{
	bool whole;

	return piece_of(data, len, &whole);
}

/* ---- reading: one flat object whose strings are looked at where they are ---- */

struct span {
	const char *at;
	size_t len;
};

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* A string that begins at `p`.  Returns what follows it, or NULL. */
static const char *read_string(const char *p, const char *end, struct span *ret)
{
	const char *from = p + 1;

	if (p >= end || *p != '"')
		return NULL;
	for (p = from; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	if (p >= end)
		return NULL;
	*ret = (struct span){ from, (size_t)(p - from) };
	return p + 1;
}

/* A value nobody asks for: to the next comma or the end of the object. */
static const char *skip_value(const char *p, const char *end)
{
	int depth = 0;
	struct span drop;

	while (p && p < end) {
		if (*p == '"') {
			p = read_string(p, end, &drop);
			continue;
		}
		if (depth == 0 && (*p == ',' || *p == '}'))
			return p;
		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		if (depth < 0)
			return NULL;
		p++;
	}
	return NULL;
}

struct members {
	struct span log, stream, time;
};

static struct span *member(struct members *m, struct span key)
{
	if (key.len == 3 && memcmp(key.at, "log", 3) == 0)
		return &m->log;
	if (key.len == 4 && memcmp(key.at, "time", 4) == 0)
		return &m->time;
	if (key.len == 6 && memcmp(key.at, "stream", 6) == 0)
		return &m->stream;
	return NULL;
}

static const char *read_member(const char *p, const char *end, struct members *m)
{
	struct span key, *want;

	p = read_string(skip_blanks(p, end), end, &key);
	p = p ? skip_blanks(p, end) : NULL;
	if (!p || p >= end || *p != ':')
		return NULL;
	p = skip_blanks(p + 1, end);
	want = member(m, key);
	p = want ? read_string(p, end, want) : skip_value(p, end);
	return p ? skip_blanks(p, end) : NULL;
}

static int read_object(const char *p, const char *end, struct members *m)
{
	p = skip_blanks(p, end);
	if (p >= end || *p++ != '{')
		return -EBADMSG;
	for (;;) {
		p = read_member(p, end, m);
		if (!p || p >= end || (*p != ',' && *p != '}'))
			return -EBADMSG;
		if (*p++ == '}')
			return skip_blanks(p, end) == end ? 0 : -EBADMSG;
	}
}

static bool span_is(struct span s, const char *text)
{
	return s.at && s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Does the text end with the container's newline?  A backslash may itself be escaped. */
static bool ends_line(struct span s)
{
	size_t slashes = 0;

	if (s.len < 2 || s.at[s.len - 1] != 'n')
		return false;
	while (slashes < s.len - 1 && s.at[s.len - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

static ssize_t read_record(const char *buf, size_t len, struct log_record *ret)
{
	size_t window = len < LOG_RECORD_MAX ? len : LOG_RECORD_MAX;
	const char *end = window ? memchr(buf, '\n', window) : NULL;
	struct members m = { 0 };

	if (!end)
		return len < LOG_RECORD_MAX ? 0 : -EMSGSIZE;
	if (read_object(buf, end, &m) < 0 || !m.log.at || !m.time.at || m.time.len == 0)
		return -EBADMSG;
	if (!span_is(m.stream, "stdout") && !span_is(m.stream, "stderr"))
		return -EBADMSG;
	*ret = (struct log_record){
		.time = m.time.at,
		.time_len = m.time.len,
		.stream = span_is(m.stream, "stderr") ? STREAM_STDERR : STREAM_STDOUT,
		.partial = !ends_line(m.log),
		.escaped = true,
		.text = m.log.at,
		.len = m.log.len,
	};
	return end + 1 - buf;
}

const struct log_codec log_codec_json = {
	.name = "json-file",
	.begin = begin,
	.fill = fill,
	.piece = piece,
	.read = read_record,
	.only_utf8 = true,
};
