/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers, truth and times. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/parse.h"
#include "libutil/toml_internal.h"

#define WORD_MAX 128 /* bytes of a number or time */

int toml_refuse(const struct toml_reader *r, const char *what)
{
	auto_(strbuf) struct strbuf seen = { .max = 128 };
	const char *to = r->at;

	while (to < r->end && !strchr(" \t\r\n", *to) && to - r->at < 20)
		to++;
	strbuf_add_printable(&seen, r->at, (size_t)(to - r->at), "");
	return err_set(r->e, EINVAL, "%s, not '%s'", what, strbuf_str(&seen));
}

/* ---- Strings ---- */

static const char escapes[][2] = {
	{ 'b', '\b' }, { 't', '\t' }, { 'n', '\n' },  { 'f', '\f' },
	{ 'r', '\r' }, { '"', '"' },  { '\\', '\\' },
};

static int hex(struct toml_reader *r, int digits, uint32_t *ret)
{
	static const char alphabet[] = "0123456789abcdef";
	uint32_t value = 0;

	for (int i = 0; i < digits; i++) {
		char c = toml_peek(r);
		const char *digit = c ? strchr(alphabet, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

		if (!digit)
			return toml_refuse(r, "a hexadecimal digit is expected");
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

static int read_unicode(struct toml_reader *r, int digits, struct strbuf *out)
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

static int read_escape(struct toml_reader *r, struct strbuf *out)
{
	char c = toml_peek(r);

	for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
		if (escapes[i][0] == c) {
			strbuf_addc(out, escapes[i][1]);
			r->at++;
			return 0;
		}
	if (c != 'u' && c != 'U')
		return toml_refuse(r, "after '\\' stands one of b t n f r \" \\ u U");
	r->at++;
	return read_unicode(r, c == 'u' ? 4 : 8, out);
}

static bool is_newline(const struct toml_reader *r)
{
	return r->at < r->end &&
	       (*r->at == '\n' || (*r->at == '\r' && r->end - r->at > 1 && r->at[1] == '\n'));
}

static void skip_newline(struct toml_reader *r)
{
	r->at += 1 + (*r->at == '\r');
	r->line++;
}

/* Behind a backslash: blanks up to the end of the line, and all blank lines after it, count for
 * nothing.  False when there is something else on the line. */
static bool skip_line_end(struct toml_reader *r)
{
	const char *at = r->at;

	while (at < r->end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == r->end || (*at != '\n' && *at != '\r'))
		return false;
	for (r->at = at; r->at < r->end;) {
		if (is_newline(r))
			skip_newline(r);
		else if (*r->at == ' ' || *r->at == '\t')
			r->at++;
		else
			break;
	}
	return true;
}

static int read_character(struct toml_reader *r, char quote, bool lines, struct strbuf *out)
{
	char c = *r->at;

	if (lines && is_newline(r)) {
		skip_newline(r);
		strbuf_addc(out, '\n');
		return 0;
	}
	r->at++;
	if (c == '\\' && quote == '"')
		return lines && skip_line_end(r) ? 0 : read_escape(r, out);
	if (((unsigned char)c < 0x20 && c != '\t') || c == 0x7f)
		return err_set(r->e, EINVAL, "a control character in a string");
	strbuf_addc(out, c);
	return 0;
}

static size_t count_quotes(const struct toml_reader *r, char quote)
{
	size_t n = 0;

	while (r->at + n < r->end && r->at[n] == quote)
		n++;
	return n;
}

/* Up to two quotes may stand right before the three that end it. */
static int read_lines(struct toml_reader *r, char quote, struct strbuf *out)
{
	if (is_newline(r))
		skip_newline(r);
	while (r->at < r->end) {
		size_t n = count_quotes(r, quote);
		int rc;

		if (n >= 3) {
			size_t inside = n - 3 < 2 ? n - 3 : 2;

			strbuf_add(out, r->at, inside);
			r->at += inside + 3;
			return 0;
		}
		rc = read_character(r, quote, true, out);
		if (rc < 0)
			return rc;
	}
	return err_set(r->e, EINVAL, "the string has no end");
}

int toml_read_string(struct toml_reader *r, bool lines, struct strbuf *out)
{
	char quote = *r->at;

	if (count_quotes(r, quote) >= 3) {
		if (!lines)
			return err_set(r->e, EINVAL, "a key stands on one line");
		r->at += 3;
		return read_lines(r, quote, out);
	}
	for (r->at++; toml_peek(r) != '\n';) {
		int rc;

		if (*r->at == quote) {
			r->at++;
			return 0;
		}
		rc = read_character(r, quote, false, out);
		if (rc < 0)
			return rc;
	}
	return err_set(r->e, EINVAL, "the string has no end");
}

/* ---- Numbers ---- */

static bool is_digit_of(char c, int base)
{
	if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
		return true;
	return c >= '0' && c < '0' + (base < 10 ? base : 10);
}

/* The digits without the underscores, which stand between digits only.  False when something else
 * is there; `out` may be the same memory. */
static bool take_digits(const char *text, size_t len, int base, char *out)
{
	for (size_t i = 0; i < len; i++) {
		bool between = i > 0 && i + 1 < len && is_digit_of(text[i - 1], base) &&
			       is_digit_of(text[i + 1], base);

		if (is_digit_of(text[i], base))
			*out++ = text[i];
		else if (text[i] != '_' || !between)
			return false;
	}
	*out = '\0';
	return len > 0;
}

static bool parse_based(const char *word, int64_t *ret)
{
	static const struct {
		char letter;
		int base;
	} bases[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };
	char digits[WORD_MAX];

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		unsigned long long value;

		if (word[0] != '0' || word[1] != bases[i].letter ||
		    !take_digits(word + 2, strlen(word + 2), bases[i].base, digits))
			continue;
		errno = 0;
		value = strtoull(digits, NULL, bases[i].base);
		if (errno || value > INT64_MAX)
			return false;
		*ret = (int64_t)value;
		return true;
	}
	return false;
}

static bool has_leading_zero(const char *digits)
{
	return digits[0] == '0' && digits[1] != '\0';
}

static bool parse_integer(const char *word, int64_t *ret)
{
	bool sign = *word == '-' || *word == '+';
	char digits[WORD_MAX + 1];

	if (parse_based(word, ret))
		return true;
	digits[0] = '-';
	if (!take_digits(word + sign, strlen(word + sign), 10, digits + 1) ||
	    has_leading_zero(digits + 1))
		return false;
	return parse_i64(*word == '-' ? digits : digits + 1, ret) == 0;
}

/* One run of digits of a fraction, appended to `out`; the rest of the word. */
static const char *take_run(const char *at, bool whole, char *out)
{
	size_t len = strspn(at, "0123456789_");
	char digits[WORD_MAX];

	if (!take_digits(at, len, 10, digits) || (whole && has_leading_zero(digits)))
		return NULL;
	memcpy(out + strlen(out), digits, strlen(digits) + 1);
	return at + len;
}

static const char *take_exponent(const char *at, char *out)
{
	memcpy(out + strlen(out), "e", 2);
	at++;
	if (*at == '+' || *at == '-') {
		memcpy(out + strlen(out), *at == '-' ? "-" : "+", 2);
		at++;
	}
	return take_run(at, false, out);
}

static bool parse_float(const char *word, double *ret)
{
	bool sign = *word == '-' || *word == '+';
	const char *at = word + sign;
	char clean[WORD_MAX + 8] = "";

	if (streq(at, "inf") || streq(at, "nan")) {
		*ret = streq(at, "inf") ? (double)INFINITY : (double)NAN;
		*ret = *word == '-' ? -*ret : *ret;
		return true;
	}
	at = take_run(at, true, clean);
	if (at && *at == '.') {
		memcpy(clean + strlen(clean), ".", 2);
		at = take_run(at + 1, false, clean);
	}
	if (at && (*at == 'e' || *at == 'E'))
		at = take_exponent(at, clean);
	if (!at || *at || !strpbrk(clean, ".e"))
		return false;
	*ret = strtod(clean, NULL);
	*ret = *word == '-' ? -*ret : *ret;
	return true;
}

/* ---- Times ---- */

/* '0' in a shape is a digit. */
static bool has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++) {
		bool digit = *text >= '0' && *text <= '9';

		if (*shape == '0' ? !digit : *text != *shape)
			return false;
	}
	return true;
}

