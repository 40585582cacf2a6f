/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/toml.h"

#include <errno.h>
#include <string.h>

#include "libutil/parse.h"
#include "libutil/strbuf.h"
#include "libutil/utf8.h"

struct reader {
	const char *at, *end;
	struct err *e;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && is_blank(*r->at))
		r->at++;
}

static char peek(const struct reader *r)
{
	return r->at < r->end ? *r->at : '\n';
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* What stands here, for a message: up to a blank. */
static int refuse(const struct reader *r, const char *what)
{
	auto_(strbuf) struct strbuf seen = { .max = 64 };
	const char *to = r->at;

	while (to < r->end && !is_blank(*to) && to - r->at < 20)
		to++;
	strbuf_add_printable(&seen, r->at, (size_t)(to - r->at), "");
	return err_set(r->e, EINVAL, "%s, not '%s'", what, strbuf_str(&seen));
}

/* ---- Strings ---- */

static const char escapes[][2] = {
	{ 'b', '\b' }, { 't', '\t' }, { 'n', '\n' },  { 'f', '\f' },
	{ 'r', '\r' }, { '"', '"' },  { '\\', '\\' },
};

static int hex(struct reader *r, int digits, uint32_t *ret)
{
	static const char alphabet[] = "0123456789abcdef";
	uint32_t value = 0;

	for (int i = 0; i < digits; i++) {
		char c = peek(r);
		const char *digit = c ? strchr(alphabet, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

		if (!digit)
			return refuse(r, "a hexadecimal digit is expected");
		value = value << 4 | (uint32_t)(digit - alphabet);
		r->at++;
	}
	*ret = value;
	return 0;
}

static void add_utf8(struct strbuf *out, uint32_t c)
{
	static const uint32_t limits[] = { 0x80, 0x800, 0x10000 };
	static const unsigned char heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned more = 0;

	while (more < 3 && c >= limits[more])
		more++;
	strbuf_addc(out, (char)(heads[more] | c >> (6 * more)));
	while (more-- > 0)
		strbuf_addc(out, (char)(0x80 | (c >> (6 * more) & 0x3f)));
}

static int read_unicode(struct reader *r, int digits, struct strbuf *out)
{
	uint32_t c = 0;
	int rc = hex(r, digits, &c);

	if (rc < 0)
		return rc;
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return err_set(r->e, EINVAL, "U+%04X cannot stand in a string", c);
	add_utf8(out, c);
	return 0;
}

static int read_escape(struct reader *r, struct strbuf *out)
{
	char c = peek(r);

	for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
		if (escapes[i][0] == c) {
			strbuf_addc(out, escapes[i][1]);
			r->at++;
			return 0;
		}
	if (c != 'u' && c != 'U')
		return refuse(r, "after '\\' stands one of b t n f r \" \\ u U");
	r->at++;
	return read_unicode(r, c == 'u' ? 4 : 8, out);
}

/* Basic in double quotes, literal in single ones. */
static int read_string(struct reader *r, struct strbuf *out)
{
	char quote = *r->at;

	if (r->end - r->at >= 3 && r->at[1] == quote && r->at[2] == quote)
		return err_set(r->e, EINVAL, "texts over several lines are not read here");
	for (r->at++; peek(r) != '\n';) {
		char c = *r->at++;
		int rc = 0;

		if (c == quote)
			return 0;
		if (c == '\\' && quote == '"')
			rc = read_escape(r, out);
		else if ((unsigned char)c < 0x20 && c != '\t')
			rc = err_set(r->e, EINVAL, "a control character in a string");
		else
			strbuf_addc(out, c);
		if (rc < 0)
			return rc;
	}
	return err_set(r->e, EINVAL, "the string has no end");
}

/* ---- Keys and values ---- */

static int read_key(struct reader *r, struct strbuf *out)
{
	if (peek(r) == '"' || peek(r) == '\'')
		return read_string(r, out);
	while (is_bare(peek(r)))
		strbuf_addc(out, *r->at++);
	return out->len > 0 ? 0 : refuse(r, "a key is expected");
}

/* "1_000": single underscores between digits. */
static int parse_integer(const char *word, int64_t *ret)
{
	auto_(strbuf) struct strbuf digits = { .max = 64 };
	const char *at = word + (*word == '+');

	for (; *at; at++) {
		bool between =
			at > word && at[-1] >= '0' && at[-1] <= '9' && at[1] >= '0' && at[1] <= '9';

		if (*at == '_' && !between)
			return -EINVAL;
		if (*at != '_')
			strbuf_addc(&digits, *at);
	}
	at = strbuf_str(&digits);
	at += *at == '-' || *at == '+';
	if (at[0] == '0' && at[1])
		return -EINVAL;
	return parse_i64(strbuf_str(&digits), ret);
}

static int read_word(struct reader *r, struct strbuf *word, struct toml_value *v)
{
	const char *from = r->at;

	while (is_bare(peek(r)) || peek(r) == '+' || peek(r) == '.' || peek(r) == ':')
		strbuf_addc(word, *r->at++);
	if (streq(strbuf_str(word), "true") || streq(strbuf_str(word), "false")) {
		v->kind = TOML_BOOLEAN;
		v->boolean = *from == 't';
		return 0;
	}
	v->kind = TOML_INTEGER;
	if (parse_integer(strbuf_str(word), &v->integer) == 0)
		return 0;
	r->at = from;
	return refuse(r, "a value is a string, a whole number, true or false");
}

static int read_value(struct reader *r, struct strbuf *text, struct toml_value *v)
{
	int rc;

	if (peek(r) != '"' && peek(r) != '\'')
		return read_word(r, text, v);
	rc = read_string(r, text);
	v->kind = TOML_STRING;
	v->string = strbuf_str(text);
	return rc;
}

/* ---- Lines ---- */

static int expect_end(struct reader *r)
{
	skip_blanks(r);
	return r->at == r->end || *r->at == '#' ? 0 : refuse(r, "the line ends here");
}

static int read_pair(struct reader *r, toml_fn *fn, void *ctx)
{
	auto_(strbuf) struct strbuf key = { .max = TOML_MAX }, text = { .max = TOML_MAX };
	struct toml_value v = { 0 };
	int rc = read_key(r, &key);

	if (rc < 0)
		return rc;
	skip_blanks(r);
	if (peek(r) != '=')
		return refuse(r, "'=' is expected after the key");
	r->at++;
	skip_blanks(r);
	rc = read_value(r, &text, &v);
	if (rc >= 0)
		rc = expect_end(r);
	return rc < 0 ? rc : fn(ctx, strbuf_str(&key), &v, r->e);
}

static int read_line(const char *line, size_t len, toml_fn *fn, void *ctx, struct err *e)
{
	struct reader r = { .at = line, .end = line + len, .e = e };

	if (len > 0 && line[len - 1] == '\r')
		r.end--;
	skip_blanks(&r);
	if (r.at == r.end || *r.at == '#')
		return 0;
	if (*r.at == '[')
		return err_set(e, EINVAL, "tables are not read here: options stand at the top");
	return read_pair(&r, fn, ctx);
}

static int check_text(const char *name, const char *text, size_t len, struct err *e)
{
	if (len > TOML_MAX)
		return err_set(e, EFBIG, "%s: longer than %zu bytes", name, TOML_MAX);
	if (memchr(text, '\0', len) || utf8_span(text, len) != len)
		return err_set(e, EINVAL, "%s: is no text in UTF-8", name);
	return 0;
}

int toml_read(const char *name, const char *text, size_t len, toml_fn *fn, void *ctx, struct err *e)
{
	const char *end = text + len;
	int r = len > 0 ? check_text(name, text, len, e) : 0;

	for (int line = 1; r >= 0 && text < end; line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = stop ? (size_t)(stop - text) : (size_t)(end - text);

		r = read_line(text, n, fn, ctx, e);
		if (r < 0)
			return err_wrap(e, r, "%s: line %d", name, line);
		text += n + (stop != NULL);
	}
	return r < 0 ? r : 0;
}
