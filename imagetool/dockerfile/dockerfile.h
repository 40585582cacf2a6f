/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Dockerfile as data: what BuildKit's front end (docker/dockerfile 1.x) reads.
 *
 * Pure.  Parsing joins continued lines, takes comments away, collects here-documents
 * and splits each instruction into flags and arguments by the form its keyword has;
 * quotes and variables in the arguments stay as they are until a build expands them
 * (expand.h), because what they mean depends on the instructions before.
 *
 * Everything points into the arena given to dockerfile_parse().
 */
#ifndef IMAGETOOL_DOCKERFILE_DOCKERFILE_H
#define IMAGETOOL_DOCKERFILE_DOCKERFILE_H

#include "libutil/alloc.h"
#include "libutil/err.h"

#define DOCKERFILE_MAX              ((size_t)16 << 20) /* bytes */
#define DOCKERFILE_INSTRUCTIONS_MAX 100000
#define DOCKERFILE_WORDS_MAX        65536 /* of one instruction */

/* In the order of instructions.c's table. */
enum instruction_kind {
	INSTRUCTION_ADD,
	INSTRUCTION_ARG,
	INSTRUCTION_CMD,
	INSTRUCTION_COPY,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_FROM,
	INSTRUCTION_HEALTHCHECK,
	INSTRUCTION_LABEL,
	INSTRUCTION_MAINTAINER,
	INSTRUCTION_ONBUILD,
	INSTRUCTION_RUN,
	INSTRUCTION_SHELL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
};

/* "--name" or "--name=value". */
struct instruction_flag {
	const char *name;
	const char *value; /* NULL without "=" */
};

struct heredoc {
	const char *name;    /* its delimiter, which is also the file name in COPY */
	const char *content; /* whole lines */
	size_t len;
	bool expand;     /* the delimiter was not quoted */
	bool strip_tabs; /* "<<-": done in `content` */
	const char *raw; /* as it stands in the file */
	size_t raw_len;
};

/* NAME=VALUE of ENV, LABEL and ARG; quotes and variables stand as written. */
struct instruction_pair {
	const char *name;
	const char *value; /* NULL: an ARG without default */
};

struct instruction {
	enum instruction_kind kind;
	const char *keyword;            /* as written */
	unsigned first_line, last_line; /* from 1; here-documents included */
	const char *source;             /* those lines as they stand in the file */
	const char *comment;            /* the comment lines right above, or "" */
	const char *line;               /* keyword, flags and text, lines joined */
	struct instruction_flag *flags;
	size_t n_flags;
	const char *text;   /* all that follows the flags, lines joined */
	bool json;          /* exec form: `words` are its strings */
	bool legacy_pair;   /* "ENV name value" */
	const char **words; /* arguments by the keyword's form */
	size_t n_words;
	struct instruction_pair *pairs; /* ENV, LABEL, ARG */
	size_t n_pairs;
	struct heredoc *heredocs;
	size_t n_heredocs;
	struct instruction *trigger; /* ONBUILD: the instruction it keeps */
};

/* Found while parsing, of interest to the checks. */
enum dockerfile_remark_kind { REMARK_EMPTY_CONTINUATION };
struct dockerfile_remark {
	enum dockerfile_remark_kind kind;
	unsigned first_line, last_line;
};

struct dockerfile {
	const char *syntax; /* directives' values; NULL when not given */
	const char *check;
	char escape; /* '\\' unless a directive says '`' */
	unsigned check_line;
	struct instruction *items;
	size_t n;
	struct dockerfile_remark *remarks;
	size_t n_remarks;
	unsigned failed_line; /* after a failure: where; 0: nowhere in particular */
};

/* `ret` is zeroed first.  A file without instructions is an error, as docker has it. */
int dockerfile_parse(const char *text, size_t len, struct arena *a, struct dockerfile *ret,
		     struct err *e);

/* The keyword in capitals. */
const char *instruction_name(enum instruction_kind kind);
/* Value of a flag: NULL when it is not there, "" when it has no value. */
const char *instruction_flag(const struct instruction *i, const char *name);

#endif
