/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a template. */
#ifndef IMAGETOOL_TEMPLATE_LEX_H
#define IMAGETOOL_TEMPLATE_LEX_H

#include "imagetool/template/internal.h"

enum token_kind {
	TOKEN_DOT,
	TOKEN_FIELD,    /* .Name; text is "Name" */
	TOKEN_VARIABLE, /* $ or $name; text with the dollar */
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_ASSIGN,
	TOKEN_END, /* of the action */
};

struct lexer {
	const char *start, *next;
	struct arena *arena;
	int depth;
	bool trim; /* the text that comes loses its leading blanks */
	enum token_kind kind;
	char *text;  /* in the arena */
	bool joined; /* no blank before it */
};

/* Text up to the next action; 1 when there is one, 0 at the end. */
int lexer_text(struct lexer *l, const char **ret, size_t *ret_len, struct err *e);
/* The next word of the action. */
int lexer_next(struct lexer *l, struct err *e);
int lexer_error(const struct lexer *l, const char *what, struct err *e);

#endif
