/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a JSON string as the bytes it means. */
#include "shim/log/codec.h"

#define REPLACEMENT 0xfffd

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hex digits at `s`; -1 when they are none. */
static int read_hex4(const char *s, size_t len)
{
	int v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i < len ? hex_digit(s[i]) : -1;

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static size_t put_utf8(char to[4], unsigned c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | (c >> 6));
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | (c >> 12));
		to[1] = (char)(0x80 | ((c >> 6) & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (c >> 18));
	to[1] = (char)(0x80 | ((c >> 12) & 0x3f));
	to[2] = (char)(0x80 | ((c >> 6) & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* "uXXXX" behind a backslash, with the second half of a pair.  Returns the bytes read. */
static size_t read_unicode(const char *s, size_t len, unsigned *ret)
{
	int first = read_hex4(s + 1, len - 1), second;

	*ret = REPLACEMENT;
	if (first < 0)
		return 1;
	if (first < 0xd800 || first > 0xdfff) {
		*ret = (unsigned)first;
		return 5;
	}
	if (first > 0xdbff || len < 11 || s[5] != '\\' || s[6] != 'u')
		return 5;
	second = read_hex4(s + 7, len - 7);
	if (second < 0xdc00 || second > 0xdfff)
		return 5;
	*ret = 0x10000u + (((unsigned)first - 0xd800) << 10) + ((unsigned)second - 0xdc00);
	return 11;
}

static char letter(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	default:
		return c; /* '"', '\' and '/' stand for themselves */
	}
}

static void add(struct strbuf *out, const char *bytes, size_t len, uint64_t *skip)
{
	size_t over = *skip < len ? (size_t)*skip : len;

	*skip -= over;
	strbuf_add(out, bytes + over, len - over);
}

/* What follows a backslash; `len` > 0.  Returns the bytes read. */
static size_t add_escape(struct strbuf *out, const char *s, size_t len, uint64_t *skip)
{
	char bytes[4];
	unsigned code;
	size_t n;

	if (s[0] != 'u') {
		bytes[0] = letter(s[0]);
		add(out, bytes, 1, skip);
		return 1;
	}
	n = read_unicode(s, len, &code);
	/* The writer escapes this one in the place of a single byte that was not UTF-8. */
	if (code == REPLACEMENT && *skip > 0)
		*skip -= 1;
	else
		add(out, bytes, put_utf8(bytes, code), skip);
	return n;
}

void json_unescape(const char *text, size_t len, uint64_t *skip, struct strbuf *out)
{
	while (len > 0) {
		const char *slash = memchr(text, '\\', len);
		size_t plain = slash ? (size_t)(slash - text) : len;

		add(out, text, plain, skip);
		text += plain;
		len -= plain;
		if (len < 2)
			break;
		plain = 1 + add_escape(out, text + 1, len - 1, skip);
		text += plain;
		len -= plain;
	}
}

void log_record_text(const struct log_record *l, uint64_t *skip, struct strbuf *out)
{
	if (l->escaped) {
		json_unescape(l->text, l->len, skip, out);
		return;
	}
	add(out, l->text, l->len, skip);
	if (!l->partial)
		add(out, "\n", 1, skip);
}

const struct log_codec *log_codec_find(const char *name)
{
	static const struct log_codec *const all[] = { &log_codec_cri, &log_codec_json };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (streq(name, all[i]->name))
			return all[i];
	return NULL;
}
