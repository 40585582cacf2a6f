/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/template/internal.h"
#include "libutil/alloc.h"

/* Bytes of values made on the way. */
#define MEMORY_MAX ((size_t)256 << 20)

int run_step(struct run *r, struct err *e)
{
	if (++r->steps > TEMPLATE_STEPS_MAX)
		return err_set(e, E2BIG, "it takes more than %d steps", TEMPLATE_STEPS_MAX);
	if (r->arena.used > MEMORY_MAX)
		return err_set(e, E2BIG, "it takes too much memory");
	return strbuf_check(r->out, "what --format gives", e);
}

static void set_variable(struct run *r, const char *name, const struct json *value)
{
	r->variables = xreallocarray(r->variables, r->n_variables + 1, sizeof(*r->variables));
	r->variables[r->n_variables].name = name;
	r->variables[r->n_variables++].value = value;
}

/* ---- Values ---- */

/* Documents have capital names, which Go's structs would have: there a missing one is a slip. */
static bool is_document(const struct json *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->keys[i][0] < 'A' || v->keys[i][0] > 'Z')
			return false;
	return v->len > 0;
}

static int no_member(const struct json *v, const char *name, struct err *e)
{
	auto_(strbuf) struct strbuf there = { .max = 300 };

	for (size_t i = 0; i < v->len && !there.failed; i++)
		strbuf_addf(&there, "%s%s", i ? ", " : "", v->keys[i]);
	return err_set(e, EINVAL, "there is no '.%.100s'; there is %s%s", name, strbuf_str(&there),
		       there.failed ? ", …" : "");
}

static int get_member(const struct json *v, const char *name, const struct json **ret,
		      struct err *e)
{
	const struct json *found = json_get(v, name);

	if (!found && v->kind == JSON_OBJECT && is_document(v))
		return no_member(v, name, e);
	if (!found && v->kind != JSON_OBJECT && v->kind != JSON_NULL)
		return err_set(e, EINVAL, "'.%.100s' of what has no members: %s", name,
			       v->kind == JSON_ARRAY ? "a list (use index or range)" : "a value");
	*ret = found ? found : &value_null;
	return 0;
}

static int get_variable(const struct run *r, const char *name, const struct json **ret,
			struct err *e)
{
	for (size_t i = r->n_variables; i-- > 0;) {
		if (!streq(r->variables[i].name, name))
			continue;
		*ret = r->variables[i].value;
		return 0;
	}
	return err_set(e, EINVAL, "there is no variable '%.100s'", name);
}

static int run_pipeline(struct run *r, const struct pipeline *p, const struct json *dot,
			const struct json **ret, struct err *e);

static int get_operand(struct run *r, const struct operand *o, const struct json *dot,
		       const struct json **ret, struct err *e)
{
	const struct json *v = dot;
	int n = run_step(r, e);

	if (n < 0)
		return n;
	if (o->kind == OPERAND_LITERAL)
		v = &o->literal;
	else if (o->kind == OPERAND_PIPELINE)
		n = run_pipeline(r, o->pipeline, dot, &v, e);
	else if (streq(o->variable, "$"))
		v = r->root;
	else if (*o->variable)
		n = get_variable(r, o->variable, &v, e);
	for (size_t i = 0; n >= 0 && o->path && o->path[i]; i++)
		n = get_member(v, o->path[i], &v, e);
	if (n >= 0)
		*ret = v;
	return n;
}

static int run_command(struct run *r, const struct command *c, const struct json *dot,
		       const struct json *piped, const struct json **ret, struct err *e)
{
	const struct json **args = arena_alloc(&r->arena, c->n + 1, sizeof(const struct json *));
	size_t n = c->n;
	int result = 0;

	for (size_t i = 0; i < c->n && result >= 0; i++)
		result = get_operand(r, &c->args[i], dot, &args[i], e);
	if (result < 0)
		return result;
	if (!c->function) {
		*ret = args[0];
		return piped ? err_set(e, EINVAL, "a value can't take what is piped to it") : 0;
	}
	if (piped)
		args[n++] = piped;
	return template_call(r, c->function, args, n, ret, e);
}

