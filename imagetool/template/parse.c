/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/template/lex.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

/* ---- Operands and pipelines ---- */

static int parse_pipeline(struct lexer *l, struct pipeline *ret, struct err *e);

/* ".A.B" right behind what was read. */
static int parse_path(struct lexer *l, struct operand *o, struct err *e)
{
	size_t n = 0;
	int r = 0;

	while (r >= 0 && l->kind == TOKEN_FIELD && l->joined) {
		o->path = arena_grow(l->arena, o->path, n, n + 2, sizeof(const char *));
		o->path[n++] = l->text;
		o->path[n] = NULL;
		r = lexer_next(l, e);
	}
	return r;
}

static int parse_group(struct lexer *l, struct operand *ret, struct err *e)
{
	int r;

	if (++l->depth > TEMPLATE_DEPTH)
		return lexer_error(l, "too many parentheses", e);
	ret->kind = OPERAND_PIPELINE;
	ret->pipeline = arena_alloc(l->arena, 1, sizeof(*ret->pipeline));
	r = lexer_next(l, e);
	if (r >= 0)
		r = parse_pipeline(l, ret->pipeline, e);
	if (r >= 0 && l->kind != TOKEN_CLOSE)
		r = lexer_error(l, "')' is missing", e);
	l->depth--;
	return r < 0 ? r : lexer_next(l, e);
}

static bool set_word(const char *word, struct json *v)
{
	if (streq(word, "true") || streq(word, "false"))
		*v = (struct json){ .kind = JSON_BOOL, .boolean = word[0] == 't' };
	else if (streq(word, "nil"))
		*v = (struct json){ .kind = JSON_NULL };
	else
		return false;
	return true;
}

static int parse_literal(struct lexer *l, struct operand *ret, struct err *e)
{
	ret->kind = OPERAND_LITERAL;
	if (l->kind == TOKEN_STRING) {
		ret->literal.kind = JSON_STRING;
		ret->literal.string = l->text;
		ret->literal.len = strlen(l->text);
	} else if (l->kind == TOKEN_NUMBER) {
		ret->literal.kind = JSON_NUMBER;
		ret->literal.number.kind = JSON_NUM_I64;
		if (parse_i64(l->text, &ret->literal.number.i64) < 0)
			return lexer_error(l, "no whole number", e);
	} else if (!set_word(l->text, &ret->literal)) {
		return lexer_error(l, "there is no function of this name", e);
	}
	return lexer_next(l, e);
}

static bool begins_operand(const struct lexer *l)
{
	return l->kind == TOKEN_DOT || l->kind == TOKEN_FIELD || l->kind == TOKEN_VARIABLE ||
	       l->kind == TOKEN_STRING || l->kind == TOKEN_NUMBER || l->kind == TOKEN_WORD ||
	       l->kind == TOKEN_OPEN;
}

static int parse_operand(struct lexer *l, struct operand *ret, struct err *e)
{
	int r;

	*ret = (struct operand){ .kind = OPERAND_FIELD, .variable = "" };
	switch (l->kind) {
	case TOKEN_DOT:
		return lexer_next(l, e);
	case TOKEN_FIELD:
		l->joined = true;
		return parse_path(l, ret, e);
	case TOKEN_VARIABLE:
		ret->variable = l->text;
		r = lexer_next(l, e);
		return r < 0 ? r : parse_path(l, ret, e);
	case TOKEN_OPEN:
		r = parse_group(l, ret, e);
		return r < 0 ? r : parse_path(l, ret, e);
	case TOKEN_STRING:
	case TOKEN_NUMBER:
	case TOKEN_WORD:
		return parse_literal(l, ret, e);
	case TOKEN_CLOSE:
	case TOKEN_PIPE:
	case TOKEN_COMMA:
	case TOKEN_ASSIGN:
	case TOKEN_END:
		break;
	}
	return lexer_error(l, "a value is missing", e);
}

static int parse_command(struct lexer *l, struct command *c, struct err *e)
{
	int r = 0;

	*c = (struct command){ 0 };
	if (l->kind == TOKEN_WORD && template_has_function(l->text)) {
		c->function = l->text;
		r = lexer_next(l, e);
	}
	while (r >= 0 && begins_operand(l)) {
		struct operand o;

		/* {{.Name | len (json .)}}: a function inside wants parentheses. */
		if (l->kind == TOKEN_WORD && template_has_function(l->text))
			return lexer_error(l, "a function among values wants parentheses", e);
		r = parse_operand(l, &o, e);
		if (r < 0)
			return r;
		c->args = arena_grow(l->arena, c->args, c->n, c->n + 1, sizeof(o));
		c->args[c->n++] = o;
	}
	if (r >= 0 && !c->function && c->n != 1)
		return lexer_error(l, c->n ? "a value can't be called" : "a value is missing", e);
	return r;
}

static int parse_commands(struct lexer *l, struct pipeline *p, struct err *e)
{
	int r;

	do {
		struct command c;

		r = l->kind == TOKEN_PIPE ? lexer_next(l, e) : 0;
		if (r >= 0)
			r = parse_command(l, &c, e);
		if (r < 0)
			return r;
		p->commands = arena_grow(l->arena, p->commands, p->n, p->n + 1, sizeof(c));
		p->commands[p->n++] = c;
	} while (l->kind == TOKEN_PIPE);
	return 0;
}

