/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, keys and arrays: what may be said where, and how often. */
#include "libutil/toml.h"

#include <errno.h>
#include <string.h>

#include "libutil/toml_internal.h"
#include "libutil/utf8.h"

/* How a table or array came to be decides who may add to it. */
enum flag {
	BY_HEADER = 1 << 0,   /* [table]: once only */
	BY_DOTS = 1 << 1,     /* a.b = 1 made a: more dotted keys of the same table may add */
	CLOSED = 1 << 2,      /* { } and [ ]: complete as written */
	BY_BRACKETS = 1 << 3, /* [[array]]: more of them add */
};

static const char *const kind_text[] = {
#define X(name, text) [TOML_##name] = text,
	TOML_KINDS(X)
#undef X
};

const char *toml_kind_text(enum toml_kind kind)
{
	return kind_text[kind];
}

const struct toml *toml_get(const struct toml *t, const char *key)
{
	if (!t || t->kind != TOML_TABLE)
		return NULL;
	for (const struct toml *v = t->first; v; v = v->next) {
		if (streq(v->key, key))
			return v;
	}
	return NULL;
}

/* ---- The tree ---- */

static struct toml *find(struct toml *t, const char *key)
{
	struct toml *v = t->first;

	while (v && !streq(v->key, key))
		v = v->next;
	return v;
}

/* NULL when there are too many. */
static struct toml *append(struct toml_reader *r, struct toml *t, const char *key)
{
	struct toml *v;

	if (++r->values > TOML_MAX_VALUES) {
		(void)err_set(r->e, E2BIG, "more than %d values", TOML_MAX_VALUES);
		return NULL;
	}
	v = arena_alloc(r->arena, 1, sizeof(*v));
	v->key = key;
	v->line = r->line;
	if (t->last)
		t->last->next = v;
	else
		t->first = v;
	t->last = v;
	t->n++;
	return v;
}

static struct toml *append_table(struct toml_reader *r, struct toml *t, const char *key,
				 unsigned flags)
{
	struct toml *v = append(r, t, key);

	if (v) {
		v->kind = TOML_TABLE;
		v->flags = flags;
	}
	return v;
}

static int twice(const struct toml_reader *r, const struct toml *v)
{
	return err_set(r->e, EINVAL, "'%.100s' stands on line %d already", v->key, v->line);
}

/* ---- Blanks and lines ---- */

static void skip_blanks(struct toml_reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

static int skip_comment(struct toml_reader *r)
{
	for (; r->at < r->end && *r->at != '\n'; r->at++) {
		unsigned char c = (unsigned char)*r->at;
		bool line_end = c == '\r' && r->end - r->at > 1 && r->at[1] == '\n';

		if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7f)
			return err_set(r->e, EINVAL, "a control character in a comment");
	}
	return 0;
}

/* Blanks and a comment, then the end of the line.  1: it was the end; 0: something stands here. */
static int line_end(struct toml_reader *r)
{
	int rc;

	skip_blanks(r);
	if (toml_peek(r) == '#') {
		rc = skip_comment(r);
		if (rc < 0)
			return rc;
	}
	if (r->at == r->end)
		return 1;
	if (*r->at == '\r' && r->end - r->at > 1 && r->at[1] == '\n')
		r->at++;
	if (*r->at != '\n')
		return 0;
	r->at++;
	r->line++;
	return 1;
}

/* Inside an array blank lines and comments count for nothing. */
static int skip_lines(struct toml_reader *r)
{
	int rc;

	do
		rc = line_end(r);
	while (rc > 0 && r->at < r->end);
	return rc < 0 ? rc : 0;
}

/* ---- Keys ---- */

static int read_key(struct toml_reader *r, const char **ret)
{
	auto_(strbuf) struct strbuf text = { .max = TOML_MAX };
	bool quoted = toml_peek(r) == '"' || toml_peek(r) == '\'';
	int rc = 0;

	if (quoted)
		rc = toml_read_string(r, false, &text);
	else
		while (toml_is_bare(toml_peek(r)))
			strbuf_addc(&text, *r->at++);
	if (rc < 0)
		return rc;
	if (!quoted && text.len == 0)
		return toml_refuse(r, "a key is expected");
	*ret = arena_strndup(r->arena, strbuf_str(&text), text.len);
	return 0;
}

