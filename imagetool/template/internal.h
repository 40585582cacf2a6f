/* SPDX-License-Identifier: Apache-2.0 */
/* A template as a tree, between the files that make it and run it. */
#ifndef IMAGETOOL_TEMPLATE_INTERNAL_H
#define IMAGETOOL_TEMPLATE_INTERNAL_H

#include "imagetool/template/template.h"

/* ---- Values ---- */

enum operand_kind { OPERAND_FIELD, OPERAND_LITERAL, OPERAND_PIPELINE };

struct operand {
	enum operand_kind kind;
	const char *variable; /* FIELD: "" is the dot, "$" the whole, "$x" a variable */
	const char **path;    /* FIELD: NULL-terminated */
	struct json literal;
	struct pipeline *pipeline; /* and then `path` of what it gives */
};

/* function NULL: one operand alone */
struct command {
	const char *function;
	struct operand *args;
	size_t n;
};

struct pipeline {
	const char *assign_key, *assign; /* $k, $v :=; NULL where there is none */
	struct command *commands;
	size_t n;
};

enum node_kind { NODE_TEXT, NODE_ACTION, NODE_IF, NODE_WITH, NODE_RANGE };

struct nodes {
	struct node *items;
	size_t n;
};

struct node {
	enum node_kind kind;
	const char *text;
	size_t len;
	struct pipeline *pipeline;
	struct nodes body, otherwise;
};

struct template
{
	struct arena arena;
	struct nodes nodes;
};

/* ---- functions.c ---- */

/* What one run has. */
struct run {
	struct arena arena; /* values made on the way */
	const struct json *root;
	struct strbuf *out;
	struct {
		const char *name;
		const struct json *value;
	} * variables; /* owned; the last of a name counts */
	size_t n_variables;
	size_t steps;
};

/* A bound on work and memory. */
int run_step(struct run *r, struct err *e);

bool template_has_function(const char *name);
int template_call(struct run *r, const char *name, const struct json *const *args, size_t n,
		  const struct json **ret, struct err *e);

/* value.c: as Go prints it; truth as Go has it. */
void value_print(const struct json *v, struct strbuf *out);
bool value_is_true(const struct json *v);
const struct json *value_string(struct run *r, const char *s, size_t len);
const struct json *value_bool(bool b);
const struct json *value_i64(struct run *r, int64_t n);
extern const struct json value_null;

#endif
