/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of unit properties as text, in the notation of gdbus(1) and of the
 * annotations org.systemd.property.NAME:
 *
 *   true  42  uint64 5  -1.5  'text'  "text"  ['a', 'b']  [uint64 1, 2]  ('/dev/null', 'rw')
 *   @as []  @a(st) [('/dev/sda', 5)]
 *
 * Numbers are int32 and strings are s unless their type is given or follows from their place.  The
 * reader is strict where others guess: no octal numbers, no control characters, UTF-8 only, every
 * number in the range of its type.  Dictionaries, variants and maybe types have no place in a
 * unit's properties and are refused.
 */
#ifndef RUNTIME_SYSTEMD_GVARIANT_H
#define RUNTIME_SYSTEMD_GVARIANT_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

#define GVARIANT_TEXT_MAX ((size_t)256 << 10) /* bytes */
#define GVARIANT_DEPTH    8

enum gvariant_kind {
	GVARIANT_BOOL,
	GVARIANT_INT, /* any width; `i` when signed, else `u` */
	GVARIANT_REAL,
	GVARIANT_STRING,
	GVARIANT_ARRAY,
	GVARIANT_TUPLE,
};

struct gvariant {
	enum gvariant_kind kind;
	const char *type; /* complete D-Bus signature: "t", "a(st)" */
	bool b;
	int64_t i;
	uint64_t u;
	double real;
	const char *text; /* GVARIANT_STRING */
	struct gvariant *items;
	size_t n;
};

/* All memory of *ret comes from `a`.  Messages name the column. */
int gvariant_parse(const char *text, struct arena *a, struct gvariant **ret, struct err *e);

/* True for a type whose values are integers without, or with, a sign. */
bool gvariant_is_unsigned(char type);
bool gvariant_is_signed(char type);

/* A string as it is written: 'it\'s'. */
void gvariant_quote(struct strbuf *out, const char *text);

#endif