/* A step down on the way to a dotted key's last part, NULL when there is none. */
typedef struct toml *step_fn(struct toml_reader *r, struct toml *t, const char *key);

/* Everything before the last part is walked by `step`; *ret_table is where the last part belongs.
 */
static int read_path(struct toml_reader *r, struct toml *t, step_fn *step, struct toml **ret_table,
		     const char **ret_key)
{
	const char *key = NULL;

	for (int depth = 0;; depth++) {
		int rc;

		skip_blanks(r);
		rc = read_key(r, &key);
		if (rc < 0)
			return rc;
		skip_blanks(r);
		if (toml_peek(r) != '.')
			break;
		if (depth + r->depth == TOML_MAX_DEPTH)
			return err_set(r->e, E2BIG, "more than %d tables in one another",
				       TOML_MAX_DEPTH);
		r->at++;
		t = step(r, t, key);
		if (!t)
			return -EINVAL;
	}
	*ret_table = t;
	*ret_key = key;
	return 0;
}

/* In [a.b.c]: tables on the way may be there already, of arrays the last one is meant. */
static struct toml *step_header(struct toml_reader *r, struct toml *t, const char *key)
{
	struct toml *v = find(t, key);

	if (!v)
		return append_table(r, t, key, 0);
	if (v->kind == TOML_ARRAY && (v->flags & BY_BRACKETS))
		return v->last;
	if (v->kind == TOML_TABLE && !(v->flags & CLOSED))
		return v;
	(void)twice(r, v);
	return NULL;
}

/* In a.b.c = 1: only what dotted keys made can be added to. */
static struct toml *step_dots(struct toml_reader *r, struct toml *t, const char *key)
{
	struct toml *v = find(t, key);

	if (!v)
		return append_table(r, t, key, BY_DOTS);
	if (v->kind == TOML_TABLE && (v->flags & BY_DOTS) && !(v->flags & CLOSED))
		return v;
	(void)twice(r, v);
	return NULL;
}

/* ---- Values ---- */

static int read_value(struct toml_reader *r, struct toml *v);

static int read_pair(struct toml_reader *r, struct toml *t)
{
	struct toml *table, *v;
	const char *key;
	int rc = read_path(r, t, step_dots, &table, &key);

	if (rc < 0)
		return rc;
	v = find(table, key);
	if (v)
		return twice(r, v);
	if (toml_peek(r) != '=')
		return toml_refuse(r, "'=' is expected after the key");
	r->at++;
	skip_blanks(r);
	v = append(r, table, key);
	return v ? read_value(r, v) : -E2BIG;
}

static int read_array(struct toml_reader *r, struct toml *array)
{
	array->kind = TOML_ARRAY;
	array->flags = CLOSED;
	for (r->at++;;) {
		int rc = skip_lines(r);
		struct toml *v;

		if (rc < 0)
			return rc;
		if (toml_peek(r) == ']')
			break;
		v = append(r, array, "");
		rc = v ? read_value(r, v) : -E2BIG;
		if (rc >= 0)
			rc = skip_lines(r);
		if (rc < 0)
			return rc;
		if (toml_peek(r) == ']')
			break;
		if (toml_peek(r) != ',')
			return toml_refuse(r, "',' or ']' is expected in an array");
		r->at++;
	}
	r->at++;
	return 0;
}

/* Nobody adds to an inline table, nor to those that its dotted keys made. */
static void close_table(struct toml *t)
{
	t->flags |= CLOSED;
	for (struct toml *v = t->first; v; v = v->next) {
		if (v->kind == TOML_TABLE && !(v->flags & CLOSED))
			close_table(v);
	}
}

static int read_inline_table(struct toml_reader *r, struct toml *table)
{
	table->kind = TOML_TABLE;
	r->at++;
	skip_blanks(r);
	while (table->n > 0 || toml_peek(r) != '}') {
		int rc = read_pair(r, table);

		if (rc < 0)
			return rc;
		skip_blanks(r);
		if (toml_peek(r) == '}')
			break;
		if (toml_peek(r) != ',')
			return toml_refuse(r, "',' or '}' is expected in an inline table");
		r->at++;
	}
	r->at++;
	close_table(table);
	return 0;
}