static int run_pipeline(struct run *r, const struct pipeline *p, const struct json *dot,
			const struct json **ret, struct err *e)
{
	const struct json *v = NULL;
	int n = 0;

	for (size_t i = 0; i < p->n && n >= 0; i++)
		n = run_command(r, &p->commands[i], dot, v, &v, e);
	if (n < 0)
		return n;
	*ret = v ? v : &value_null;
	return 0;
}

/* ---- Nodes ---- */

static int run_nodes(struct run *r, const struct nodes *nodes, const struct json *dot,
		     struct err *e);

static int run_turn(struct run *r, const struct node *n, const struct json *key,
		    const struct json *value, struct err *e)
{
	size_t before = r->n_variables;
	int result;

	if (n->pipeline->assign_key)
		set_variable(r, n->pipeline->assign_key, key);
	if (n->pipeline->assign)
		set_variable(r, n->pipeline->assign, value);
	result = run_nodes(r, &n->body, value, e);
	r->n_variables = before;
	return result;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Objects by name, as Go does. */
static int range_object(struct run *r, const struct node *n, const struct json *v, struct err *e)
{
	char **keys = arena_alloc(&r->arena, v->len + 1, sizeof(*keys));
	int result = 0;

	for (size_t i = 0; i < v->len; i++)
		keys[i] = v->keys[i];
	qsort(keys, v->len, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < v->len && result >= 0; i++)
		result = run_turn(r, n, value_string(r, keys[i], strlen(keys[i])),
				  json_get(v, keys[i]), e);
	return result;
}

static int run_range(struct run *r, const struct node *n, const struct json *v,
		     const struct json *dot, struct err *e)
{
	int result = 0;

	if (v->kind != JSON_ARRAY && v->kind != JSON_OBJECT && v->kind != JSON_NULL)
		return err_set(e, EINVAL, "range: it goes over lists and objects");
	if (v->kind == JSON_NULL || !v->len)
		return run_nodes(r, &n->otherwise, dot, e);
	if (v->kind == JSON_OBJECT)
		return range_object(r, n, v, e);
	for (size_t i = 0; i < v->len && result >= 0; i++)
		result = run_turn(r, n, value_i64(r, (int64_t)i), &v->items[i], e);
	return result;
}

static int run_block(struct run *r, const struct node *n, const struct json *v,
		     const struct json *dot, struct err *e)
{
	size_t before = r->n_variables;
	int result;

	if (n->kind == NODE_RANGE)
		return run_range(r, n, v, dot, e);
	if (n->pipeline->assign)
		set_variable(r, n->pipeline->assign, v);
	if (value_is_true(v))
		result = run_nodes(r, &n->body, n->kind == NODE_WITH ? v : dot, e);
	else
		result = run_nodes(r, &n->otherwise, dot, e);
	r->n_variables = before;
	return result;
}

static int run_node(struct run *r, const struct node *n, const struct json *dot, struct err *e)
{
	const struct json *v;
	int result = run_step(r, e);

	if (result < 0)
		return result;
	if (n->kind == NODE_TEXT) {
		strbuf_add(r->out, n->text, n->len);
		return 0;
	}
	result = run_pipeline(r, n->pipeline, dot, &v, e);
	if (result < 0)
		return result;
	if (n->kind != NODE_ACTION)
		return run_block(r, n, v, dot, e);
	if (n->pipeline->assign)
		set_variable(r, n->pipeline->assign, v);
	else
		value_print(v, r->out);
	return 0;
}

static int run_nodes(struct run *r, const struct nodes *nodes, const struct json *dot,
		     struct err *e)
{
	int result = 0;

	for (size_t i = 0; i < nodes->n && result >= 0; i++)
		result = run_node(r, &nodes->items[i], dot, e);
	return result;
}

int template_run(const struct template *t, const struct json *dot, struct strbuf *out,
		 struct err *e)
{
	struct run r = { .root = dot, .out = out };
	int result = run_nodes(&r, &t->nodes, dot, e);

	if (result >= 0)
		result = strbuf_check(out, "what --format gives", e);
	free(r.variables);
	arena_done(&r.arena);
	return result < 0 ? err_wrap(e, result, "--format") : 0;
}
