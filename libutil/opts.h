/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines by tables.  One row per option gives letter, name, kind, target
 * and help; the parser, --help, the manual pages and the shell completions read
 * the same rows.
 *
 * Accepted spellings: -x, -xVALUE, -x VALUE, -x=VALUE, -abc (flags), --name,
 * --name=VALUE, --name VALUE, --flag=false, and, because Go programs send it,
 * -name for a long name of two letters or more.  "--" ends options.
 */
#ifndef LIBUTIL_OPTS_H
#define LIBUTIL_OPTS_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_STRING, /* const char *, points into argv */
	OPT_LIST,   /* struct strv, one more element each time */
	OPT_U32,    /* uint32_t */
	OPT_I64,    /* int64_t */
	OPT_SIZE,   /* int64_t, parse_size() */
	OPT_CHOICE, /* int, index into `choices` */
	OPT_CALL, /* `call` gets the text; without `arg` the option takes no value, text is NULL */
};

enum opt_bits {
	OPT_HIDDEN = 1 << 0, /* accepted, not shown: compatibility spellings */
	/* The value may be missing: only --name=VALUE gives one; missing is "", choice 0, or NULL
	 * to `call`.  Not for numbers. */
	OPT_OPTIONAL = 1 << 1,
};

struct opt {
	char letter;      /* 0: none */
	const char *name; /* NULL: none */
	enum opt_kind kind;
	unsigned bits;
	size_t offset;              /* of the target in the values struct */
	const char *arg;            /* name of the value in help: "FILE" */
	const char *help;           /* one sentence fragment, lower case, no full stop */
	const char *const *choices; /* OPT_CHOICE: NULL-terminated */
	int (*call)(void *values, const char *text, struct err *e);
};

#define OPT_END                                                                                    \
	{                                                                                          \
		.kind = OPT_FLAG                                                                   \
	}

static inline bool opt_is_end(const struct opt *o)
{
	return !o->letter && !o->name;
}

bool opt_takes_value(const struct opt *o);
/* What help calls the value: `arg`, the choices, or VALUE. */
void opt_value_name(const struct opt *o, struct strbuf *out);
/* `help`, and the choices where it does not tell them. */
void opt_help_text(const struct opt *o, struct strbuf *out);

/*
 * Parse argv[1..] into `values`; `rows` may be NULL (no options).  stop_after: with n >= 0, parsing
 * ends once n positional arguments were taken, and what follows belongs to somebody else's command
 * line (one
 * "--" in between is dropped); with 0 it ends before the first; -1 permutes to the end.  Positional
 * arguments are added to *args as copies.  -h/--help gives 1, unless a row has that letter or name;
 * any failure is a wrong command line.
 */
int opts_parse(const struct opt *rows, void *values, char *const *argv, int stop_after,
	       struct strv *args, struct err *e);

/* Frees the OPT_LIST targets. */
void opts_done(const struct opt *rows, void *values);

void opts_help(const struct opt *rows, struct strbuf *out);

#endif