/* "$x := ", "$k, $v := "; anything else that begins with a variable is a value. */
static int parse_pipeline(struct lexer *l, struct pipeline *ret, struct err *e)
{
	struct lexer before = *l;
	const char *names[2] = { NULL, NULL };
	size_t n = 0;
	int r = 0;

	*ret = (struct pipeline){ 0 };
	while (r >= 0 && n < 2 && l->kind == TOKEN_VARIABLE) {
		names[n++] = l->text;
		r = lexer_next(l, e);
		if (r >= 0 && l->kind == TOKEN_COMMA)
			r = lexer_next(l, e);
	}
	if (r < 0)
		return r;
	if (n && l->kind == TOKEN_ASSIGN) {
		ret->assign = names[n - 1];
		ret->assign_key = n == 2 ? names[0] : NULL;
		r = lexer_next(l, e);
	} else {
		*l = before;
	}
	return r < 0 ? r : parse_commands(l, ret, e);
}

/* ---- Blocks ---- */

enum end { END_TEXT, END_END, END_ELSE };

static int parse_nodes(struct lexer *l, struct nodes *ret, enum end *ret_end, struct err *e);

static void add_node(struct lexer *l, struct nodes *nodes, const struct node *n)
{
	/* Twice the room each time it is full. */
	if ((nodes->n & (nodes->n - 1)) == 0)
		nodes->items = arena_grow(l->arena, nodes->items, nodes->n,
					  nodes->n ? 2 * nodes->n : 1, sizeof(*n));
	nodes->items[nodes->n++] = *n;
}

static int parse_rest(struct lexer *l, struct node *n, struct err *e)
{
	int r;

	n->pipeline = arena_alloc(l->arena, 1, sizeof(*n->pipeline));
	r = parse_pipeline(l, n->pipeline, e);
	if (r >= 0 && l->kind != TOKEN_END)
		r = lexer_error(l, "this does not belong here", e);
	return r;
}

static int parse_block(struct lexer *l, enum node_kind kind, struct nodes *into, struct err *e);

/* Behind {{else: another if, or what there is when nothing was true. */
static int parse_else(struct lexer *l, struct node *n, struct err *e)
{
	enum end end;
	int r;

	if (l->kind == TOKEN_WORD && streq(l->text, "if"))
		return parse_block(l, NODE_IF, &n->otherwise, e);
	if (l->kind != TOKEN_END)
		return lexer_error(l, "this does not belong behind else", e);
	r = parse_nodes(l, &n->otherwise, &end, e);
	if (r >= 0 && end != END_END)
		r = lexer_error(l, "{{end}} is missing", e);
	return r;
}

static int parse_block(struct lexer *l, enum node_kind kind, struct nodes *into, struct err *e)
{
	struct node n = { .kind = kind };
	enum end end = END_TEXT;
	int r;

	if (++l->depth > TEMPLATE_DEPTH)
		return lexer_error(l, "too many blocks in one another", e);
	r = lexer_next(l, e);
	if (r >= 0)
		r = parse_rest(l, &n, e);
	if (r >= 0)
		r = parse_nodes(l, &n.body, &end, e);
	if (r >= 0 && end == END_TEXT)
		r = lexer_error(l, "{{end}} is missing", e);
	if (r >= 0 && end == END_ELSE)
		r = parse_else(l, &n, e);
	l->depth--;
	if (r >= 0)
		add_node(l, into, &n);
	return r;
}

/* What stands between the braces; *ret_end when it closes the block around it. */
static int parse_action(struct lexer *l, struct nodes *into, enum end *ret_end, struct err *e)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} blocks[] = { { "if", NODE_IF }, { "with", NODE_WITH }, { "range", NODE_RANGE } };
	struct node n = { .kind = NODE_ACTION };
	int r = lexer_next(l, e);

	if (r < 0 || l->kind == TOKEN_END)
		return r; /* a comment */
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		if (l->kind == TOKEN_WORD && streq(l->text, blocks[i].word))
			return parse_block(l, blocks[i].kind, into, e);
	if (l->kind == TOKEN_WORD && (streq(l->text, "end") || streq(l->text, "else"))) {
		*ret_end = l->text[1] == 'n' ? END_END : END_ELSE;
		r = lexer_next(l, e);
		return r >= 0 && *ret_end == END_END && l->kind != TOKEN_END
			       ? lexer_error(l, "this does not belong behind end", e)
			       : r;
	}
	r = parse_rest(l, &n, e);
	if (r >= 0)
		add_node(l, into, &n);
	return r;
}

static int parse_nodes(struct lexer *l, struct nodes *ret, enum end *ret_end, struct err *e)
{
	*ret_end = END_TEXT;
	while (*ret_end == END_TEXT) {
		struct node text = { .kind = NODE_TEXT };
		int r = lexer_text(l, &text.text, &text.len, e);

		if (r < 0)
			return r;
		if (text.len)
			add_node(l, ret, &text);
		if (r == 0)
			return 0;
		r = parse_action(l, ret, ret_end, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int template_parse(const char *text, struct template **ret, struct err *e)
{
	auto_(template) struct template *t = xcalloc(1, sizeof(*t));
	struct lexer l = { .arena = &t->arena };
	enum end end;
	int r;

	if (strlen(text) > TEMPLATE_MAX)
		return err_set(e, E2BIG, "--format: more than %zu bytes", TEMPLATE_MAX);
	l.start = l.next = arena_strdup(&t->arena, text);
	r = parse_nodes(&l, &t->nodes, &end, e);
	if (r >= 0 && end != END_TEXT)
		r = lexer_error(&l, "nothing was begun that could end here", e);
	if (r < 0)
		return err_wrap(e, r, "--format");
	*ret = steal_ptr(&t);
	return 0;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	arena_done(&t->arena);
	free(t);
}
