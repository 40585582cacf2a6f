/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/expand.h"

#include <ctype.h>
#include <errno.h>

#include "imagetool/dockerfile/glob.h"
#include "imagetool/dockerfile/lines.h"
#include "libutil/utf8.h"

struct scan {
	const struct expand *x;
	const char *p;
	int depth;
	bool raw; /* a pattern: escapes stay in, so that glob.c sees them */
};

/* Where the result goes: always as text, and cut into words when somebody wants them. */
struct out {
	struct strbuf *text;
	struct strv *words; /* or NULL */
	bool in_word;
};

static void end_word(struct out *o)
{
	if (o->words && o->in_word) {
		strv_add(o->words, strbuf_str(o->text));
		strbuf_truncate(o->text, 0);
	}
	o->in_word = false;
}

static void put_quoted(struct out *o, const char *s, size_t len)
{
	strbuf_add(o->text, s, len);
	o->in_word = true;
}

static void put_plain(struct out *o, const char *s)
{
	if (!o->words) {
		put_quoted(o, s, strlen(s));
		return;
	}
	for (; *s; s++) {
		if (is_blank(*s))
			end_word(o);
		else
			put_quoted(o, s, 1);
	}
}

static int scan_until(struct scan *s, char stop, struct out *o, struct err *e);

/* ---- ${...} ---- */

static int bad(const struct scan *s, struct err *e)
{
	return err_set(e, EINVAL, "syntax error: bad substitution at '%.40s'", s->p);
}

/* The word behind a modifier, up to `stop`, which is passed. */
static int operand(struct scan *s, char stop, bool raw, struct strbuf *ret, struct err *e)
{
	struct out o = { .text = ret };
	bool before = s->raw;
	int r;

	if (++s->depth > EXPAND_DEPTH_MAX)
		return err_set(e, ELOOP, "more than %d substitutions in one another",
			       EXPAND_DEPTH_MAX);
	s->raw = raw;
	r = scan_until(s, stop, &o, e);
	s->raw = before;
	s->depth--;
	if (r < 0)
		return r;
	if (*s->p != stop)
		return err_set(e, EINVAL, "syntax error: missing '%c'", stop);
	s->p++;
	return 0;
}

/* `:-`, `-`, `:+`, `+`, `:?`, `?` */
static int with_default(struct scan *s, char kind, bool null_counts, const char *name,
			const char *value, struct strbuf *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { .max = EXPAND_MAX };
	bool have = value && (*value || !null_counts);
	int r = operand(s, '}', false, &word, e);

	if (r < 0)
		return r;
	if (kind == '+') {
		if (have)
			strbuf_add(ret, strbuf_str(&word), word.len);
		return 0;
	}
	if (have) {
		strbuf_adds(ret, value);
		return 0;
	}
	if (kind == '?')
		return err_set(e, EINVAL, "%.80s: %.200s", name,
			       word.len > 0  ? strbuf_str(&word)
			       : null_counts ? "not allowed to be unset or empty"
					     : "not allowed to be unset");
	strbuf_add(ret, strbuf_str(&word), word.len);
	return 0;
}

/* Looking for a star everywhere takes the square of the value. */
static int check_pattern_size(const char *value, const struct strbuf *pattern, bool anywhere,
			      struct err *e)
{
	bool star = anywhere && strchr(strbuf_str(pattern), '*');

	if (star && strlen(value) > EXPAND_STAR_MAX)
		return err_set(e, E2BIG,
			       "a value of more than %zu bytes is not searched by a pattern "
			       "with '*'",
			       EXPAND_STAR_MAX);
	if (strlen(value) > EXPAND_PATTERN_MAX)
		return err_set(e, E2BIG,
			       "a value of more than %zu bytes is not searched by pattern",
			       EXPAND_PATTERN_MAX);
	return 0;
}

/* Bytes of the character at `p`; what is no UTF-8 goes byte by byte. */
static size_t character(const char *p, size_t len)
{
	size_t n = utf8_length(p, len);

	return n > 0 ? n : 1;
}

/* Where the suffix of `value` begins that matches; its end when none does. */
static size_t suffix(const char *pattern, const char *value, bool longest)
{
	size_t len = strlen(value), found = len;

	for (size_t i = 0; i <= len; i += character(value + i, len - i)) {
		if (glob_prefix(pattern, value + i, len - i, true) != (ssize_t)(len - i))
			continue;
		found = i;
		if (longest)
			break;
	}
	return found;
}

