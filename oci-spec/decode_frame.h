/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the decoder: the stack of containers that are open while the text
 * goes by.  decode.c moves on it, decode_value.c stores scalars, decode_path.c
 * says where we are.
 */
#ifndef OCI_SPEC_DECODE_FRAME_H
#define OCI_SPEC_DECODE_FRAME_H

#include "oci-spec/codec.h"

enum frame_kind {
	FRAME_DOCUMENT,    /* the bottom: one value, an object or an array of objects */
	FRAME_OBJECT,      /* an object that has rows */
	FRAME_LIST,        /* an array whose items have one kind */
	FRAME_MAP,         /* an object whose names are content */
	FRAME_SKIP_OBJECT, /* below an ignored or unknown key */
	FRAME_SKIP_LIST,
};

#define NO_INDEX ((size_t)-1)

struct frame {
	enum frame_kind kind;
	enum field_kind element;       /* LIST, MAP: what an item is */
	const struct field *row;       /* OBJECT: of the member being read; else its own */
	const struct field_type *type; /* OBJECT: its own; LIST, MAP of objects: the items' */
	void *object; /* DOCUMENT, OBJECT: the struct; LIST, MAP: the member to fill at the end */
	const char *key;  /* objects and MAP: the name being read */
	uint64_t seen;    /* OBJECT: rows whose key came */
	uint64_t present; /* OBJECT: rows whose key came with a value that is not null */
	size_t next;      /* OBJECT: row to look at first; writers keep the rows' order or sort */
	size_t index;     /* arrays: item being read */
	void *items;      /* LIST, MAP: what was read so far */
	size_t n, cap;
	struct oci_strings names; /* keys that no `seen` bit stands for */
	size_t names_cap;
};

struct decoder {
	const char *name;
	const struct decode_opts *opts;
	struct arena *a;
	size_t used_before; /* arena bytes when this document began */
	struct field row;   /* what the document is: OBJECT or OBJECTS of a type */
	size_t depth;       /* never 0 */
	struct frame frames[JSON_MAX_DEPTH + 1];
};

static inline struct frame *decoder_top(struct decoder *d)
{
	return &d->frames[d->depth - 1];
}

/* ---- decode_path.c ---- */

/* Fail with "DOCUMENT: PATH: " in front.  Returns -EINVAL. */
int decoder_fail(const struct decoder *d, struct err *e, const char *fmt, ...) PRINTF(3, 4);
/* The same for a fault of one value: 1 when it was reported to somebody who wants to go on. */
int decoder_fault(const struct decoder *d, struct err *e, enum decode_fault kind, const char *fmt,
		  ...) PRINTF(4, 5);
/* Append where the decoder is: "process.rlimits[2].type"; nothing at the top. */
void decoder_path(const struct decoder *d, struct strbuf *out);

/* ---- decode_value.c ---- */

/* What the value that comes next has to be. */
enum field_kind decoder_expect(const struct decoder *d);
/* Where it goes: a member, or a new item of the list or map. */
int decoder_place(struct decoder *d, void **ret, struct err *e);
/* Arena memory within the document's limit. */
int decoder_alloc(struct decoder *d, size_t n, size_t size, void **ret, struct err *e);
int decoder_copy(struct decoder *d, const char *s, size_t len, const char **ret, struct err *e);
/* Items for `want` more than none: the first allocation of a list or map. */
int frame_start_items(struct decoder *d, struct frame *f, struct err *e);
/* Hand the items of a finished LIST or MAP to the member. */
void frame_store_items(const struct frame *f);

/* Each returns 0, 1 when the value was left out, or a negative errno. */
int decode_null(struct decoder *d, struct err *e);
int decode_boolean(struct decoder *d, bool value, struct err *e);
int decode_number(struct decoder *d, const struct json_number *n, struct err *e);
int decode_string(struct decoder *d, const char *s, size_t len, struct err *e);
int decode_wrong_kind(const struct decoder *d, const char *found, struct err *e);

#endif