static int read_nested(struct toml_reader *r, struct toml *v)
{
	int rc;

	if (r->depth == TOML_MAX_DEPTH)
		return err_set(r->e, E2BIG, "more than %d tables in one another", TOML_MAX_DEPTH);
	r->depth++;
	rc = *r->at == '[' ? read_array(r, v) : read_inline_table(r, v);
	r->depth--;
	return rc;
}

static int read_value(struct toml_reader *r, struct toml *v)
{
	auto_(strbuf) struct strbuf text = { .max = TOML_MAX };
	int rc;

	v->line = r->line;
	if (r->at < r->end && (*r->at == '[' || *r->at == '{'))
		return read_nested(r, v);
	if (toml_peek(r) != '"' && toml_peek(r) != '\'')
		return toml_read_word(r, v);
	rc = toml_read_string(r, true, &text);
	v->kind = TOML_STRING;
	v->string = arena_strndup(r->arena, strbuf_str(&text), text.len);
	return rc;
}

/* ---- Headers ---- */

static int open_table(struct toml_reader *r, struct toml *t, const char *key, struct toml **ret)
{
	struct toml *v = find(t, key);

	if (v && (v->kind != TOML_TABLE || v->flags))
		return twice(r, v);
	if (!v)
		v = append_table(r, t, key, 0);
	if (!v)
		return -E2BIG;
	v->flags = BY_HEADER;
	v->line = r->line;
	*ret = v;
	return 0;
}

static int open_element(struct toml_reader *r, struct toml *t, const char *key, struct toml **ret)
{
	struct toml *v = find(t, key), *element;

	if (v && !(v->flags & BY_BRACKETS))
		return twice(r, v);
	if (!v) {
		v = append(r, t, key);
		if (!v)
			return -E2BIG;
		v->kind = TOML_ARRAY;
		v->flags = BY_BRACKETS;
	}
	element = append_table(r, v, "", BY_HEADER);
	*ret = element;
	return element ? 0 : -E2BIG;
}

static int read_header(struct toml_reader *r, struct toml *root, struct toml **ret)
{
	bool element = r->end - r->at > 1 && r->at[1] == '[';
	struct toml *t;
	const char *key;
	int rc;

	r->at += 1 + element;
	rc = read_path(r, root, step_header, &t, &key);
	if (rc < 0)
		return rc;
	for (int i = 0; i < 1 + element; i++, r->at++) {
		if (toml_peek(r) != ']')
			return toml_refuse(r, "']' is expected after a table's name");
	}
	return element ? open_element(r, t, key, ret) : open_table(r, t, key, ret);
}

/* ---- The document ---- */

static int read_expression(struct toml_reader *r, struct toml *root, struct toml **table)
{
	int rc = *r->at == '[' ? read_header(r, root, table) : read_pair(r, *table);

	if (rc < 0)
		return rc;
	rc = line_end(r);
	return rc == 0 ? toml_refuse(r, "the line ends here") : rc;
}

static int read_document(struct toml_reader *r, struct toml *root)
{
	struct toml *table = root;
	int rc = 0;

	while (rc >= 0 && r->at < r->end) {
		rc = line_end(r);
		if (rc == 0)
			rc = read_expression(r, root, &table);
	}
	return rc;
}

int toml_parse(const char *name, const char *text, size_t len, struct arena *a, struct toml **ret,
	       struct err *e)
{
	struct toml_reader r = { .at = text, .end = text + len, .line = 1, .arena = a, .e = e };
	struct toml *root = arena_alloc(a, 1, sizeof(*root));
	int rc;

	if (len > TOML_MAX)
		return err_set(e, EFBIG, "%s: longer than %zu bytes", name, TOML_MAX);
	if (len > 0 && (memchr(text, '\0', len) || utf8_span(text, len) != len))
		return err_set(e, EINVAL, "%s: is no text in UTF-8", name);
	/* A byte order mark, which the specification allows at the start. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.at += 3;
	root->kind = TOML_TABLE;
	root->key = "";
	rc = read_document(&r, root);
	if (rc < 0)
		return err_wrap(e, rc, "%s: line %d", name, r.line);
	*ret = root;
	return 0;
}
