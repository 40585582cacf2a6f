/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walkers over field rows: decode in one pass over the text, encode.
 *
 * Errors name document and path: `config.json: process.rlimits[2].type:
 * unknown limit 'RLIMIT_FOO'`; syntax errors name line and column.  Unknown
 * keys are ignored, as the specification says, or reported to `unknown`.
 * Refused: duplicate keys in one object (ignored ones too), strings with an
 * embedded NUL, integers written with a fraction or exponent, documents whose
 * structs would need more than DECODE_MAX_MEMORY.
 */
#ifndef OCI_SPEC_CODEC_H
#define OCI_SPEC_CODEC_H

#include "libutil/json.h"
#include "oci-spec/field.h"

/* Bytes of arena one document may take: a hostile one says much with few characters. */
#define DECODE_MAX_MEMORY ((size_t)128 << 20)

/* Faults of single values. */
enum decode_fault {
	DECODE_WRONG_KIND, /* a string where a number belongs */
	DECODE_WRONG_VALUE,
	DECODE_DUPLICATE,
	DECODE_MISSING,
};

struct decode_opts {
	/* Called for each key no row knows, with its whole path; `known` are the rows of that
	 * object.  May be NULL. */
	void (*unknown)(void *ctx, const char *path, const char *key,
			const struct field_type *known);
	/* For who wants to know all faults: called for each, with its whole path; the value is left
	 * out and decoding goes on, so that the struct may lack what is required (strings are ""
	 * then).  NULL: the first fault is the error.  What can't be got over, above all faults of
	 * syntax, is an error in any case. */
	void (*fault)(void *ctx, enum decode_fault kind, const char *path, const char *reason);
	void *ctx;
};

/* Decode `text` as a document of `type`; *ret points to a struct of that type inside `a`.
 * `name` is the document's name in messages.  Checks kinds, ranges, words and required keys. */
int oci_decode(const struct field_type *type, const char *name, const char *text, size_t len,
	       const struct decode_opts *opts, struct arena *a, void **ret, struct err *e);

/* The same for a document that is an array of objects of `type`. */
int oci_decode_array(const struct field_type *type, const char *name, const char *text, size_t len,
		     const struct decode_opts *opts, struct arena *a, struct oci_array *ret,
		     struct err *e);

/* Append the document; indent as in json_writer.  Absent members are left out.  Rows' order. */
void oci_encode(const struct field_type *type, const void *object, int indent, struct strbuf *out);
/* The same inside a document that is being written. */
void oci_encode_value(const struct field_type *type, const void *object, struct json_writer *w);

/* The word of an enum value; NULL for 0 and for values the table does not have. */
const char *field_word(const struct field_words *words, int value);
/* The value of a word; 0 when it is unknown. */
int field_word_value(const struct field_words *words, const char *text, size_t len);

/* A text from outside as it may appear in a message: short, without control characters. */
#define CLIP_SIZE 80
const char *clip_text(char buf[CLIP_SIZE], const char *s, size_t len);

#endif
