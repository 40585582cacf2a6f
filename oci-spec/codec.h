/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walkers over field rows: decode in one pass over the text, encode.
 *
 * Errors name document and path: `config.json: process.rlimits[2].type:
 * unknown limit 'RLIMIT_FOO'`; syntax errors name line and column.  Unknown
 * keys are ignored, as the specification says, or reported to `unknown`.
 * Duplicate keys in one object are refused.
 */
#ifndef OCI_SPEC_CODEC_H
#define OCI_SPEC_CODEC_H

#include "libutil/json.h"
#include "oci-spec/field.h"

struct decode_opts {
	/* Called for each key no row knows; may be NULL. */
	void (*unknown)(void *ctx, const char *path);
	void *ctx;
};

/* Decode `text` as a document of `type`; *ret points to a struct of that type inside `a`.
 * `name` is the document's name in messages.  Checks kinds, ranges, words and required keys. */
int oci_decode(const struct field_type *type, const char *name, const char *text, size_t len,
	       const struct decode_opts *opts, struct arena *a, void **ret, struct err *e);

/* Append the document; indent as in json_writer.  Absent members are left out.  Rows' order. */
void oci_encode(const struct field_type *type, const void *object, int indent, struct strbuf *out);
/* The same inside a document that is being written. */
void oci_encode_value(const struct field_type *type, const void *object, struct json_writer *w);

#endif