/* `#`, `##`, `%`, `%%` */
static int trimmed(struct scan *s, char kind, const char *value, struct strbuf *ret, struct err *e)
{
	auto_(strbuf) struct strbuf pattern = { .max = EXPAND_PATTERN_MAX };
	bool longest = *s->p == kind;
	ssize_t n;
	int r;

	s->p += longest;
	r = operand(s, '}', true, &pattern, e);
	if (r >= 0)
		r = check_pattern_size(value, &pattern, kind == '%', e);
	if (r < 0)
		return r;
	if (kind == '%') {
		strbuf_add(ret, value, suffix(strbuf_str(&pattern), value, longest));
		return 0;
	}
	n = glob_prefix(strbuf_str(&pattern), value, strlen(value), longest);
	strbuf_adds(ret, value + (n > 0 ? n : 0));
	return 0;
}

static void replace(const char *pattern, const char *with, bool all, const char *value,
		    struct strbuf *ret)
{
	size_t len = strlen(value), i = 0;

	while (i < len) {
		ssize_t n = glob_prefix(pattern, value + i, len - i, true);

		if (n <= 0) {
			n = (ssize_t)character(value + i, len - i);
			strbuf_add(ret, value + i, (size_t)n);
			i += (size_t)n;
			continue;
		}
		strbuf_adds(ret, with);
		i += (size_t)n;
		if (!all)
			break;
	}
	strbuf_adds(ret, value + i);
}

/* `/p/w`, `//p/w` */
static int replaced(struct scan *s, const char *value, struct strbuf *ret, struct err *e)
{
	auto_(strbuf) struct strbuf pattern = { .max = EXPAND_PATTERN_MAX };
	auto_(strbuf) struct strbuf with = { .max = EXPAND_MAX };
	bool all = *s->p == '/';
	int r;

	s->p += all;
	r = operand(s, '/', true, &pattern, e);
	if (r >= 0)
		r = operand(s, '}', false, &with, e);
	if (r >= 0)
		r = check_pattern_size(value, &pattern, true, e);
	if (r < 0)
		return r;
	replace(strbuf_str(&pattern), strbuf_str(&with), all, value, ret);
	return 0;
}

/* ---- Names ---- */

static void take_name(struct scan *s, struct strbuf *ret)
{
	const char *p = s->p;

	if (isdigit((unsigned char)*p)) {
		while (isdigit((unsigned char)*p))
			p++;
	} else if (*p && strchr("@*#?-$!", *p)) {
		p++;
	} else {
		while (isalnum((unsigned char)*p) || *p == '_')
			p++;
	}
	strbuf_add(ret, s->p, (size_t)(p - s->p));
	s->p = p;
}

static const char *value_of(const struct scan *s, const char *name, bool plain)
{
	const char *value = s->x->get(s->x->ctx, name);

	if (!value && plain && s->x->unset)
		s->x->unset(s->x->ctx, name);
	return value;
}

/* Behind "${name". */
static int modified(struct scan *s, const char *name, struct strbuf *ret, struct err *e)
{
	bool null_counts = *s->p == ':';
	const char *value;
	char kind = s->p[null_counts];

	if (*s->p == '}') {
		s->p++;
		strbuf_adds(ret, (value = value_of(s, name, true)) ? value : "");
		return 0;
	}
	if (!*s->p)
		return err_set(e, EINVAL, "syntax error: missing '}'");
	value = value_of(s, name, false);
	if (kind && strchr("-+?", kind)) {
		s->p += 1 + null_counts;
		return with_default(s, kind, null_counts, name, value, ret, e);
	}
	if (null_counts || !strchr("#%/", kind))
		return err_set(e, EINVAL, "unsupported modifier (%.2s) in substitution", s->p);
	s->p++;
	if (kind == '/')
		return replaced(s, value ? value : "", ret, e);
	return trimmed(s, kind, value ? value : "", ret, e);
}

/* Behind the dollar sign. */
static int dollar(struct scan *s, struct strbuf *ret, bool *ret_keep, struct err *e)
{
	auto_(strbuf) struct strbuf name = { 0 };
	bool braces = *s->p == '{';
	const char *value;

	s->p += braces;
	if (braces && (*s->p == '}' || *s->p == ':'))
		return bad(s, e);
	take_name(s, &name);
	*ret_keep = s->x->keep_unset && name.len > 0 && !s->x->get(s->x->ctx, strbuf_str(&name));
	if (braces)
		return name.len > 0 ? modified(s, strbuf_str(&name), ret, e) : bad(s, e);
	if (name.len == 0) {
		strbuf_addc(ret, '$');
		return 0;
	}
	value = value_of(s, strbuf_str(&name), true);
	strbuf_adds(ret, value ? value : "");
	return 0;
}

