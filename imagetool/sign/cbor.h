/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR (RFC 8949) as COSE needs it: read whole into a tree, bounded.  Refused:
 * lengths that are not said before, numbers and lengths longer than needed,
 * floating point, names that come twice in a map, bytes behind the end.
 */
#ifndef IMAGETOOL_SIGN_CBOR_H
#define IMAGETOOL_SIGN_CBOR_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

#define CBOR_DEPTH_MAX 16
#define CBOR_ITEMS_MAX 4096

enum cbor_kind { CBOR_INT, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_SIMPLE };

struct cbor {
	enum cbor_kind kind;
	int64_t number;      /* INT; TAG and SIMPLE: which */
	const uint8_t *data; /* BYTES, TEXT: into the input */
	size_t len;          /* bytes; of an ARRAY items, of a MAP pairs */
	struct cbor *items;  /* ARRAY; MAP: name, value, name, ...; TAG: one */
};

int cbor_parse(const void *data, size_t len, struct arena *a, struct cbor **ret, struct err *e);
/* The value of a name in a map; NULL when there is none, or `map` is NULL or no map. */
const struct cbor *cbor_get_number(const struct cbor *map, int64_t name);
const struct cbor *cbor_get_text(const struct cbor *map, const char *name);

/* Writing: the head of an item of a major type, in its shortest form. */
void cbor_head(struct strbuf *out, unsigned major, uint64_t value);
void cbor_bytes(struct strbuf *out, const void *data, size_t len);
void cbor_text(struct strbuf *out, const char *text);

#endif