static int two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool is_date(const char *p)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, leap;

	if (!has_shape(p, "0000-00-00"))
		return false;
	year = two(p) * 100 + two(p + 2);
	month = two(p + 5);
	leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month >= 1 && month <= 12 && two(p + 8) >= 1 && two(p + 8) <= days[month - 1] + leap;
}

/* The rest behind a time of the day, NULL when there is none. */
static const char *skip_clock(const char *p)
{
	if (!has_shape(p, "00:00:00") || two(p) > 23 || two(p + 3) > 59 || two(p + 6) > 60)
		return NULL;
	p += 8;
	if (*p == '.') {
		size_t n = strspn(p + 1, "0123456789");

		return n > 0 ? p + 1 + n : NULL;
	}
	return p;
}

static bool is_zone(const char *p)
{
	if (streq(p, "Z") || streq(p, "z"))
		return true;
	return (*p == '+' || *p == '-') && has_shape(p + 1, "00:00") && two(p + 1) <= 23 &&
	       two(p + 4) <= 59 && p[6] == '\0';
}

static bool is_time(const char *word)
{
	const char *rest = skip_clock(word);

	if (rest)
		return *rest == '\0';
	if (!is_date(word))
		return false;
	if (word[10] == '\0')
		return true;
	rest = strchr("Tt ", word[10]) ? skip_clock(word + 11) : NULL;
	return rest && (*rest == '\0' || is_zone(rest));
}

/* ---- All of them ---- */

static bool is_word(char c)
{
	return toml_is_bare(c) || c == '+' || c == '.' || c == ':';
}

/* A blank may stand between a date and a time. */
static size_t word_length(const struct toml_reader *r)
{
	size_t left = (size_t)(r->end - r->at), n = 0;

	while (n < left && n < WORD_MAX &&
	       (is_word(r->at[n]) || (n == 10 && r->at[4] == '-' && r->at[n] == ' ' && left > 11 &&
				      r->at[11] >= '0' && r->at[11] <= '9')))
		n++;
	return n;
}

int toml_read_word(struct toml_reader *r, struct toml *v)
{
	size_t len = word_length(r);
	char word[WORD_MAX];

	if (len > 0 && len < WORD_MAX) {
		memcpy(word, r->at, len);
		word[len] = '\0';
		v->boolean = streq(word, "true");
		if (v->boolean || streq(word, "false"))
			v->kind = TOML_BOOLEAN;
		else if (parse_integer(word, &v->integer))
			v->kind = TOML_INTEGER;
		else if (parse_float(word, &v->real))
			v->kind = TOML_FLOAT;
		else if (is_time(word))
			v->kind = TOML_TIME;
		else
			return toml_refuse(r, "a value is expected");
		v->string = v->kind == TOML_TIME ? arena_strndup(r->arena, word, len) : NULL;
		r->at += len;
		return 0;
	}
	return toml_refuse(r, "a value is expected");
}
