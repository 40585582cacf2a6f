/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: a bounded event reader over yajl, a value tree for small free-form
 * documents, and a writer.
 *
 * The reader refuses, with line and column: bad UTF-8, trailing text, duplicate
 * names (left to the event consumer that knows the object; the tree builder
 * refuses them), nesting beyond JSON_MAX_DEPTH, documents beyond the given
 * size, numbers that are not exact (see struct json_number).
 */
#ifndef LIBUTIL_JSON_H
#define LIBUTIL_JSON_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"

#define JSON_MAX_DEPTH 64
#define JSON_MAX_SIZE  ((size_t)16 << 20) /* bytes; callers pass less */
/* Values in one tree: a small text ("[0,0,0,...") makes a tree many times its size. */
#define JSON_MAX_VALUES (1 << 18)

/* A number as written.  Integers keep all 64 bits; anything with '.', 'e' or out of range has kind
 * REAL. */
enum json_number_kind { JSON_NUM_I64, JSON_NUM_U64 /* > INT64_MAX */, JSON_NUM_REAL };
struct json_number {
	enum json_number_kind kind;
	int64_t i64;
	uint64_t u64;
	double real;
};

/* Events, all of them set; each returns 0 to go on or a negative errno with `e` set, which ends the
 * read (the reader puts nothing in front: the consumer's message already names its path). Strings
 * are not NUL-terminated. */
struct json_events {
	int (*null)(void *ctx, struct err *e);
	int (*boolean)(void *ctx, bool value, struct err *e);
	int (*number)(void *ctx, const struct json_number *n, struct err *e);
	int (*string)(void *ctx, const char *s, size_t len, struct err *e);
	int (*start_map)(void *ctx, struct err *e);
	int (*map_key)(void *ctx, const char *s, size_t len, struct err *e);
	int (*end_map)(void *ctx, struct err *e);
	int (*start_array)(void *ctx, struct err *e);
	int (*end_array)(void *ctx, struct err *e);
};

/* `name` is the file name used in messages: "config.json: line 3, column 7: ...". */
int json_read(const char *name, const char *text, size_t len, const struct json_events *ev,
	      void *ctx, struct err *e);

/* ---- Value tree ---- */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_kind kind;
	bool boolean;
	struct json_number number;
	char *string;       /* JSON_STRING: NUL-terminated; `len` says where it ends */
	size_t len;         /* string bytes, array items, or object members */
	struct json *items; /* array items or member values */
	char **keys;        /* member names, in document order */
};

/* All memory of the tree comes from `a`.  Refuses duplicate names, names with a NUL, and more than
 * JSON_MAX_VALUES values. */
int json_parse(const char *name, const char *text, size_t len, struct arena *a, struct json **ret,
	       struct err *e);
/* Member of an object; NULL when absent or `v` is no object (or NULL). */
const struct json *json_get(const struct json *v, const char *key);
/* The text of a string value, or NULL. */
const char *json_get_string(const struct json *v, const char *key);

/* ---- Writer ---- */

/* Writes into out; objects and arrays nest by calls.  indent 0 gives one line, 2 gives lines.
 * Slashes are not escaped; bytes that are not UTF-8 become U+FFFD. */
struct json_writer {
	struct strbuf *out;
	int indent;
	int depth;
	bool need_comma; /* internal */
	bool after_key;  /* internal */
};

void json_object(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_string(struct json_writer *w, const char *s);
void json_string_n(struct json_writer *w, const char *s, size_t len);
void json_i64(struct json_writer *w, int64_t v);
void json_u64(struct json_writer *w, uint64_t v);
void json_real(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
/* A value that is JSON text already. */
void json_text(struct json_writer *w, const char *text, size_t len);
/* key + value in one */
void json_kv_string(struct json_writer *w, const char *key, const char *s);
void json_kv_i64(struct json_writer *w, const char *key, int64_t v);
void json_kv_bool(struct json_writer *w, const char *key, bool v);
void json_kv_strv(struct json_writer *w, const char *key, const struct strv *list);
void json_write_tree(struct json_writer *w, const struct json *v);

#endif