static int put_dollar(struct scan *s, bool quoted, struct out *o, struct err *e)
{
	auto_(strbuf) struct strbuf value = { .max = EXPAND_MAX };
	const char *begin = s->p++;
	bool keep = false;
	int r = dollar(s, &value, &keep, e);

	if (r >= 0)
		r = strbuf_check(&value, "the value of a substitution", e);
	if (r < 0)
		return r;
	if (keep) {
		strbuf_truncate(&value, 0);
		strbuf_add(&value, begin, (size_t)(s->p - begin));
	}
	if (quoted)
		put_quoted(o, strbuf_str(&value), value.len);
	else
		put_plain(o, strbuf_str(&value));
	return 0;
}

/* ---- Quotes and the rest ---- */

static int unclosed(char quote, struct err *e)
{
	return err_set(e, EINVAL, "unexpected end of statement while looking for matching %s-quote",
		       quote == '"' ? "double" : "single");
}

static int single_quoted(struct scan *s, struct out *o, struct err *e)
{
	const char *begin = ++s->p, *end = strchr(begin, '\'');

	if (!end)
		return unclosed('\'', e);
	if (s->x->show_quotes)
		put_quoted(o, begin - 1, (size_t)(end - begin) + 2);
	else
		put_quoted(o, begin, (size_t)(end - begin));
	s->p = end + 1;
	return 0;
}

static int double_quoted(struct scan *s, struct out *o, struct err *e)
{
	int r = 0;

	put_quoted(o, "\"", s->x->show_quotes);
	for (s->p++; r >= 0 && *s->p != '"';) {
		if (!*s->p)
			return unclosed('"', e);
		if (*s->p == '$') {
			r = put_dollar(s, true, o, e);
			continue;
		}
		/* Before other characters an escape is just itself. */
		if (*s->p == s->x->escape && s->p[1] &&
		    (s->p[1] == '"' || s->p[1] == '$' || s->p[1] == s->x->escape)) {
			if (s->raw)
				put_quoted(o, s->p, 1);
			s->p++;
		}
		put_quoted(o, s->p++, 1);
	}
	if (r >= 0)
		put_quoted(o, s->p++, s->x->show_quotes);
	return r;
}

static void escaped(struct scan *s, struct out *o)
{
	if (s->raw)
		put_quoted(o, s->p, 1);
	s->p++;
	if (*s->p)
		put_quoted(o, s->p++, 1);
}

/* Stops at `stop`, which is not passed, or at the end. */
static int scan_until(struct scan *s, char stop, struct out *o, struct err *e)
{
	int r = 0;

	while (r >= 0 && *s->p && *s->p != stop) {
		char c = *s->p;

		if (c == '\'' && !s->x->keep_quotes) {
			r = single_quoted(s, o, e);
		} else if (c == '"' && !s->x->keep_quotes) {
			r = double_quoted(s, o, e);
		} else if (c == '$') {
			r = put_dollar(s, false, o, e);
		} else if (c == s->x->escape) {
			escaped(s, o);
		} else {
			char text[2] = { c, '\0' };

			put_plain(o, text);
			s->p++;
		}
		if (r >= 0)
			r = strbuf_check(o->text, "the expanded text", e);
	}
	return r;
}

int expand_text(const struct expand *x, const char *word, struct strbuf *ret, struct err *e)
{
	struct scan s = { .x = x, .p = word };
	struct out o = { .text = ret };

	if (!ret->max)
		ret->max = EXPAND_MAX;
	if (x->literal) {
		strbuf_adds(ret, word);
		return strbuf_check(ret, "the text", e);
	}
	return scan_until(&s, '\0', &o, e);
}

int expand_words(const struct expand *x, const char *text, struct strv *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { .max = EXPAND_MAX };
	struct scan s = { .x = x, .p = text };
	struct out o = { .text = &word, .words = ret };
	int r;

	if (x->literal) {
		strv_add(ret, text);
		return 0;
	}
	r = scan_until(&s, '\0', &o, e);
	if (r >= 0)
		end_word(&o);
	return r;
}
