/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/template/lex.h"

#include <ctype.h>
#include <errno.h>

#include "libutil/alloc.h"

static const char blanks[] = " \t\r\n";

int lexer_error(const struct lexer *l, const char *what, struct err *e)
{
	size_t left = strlen(l->next);

	return err_set(e, EINVAL, "%s, at character %zu, before '%.20s'", what,
		       (size_t)(l->next - l->start) + 1, left ? l->next : "its end");
}

/* ---- Text ---- */

static bool is_trim(const char *p)
{
	return p[0] == '-' && p[1] && strchr(blanks, p[1]);
}

static size_t without_tail(const char *text, size_t len)
{
	while (len && strchr(blanks, text[len - 1]))
		len--;
	return len;
}

int lexer_text(struct lexer *l, const char **ret, size_t *ret_len, struct err *e)
{
	const char *open;

	if (l->trim)
		l->next += strspn(l->next, blanks);
	l->trim = false;
	open = strstr(l->next, "{{");
	*ret = l->next;
	*ret_len = open ? (size_t)(open - l->next) : strlen(l->next);
	if (!open)
		return 0;
	l->next = open + 2;
	if (is_trim(l->next)) {
		*ret_len = without_tail(*ret, *ret_len);
		l->next++;
	}
	if (!strstr(l->next, "}}"))
		return lexer_error(l, "'}}' is missing", e);
	return 1;
}

/* ---- Words ---- */

static int take(struct lexer *l, enum token_kind kind, const char *from, size_t len)
{
	l->kind = kind;
	l->text = arena_strndup(l->arena, from, len);
	return 0;
}

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_' || (unsigned char)p[n] >= 0x80)
		n++;
	return n;
}

static int escaped(char c)
{
	static const char from[] = "ntr\\\"'", to[] = "\n\t\r\\\"'";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : -1;
}

static int take_string(struct lexer *l, struct err *e)
{
	const char *p = l->next + 1;
	char *out = arena_alloc(l->arena, strcspn(p, "\n") + 1, 1);
	size_t n = 0;

	for (; *p && *p != '\n' && *p != '"'; p++) {
		int c = (unsigned char)*p;

		if (c == '\\') {
			c = escaped(*++p);
			if (c < 0)
				return lexer_error(l, "this '\\' is not known in a text", e);
		}
		out[n++] = (char)c;
	}
	if (*p != '"')
		return lexer_error(l, "the text does not end", e);
	l->next = p + 1;
	l->kind = TOKEN_STRING;
	l->text = out;
	return 0;
}

static int take_raw(struct lexer *l, struct err *e)
{
	const char *end = strchr(l->next + 1, '`');
	const char *from = l->next + 1;

	if (!end)
		return lexer_error(l, "the text does not end", e);
	l->next = end + 1;
	return take(l, TOKEN_STRING, from, (size_t)(end - from));
}

static int take_word(struct lexer *l, struct err *e)
{
	const char *p = l->next;
	size_t n;

	if (*p == '$' || *p == '.') {
		n = word_length(p + 1);
		l->next += n + 1;
		if (*p == '$')
			return take(l, TOKEN_VARIABLE, p, n + 1);
		return take(l, n ? TOKEN_FIELD : TOKEN_DOT, p + 1, n);
	}
	n = (*p == '-') + word_length(p + (*p == '-'));
	if (!n || (n == 1 && *p == '-'))
		return lexer_error(l, "this is not known here", e);
	l->next += n;
	return take(l, isdigit((unsigned char)p[*p == '-']) ? TOKEN_NUMBER : TOKEN_WORD, p, n);
}

static bool take_end(struct lexer *l)
{
	const char *p = l->next;

	if (p[0] == '-' && starts_with(p + 1, "}}")) {
		l->trim = true;
		p++;
	}
	if (!starts_with(p, "}}"))
		return false;
	l->next = p + 2;
	l->kind = TOKEN_END;
	return true;
}

/* Comments stand alone in their braces. */
static int skip_comment(struct lexer *l, struct err *e)
{
	const char *end;

	if (!starts_with(l->next, "/*"))
		return 0;
	end = strstr(l->next + 2, "*/");
	if (!end)
		return lexer_error(l, "the comment does not end", e);
	l->next = end + 2;
	l->next += strspn(l->next, blanks);
	return 0;
}

int lexer_next(struct lexer *l, struct err *e)
{
	static const struct {
		const char *text;
		enum token_kind kind;
	} signs[] = { { "(", TOKEN_OPEN },
		      { ")", TOKEN_CLOSE },
		      { "|", TOKEN_PIPE },
		      { ",", TOKEN_COMMA },
		      { ":=", TOKEN_ASSIGN } };
	size_t skipped = strspn(l->next, blanks);
	int r;

	l->next += skipped;
	l->joined = skipped == 0;
	l->text = NULL;
	r = skip_comment(l, e);
	if (r < 0)
		return r;
	if (take_end(l))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		if (!starts_with(l->next, signs[i].text))
			continue;
		l->next += strlen(signs[i].text);
		l->kind = signs[i].kind;
		return 0;
	}
	if (*l->next == '"')
		return take_string(l, e);
	return *l->next == '`' ? take_raw(l, e) : take_word(l, e);
}
