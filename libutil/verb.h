/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is a table of verbs behind global options.  verb_main() parses,
 * prints help and version, runs the verb, and prints the one error line.
 */
#ifndef LIBUTIL_VERB_H
#define LIBUTIL_VERB_H

#include "libutil/json.h"
#include "libutil/opts.h"

struct verb {
	const char *name;    /* a word, or two with a blank: verbs of one group have the first */
	const char *alias;   /* other spellings, "ls|images", or NULL */
	const char *args;    /* "CONTAINER [SIGNAL]" for usage */
	const char *summary; /* one line, lower case, no full stop */
	/* Paragraphs for --help and the manual, an empty line between them; lines that begin with a
	 * blank keep their shape.  Or NULL. */
	const char *details;
	/* Appends paragraphs of the same kind that come from a table; or NULL. */
	void (*more)(struct strbuf *out);
	const struct opt *opts; /* may be NULL */
	size_t opts_size;       /* of the values struct; zeroed, then `defaults` is called */
	void (*defaults)(void *values);
	int min_args, max_args; /* max -1: any number */
	int stop_after;         /* opts_parse(); -1 permutes */
	bool hidden;
	/* Returns the program's exit status (>= 0), or a negative errno with `e` set.
	 * `args` are the positional ones, NULL-terminated, `n` of them. */
	int (*run)(const void *global, void *values, char *const *args, int n, struct err *e);
};

struct exit_row {
	int status;
	const char *meaning; /* for --help and the manual */
};

/* For bash: "PROGRAM COMMAND" prints the words that an argument of this name can be. */
struct completion_row {
	const char *arg;     /* as in verb.args: "CONTAINER" */
	const char *command; /* "list --quiet" */
};

/* A word of other programs that none of the verbs is: what to do instead. */
struct foreign_row {
	const char *words; /* "run|create" */
	const char *hint;  /* behind "unknown command 'run': " */
};

struct program {
	const char *name;
	const char *summary;
	const struct opt *global_opts;
	size_t global_size;
	void (*global_defaults)(void *global);
	/* After the global options were read: set up logging, check values. */
	int (*prepare)(void *global, struct err *e);
	/* Whole text for --version, newline included. */
	void (*version)(struct strbuf *out);
	const struct verb *const *verbs;          /* NULL-terminated */
	const struct exit_row *exits;             /* ends with meaning NULL */
	const struct completion_row *completions; /* ends with arg NULL; may be NULL */
	const struct foreign_row *foreign;        /* ends with words NULL; may be NULL */
	/* Exit status for a failed verb, `error` is the negative errno it gave; NULL: 1 for
	 * everything. */
	int (*exit_status)(const struct verb *v, int error);
	/* More members for the JSON line of a failure; may be NULL. */
	void (*explain)(const struct err *e, struct json_writer *w);
};

/* Status for a wrong command line is 2 only if `exits` lists 2, else 1 (what runc's callers
 * expect). */
int verb_main(const struct program *p, int argc, char **argv);

/* For the document generator: manual-page sections and completion words from the tables. */
void verb_write_man(const struct program *p, struct strbuf *out);
/* Of a program without commands. */
void verb_write_man_options(const struct opt *rows, struct strbuf *out);
void verb_write_completion(const struct program *p, struct strbuf *out);

#endif
