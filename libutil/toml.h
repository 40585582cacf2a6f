/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0, read into a tree.  Everything of the language is read: tables, dotted
 * keys, arrays of both kinds, inline tables, all four kinds of strings, whole
 * numbers in all bases, fractions, times (checked, kept as text).
 *
 * What is refused beside what the specification refuses: U+0000 in a string, which a
 * C string cannot hold; documents larger, deeper or richer than the limits here.
 */
#ifndef LIBUTIL_TOML_H
#define LIBUTIL_TOML_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"

#define TOML_MAX        ((size_t)256 << 10) /* bytes of a document */
#define TOML_MAX_DEPTH  32                  /* arrays and tables in one another */
#define TOML_MAX_VALUES 16384               /* in one document, keys are searched one by one */

#define TOML_KINDS(X)                                                                              \
	X(STRING, "a string")                                                                      \
	X(INTEGER, "a whole number")                                                               \
	X(FLOAT, "a fraction")                                                                     \
	X(BOOLEAN, "true or false")                                                                \
	X(TIME, "a time")                                                                          \
	X(ARRAY, "an array")                                                                       \
	X(TABLE, "a table")

#define X(name, text) TOML_##name,
enum toml_kind { TOML_KINDS(X) };
#undef X

/* A value, and its place in the table or array that holds it. */
struct toml {
	enum toml_kind kind;
	unsigned flags;     /* internal */
	int line;           /* where it stands, from 1 */
	const char *string; /* TOML_STRING; TOML_TIME as written; without NUL bytes inside */
	int64_t integer;
	double real;
	bool boolean;
	const char *key;    /* in a table; "" in an array */
	struct toml *next;  /* in the same table or array, in the order of the document */
	struct toml *first; /* TOML_TABLE, TOML_ARRAY: what is in it */
	struct toml *last;
	size_t n;
};

/* The document's own table, *ret and all below it in `a`.  Messages begin with "NAME: line N: ". */
int toml_parse(const char *name, const char *text, size_t len, struct arena *a, struct toml **ret,
	       struct err *e);

/* Member of a table; NULL when it is not there, or `t` is no table (or NULL). */
const struct toml *toml_get(const struct toml *t, const char *key);
/* "a string", for messages. */
const char *toml_kind_text(enum toml_kind kind);

#endif
