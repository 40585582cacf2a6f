/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/gvariant.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "libutil/utf8.h"
#include "runtime/systemd/gvariant_type.h"

/* First the text becomes a tree whose types are as open as the text leaves them (`type` holds '#',
 * 'S' and '*', and numbers are still text), then every value gets its type from above. */
struct parser {
	const char *text, *at;
	struct arena *a;
	int depth;
};

static const struct {
	const char *word;
	char type;
} type_words[] = {
	{ "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' },      { "uint16", 'q' },
	{ "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' },      { "uint64", 't' },
	{ "double", 'd' },  { "string", 's' }, { "objectpath", 'o' }, { "signature", 'g' },
};

static int refuse(const struct parser *p, struct err *e, const char *why)
{
	return err_set(e, EINVAL, "column %zu: %s", (size_t)(p->at - p->text) + 1, why);
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static int parse_value(struct parser *p, struct gvariant *v, struct err *e);

/* ---- leaves ---- */

static int read_hex(const char *at, size_t digits, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		char c = at[i];

		if (!isxdigit((unsigned char)c))
			return -EINVAL;
		value = value * 16 +
			(uint32_t)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	*ret = value;
	return 0;
}

static void add_utf8(struct strbuf *out, uint32_t c)
{
	if (c < 0x80) {
		strbuf_addc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		strbuf_addc(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			strbuf_addc(out, (char)(0xe0 | c >> 12));
		} else {
			strbuf_addc(out, (char)(0xf0 | c >> 18));
			strbuf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		strbuf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	strbuf_addc(out, (char)(0x80 | (c & 0x3f)));
}

/* After a backslash.  Escapes that mean control characters are refused with the rest below. */
static int parse_escape(struct parser *p, struct strbuf *out, struct err *e)
{
	uint32_t c = 0;
	size_t digits = *p->at == 'u' ? 4 : *p->at == 'U' ? 8 : 0;

	if (*p->at != '\0' && strchr("\\'\"", *p->at)) {
		strbuf_addc(out, *p->at++);
		return 0;
	}
	if (digits == 0 || read_hex(p->at + 1, digits, &c) < 0 || c > 0x10ffff)
		return refuse(p, e, "unknown escape");
	p->at += 1 + digits;
	add_utf8(out, c);
	return 0;
}

/* They could end a line of whatever file the value is written to. */
static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static int parse_string(struct parser *p, struct gvariant *v, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = GVARIANT_TEXT_MAX };
	char quote = *p->at++;
	int r = 0;

	while (*p->at != quote) {
		if (*p->at == '\0')
			return refuse(p, e, "the string does not end");
		if (*p->at != '\\') {
			strbuf_addc(&out, *p->at++);
			continue;
		}
		p->at++;
		r = parse_escape(p, &out, e);
		if (r < 0)
			return r;
	}
	p->at++;
	/* NUL from an escape counts as control character, as the length shows. */
	if (strlen(strbuf_str(&out)) != out.len || has_control(strbuf_str(&out)))
		return refuse(p, e, "control characters are not allowed");
	if (utf8_span(strbuf_str(&out), out.len) != out.len)
		return refuse(p, e, "not UTF-8");
	v->kind = GVARIANT_STRING;
	v->type = "S";
	v->text = arena_strdup(p->a, strbuf_str(&out));
	return 0;
}

static int parse_number(struct parser *p, struct gvariant *v, struct err *e)
{
	size_t len = strspn(p->at, "+-.0123456789abcdefABCDEFxX");
	const char *digits = p->at + strspn(p->at, "+-");
	bool hex = digits[0] == '0' && (digits[1] | 0x20) == 'x';
	char *text = arena_strndup(p->a, p->at, len);

	if (*digits == '0' && isdigit((unsigned char)digits[1]))
		return refuse(p, e, "octal numbers are not understood");
	v->text = text;
	v->kind = !hex && strpbrk(text, ".eE") ? GVARIANT_REAL : GVARIANT_INT;
	v->type = v->kind == GVARIANT_REAL ? "d" : "#";
	p->at += len;
	return 0;
}

/* ---- containers ---- */

static int add_item(struct parser *p, struct gvariant *v, size_t *cap, struct err *e)
{
	if (v->n == *cap) {
		*cap = *cap ? *cap * 2 : 4;
		v->items = arena_grow(p->a, v->items, v->n, *cap, sizeof(*v->items));
	}
	v->items[v->n] = (struct gvariant){ 0 };
	return parse_value(p, &v->items[v->n++], e);
}

/* After the opening bracket. */
static int parse_items(struct parser *p, struct gvariant *v, char end, struct err *e)
{
	size_t cap = 0;
	bool comma = false;

	while (!take(p, end)) {
		int r;

		if (v->n > 0 && !comma)
			return refuse(p, e, "',' or the closing bracket is missing");
		r = add_item(p, v, &cap, e);
		if (r < 0)
			return r;
		comma = take(p, ',');
		/* A tuple of one is written with a comma, an array never ends with one. */
		if (comma && end == ']') {
			skip_blanks(p);
			if (*p->at == ']')
				return refuse(p, e, "an item is missing");
		}
	}
	if (end == ')' && (v->n == 0 || comma != (v->n == 1)))
		return refuse(p, e, "not a tuple");
	return 0;
}

static int parse_array(struct parser *p, struct gvariant *v, struct err *e)
{
	const char *item = "*";
	int r = parse_items(p, v, ']', e);

	if (r < 0)
		return r;
	for (size_t i = 0; item && i < v->n; i++)
		item = i == 0 ? v->items[0].type
			      : gvariant_type_unify(p->a, item, v->items[i].type);
	if (!item)
		return refuse(p, e, "the items of an array are of different types");
	v->kind = GVARIANT_ARRAY;
	v->type = arena_printf(p->a, "a%s", item);
	return 0;
}

static int parse_tuple(struct parser *p, struct gvariant *v, struct err *e)
{
	auto_(strbuf) struct strbuf type = { 0 };
	int r = parse_items(p, v, ')', e);

	if (r < 0)
		return r;
	strbuf_addc(&type, '(');
	for (size_t i = 0; i < v->n; i++)
		strbuf_adds(&type, v->items[i].type);
	strbuf_addc(&type, ')');
	v->kind = GVARIANT_TUPLE;
	v->type = arena_strdup(p->a, strbuf_str(&type));
	return 0;
}

/* ---- types from above ---- */

bool gvariant_is_unsigned(char type)
{
	return type != '\0' && strchr("yqut", type);
}

bool gvariant_is_signed(char type)
{
	return type != '\0' && strchr("nix", type);
}

static int settle_int(struct gvariant *v, char type)
{
	static const uint64_t most_of[] = {
		['y'] = UINT8_MAX, ['q'] = UINT16_MAX, ['u'] = UINT32_MAX, ['t'] = UINT64_MAX,
		['n'] = INT16_MAX, ['i'] = INT32_MAX,  ['x'] = INT64_MAX
	};
	bool negative = *v->text == '-';
	const char *digits = v->text + (negative || *v->text == '+');
	uint64_t most = most_of[(unsigned char)type];
	char *end;

	if (!isdigit((unsigned char)*digits))
		return -EINVAL;
	errno = 0;
	v->u = strtoull(digits, &end, 0);
	if (*end != '\0')
		return -EINVAL;
	if (negative && gvariant_is_signed(type))
		most++;
	else if (negative)
		return -ERANGE;
	if (errno == ERANGE || v->u > most)
		return -ERANGE;
	/* The smallest number has no positive twin. */
	v->i = negative ? -(int64_t)(v->u - (v->u > 0)) - (v->u > 0) : (int64_t)(v->u & INT64_MAX);
	return 0;
}

static int settle_real(struct gvariant *v)
{
	char *end;

	if (strpbrk(v->text, "xX"))
		return -EINVAL;
	v->kind = GVARIANT_REAL;
	v->real = strtod(v->text, &end);
	if (end == v->text || *end != '\0')
		return -EINVAL;
	return isfinite(v->real) ? 0 : -ERANGE;
}

/* What the bus would refuse anyway, with a less clear message. */
static int check_text(const char *text, char type)
{
	if (type == 'o' && (*text != '/' || strspn(text, "/_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							 "abcdefghijklmnopqrstuvwxyz"
							 "0123456789") != strlen(text)))
		return -EINVAL;
	if (type == 'g')
		while (text && *text)
			text = gvariant_type_end(text);
	return text ? 0 : -EINVAL;
}

static int settle(struct gvariant *v, const char *type, struct arena *a);

static int settle_leaf(struct gvariant *v, char type)
{
	switch (v->kind) {
	case GVARIANT_BOOL:
		return type == 'b' ? 0 : -EINVAL;
	case GVARIANT_INT:
		if (type == 'd')
			return settle_real(v);
		return gvariant_is_signed(type) || gvariant_is_unsigned(type) ? settle_int(v, type)
									      : -EINVAL;
	case GVARIANT_REAL:
		return type == 'd' ? settle_real(v) : -EINVAL;
	case GVARIANT_STRING:
		return strchr("sog", type) ? check_text(v->text, type) : -EINVAL;
	case GVARIANT_ARRAY:
	case GVARIANT_TUPLE:
		break;
	}
	return -EINVAL;
}

static int settle_items(struct gvariant *v, const char *type, struct arena *a)
{
	const char *item = type + 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++) {
		const char *end = gvariant_type_end(item);

		if (!end)
			return -EINVAL;
		r = settle(&v->items[i], arena_strndup(a, item, (size_t)(end - item)), a);
		if (*type == '(')
			item = end;
	}
	return r == 0 && *type == '(' && *item != ')' ? -EINVAL : r;
}

/* A value whose type was given may only stand where that type belongs. */
static int settle(struct gvariant *v, const char *type, struct arena *a)
{
	if ((v->kind == GVARIANT_ARRAY) != (*type == 'a') ||
	    (v->kind == GVARIANT_TUPLE) != (*type == '('))
		return -EINVAL;
	if (!strpbrk(v->type, "#S*") && !streq(v->type, type))
		return -EINVAL;
	v->type = type;
	return *type == 'a' || *type == '(' ? settle_items(v, type, a) : settle_leaf(v, *type);
}

static int give_type(struct parser *p, struct gvariant *v, const char *type, struct err *e)
{
	int r = settle(v, type, p->a);

	if (r == -ERANGE)
		return refuse(p, e, "a number is out of the range of its type");
	return r < 0 ? refuse(p, e, "a value is not of its type") : 0;
}

/* ---- words ---- */

static int parse_typed(struct parser *p, struct gvariant *v, const char *type, struct err *e)
{
	int r = parse_value(p, v, e);

	return r < 0 ? r : give_type(p, v, type, e);
}

static int parse_word(struct parser *p, struct gvariant *v, struct err *e)
{
	size_t len = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	const char *word = arena_strndup(p->a, p->at, len);

	for (size_t i = 0; i < ARRAY_LEN(type_words); i++) {
		if (!streq(word, type_words[i].word))
			continue;
		p->at += len;
		return parse_typed(p, v, arena_printf(p->a, "%c", type_words[i].type), e);
	}
	if (!streq(word, "true") && !streq(word, "false"))
		return refuse(p, e, "not a value");
	p->at += len;
	*v = (struct gvariant){ .kind = GVARIANT_BOOL, .type = "b", .b = *word == 't' };
	return 0;
}

/* "@as []" */
static int parse_annotated(struct parser *p, struct gvariant *v, struct err *e)
{
	const char *type = ++p->at;
	const char *end = gvariant_type_end(type);

	if (!end || (*end != ' ' && *end != '\t'))
		return refuse(p, e, "'@' wants a type that systemd's properties can have");
	p->at = end;
	return parse_typed(p, v, arena_strndup(p->a, type, (size_t)(end - type)), e);
}

static int parse_one(struct parser *p, struct gvariant *v, struct err *e)
{
	char c = *p->at;

	if (take(p, '['))
		return parse_array(p, v, e);
	if (take(p, '('))
		return parse_tuple(p, v, e);
	if (c == '\'' || c == '"')
		return parse_string(p, v, e);
	if (c == '@')
		return parse_annotated(p, v, e);
	if (c == '+' || c == '-' || isdigit((unsigned char)c))
		return parse_number(p, v, e);
	return parse_word(p, v, e);
}

static int parse_value(struct parser *p, struct gvariant *v, struct err *e)
{
	int r;

	skip_blanks(p);
	if (++p->depth > GVARIANT_DEPTH)
		return refuse(p, e, "nested too deeply");
	r = parse_one(p, v, e);
	p->depth--;
	return r;
}

int gvariant_parse(const char *text, struct arena *a, struct gvariant **ret, struct err *e)
{
	struct parser p = { .text = text, .at = text, .a = a };
	struct gvariant *v = arena_alloc(a, 1, sizeof(*v));
	char *type;
	int r;

	if (strlen(text) > GVARIANT_TEXT_MAX)
		return err_set(e, E2BIG, "longer than %zu bytes", GVARIANT_TEXT_MAX);
	r = parse_value(&p, v, e);
	if (r < 0)
		return r;
	skip_blanks(&p);
	if (*p.at != '\0')
		return refuse(&p, e, "more text after the value");
	type = arena_strdup(a, v->type);
	if (gvariant_type_settle(type) < 0)
		return refuse(&p, e, "an empty array needs its type in front, as in '@as []'");
	r = give_type(&p, v, type, e);
	if (r == 0)
		*ret = v;
	return r;
}

void gvariant_quote(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
	strbuf_addc(out, '\'');
}
