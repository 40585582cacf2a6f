/* SPDX-License-Identifier: Apache-2.0 */
/* What the language has: keywords, the form of their arguments, their flags. */
#ifndef IMAGETOOL_DOCKERFILE_INSTRUCTIONS_H
#define IMAGETOOL_DOCKERFILE_INSTRUCTIONS_H

#include "imagetool/dockerfile/dockerfile.h"

enum instruction_form {
	FORM_COMMAND,       /* a JSON array, else one line for the shell */
	FORM_JSON,          /* a JSON array */
	FORM_WORDS_OR_JSON, /* a JSON array, else words */
	FORM_WORDS,
	FORM_TEXT,      /* the line as it is */
	FORM_PAIRS,     /* name=value ..., or "name value" */
	FORM_ARGUMENTS, /* name or name=value, ... */
	FORM_HEALTH,    /* NONE, or CMD and a command */
	FORM_TRIGGER,   /* another instruction */
};

enum flag_bits {
	FLAG_REPEATS = 1,
	FLAG_SWITCH = 2, /* true or false, or no value at all */
};

struct flag_row {
	const char *name;
	unsigned bits;
};

struct instruction_row {
	const char *name;
	enum instruction_form form;
	bool heredocs;
	bool may_be_empty;            /* needs no arguments */
	const struct flag_row *flags; /* ends with a NULL name */
};

const struct instruction_row *instruction_row(enum instruction_kind kind);
/* Any case; NULL when there is none. */
const struct instruction_row *instruction_find(const char *keyword, size_t len,
					       enum instruction_kind *ret);
/* The keyword a typing mistake meant, or NULL. */
const char *instruction_suggest(const char *keyword);

#endif
