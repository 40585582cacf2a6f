/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of things with members: a table for people, or what --format wants: "json" (an
 * object a line), "table", "table TEMPLATE", or a template for each, as docker has it.
 */
#ifndef IMAGETOOL_VERB_ROWS_H
#define IMAGETOOL_VERB_ROWS_H

#include "libutil/json.h"

#define ROWS_MAX ((size_t)256 << 20) /* bytes of all rows as JSON */

struct rows_column {
	const char *title, *key; /* "CREATED BY", "CreatedBy" */
	bool hidden;             /* not in the table unless a template names it */
};

/* `rows` is a JSON array of objects; columns end with title NULL.  format NULL: the table. */
int rows_print(const struct strbuf *rows, const struct rows_column *columns, const char *format,
	       struct err *e);
/* Is it a format that rows_print() takes?  Checked before any work is done. */
int rows_check(const char *format, struct err *e);

/* "\t" and "\n" that the shell left alone. Owned. */
char *rows_unescape(const char *format);

/* "3 hours ago" of an RFC 3339 time; "" for what is none. */
#define ROWS_SINCE_SIZE 32
const char *rows_since(const char *created, char buf[ROWS_SINCE_SIZE]);

#endif
