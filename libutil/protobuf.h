/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol buffers by tables: a message is a struct and one row per field; two
 * walkers decode and encode.  Written from the description of the wire format
 * ("Encoding" at protobuf.dev), for both proto2 and proto3.
 *
 * How a kind lies in the struct:
 *
 *   numbers, PB_BOOL   struct pb_number       `set` tells absent from 0
 *   PB_STRING          const char *           NULL when absent
 *   PB_BYTES           struct pb_bytes        data NULL when absent
 *   PB_MESSAGE         struct T *             NULL when absent; rows of `type`
 *   any, PB_REPEATED   struct pb_list         items back to back: pb_number, const char *,
 *                                             pb_bytes, struct T; items[n] of strings is NULL
 *
 * What comes is not trusted.  Refused: what ends in the middle, numbers beyond
 * their kind, a wire type that is not the row's, strings with a NUL, groups,
 * nesting beyond PB_MAX_DEPTH, messages that need more than PB_MAX_MEMORY, a
 * missing PB_REQUIRED field.  Fields without a row are skipped.  Of a field
 * that comes twice the last one holds; messages are merged.  Texts need not be
 * UTF-8: paths are bytes.
 */
#ifndef LIBUTIL_PROTOBUF_H
#define LIBUTIL_PROTOBUF_H

#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

#define PB_MAX_DEPTH  16
#define PB_MAX_MEMORY ((size_t)16 << 20)

enum pb_kind {
	PB_BOOL,
	PB_INT32, /* enums, too */
	PB_UINT32,
	PB_INT64,
	PB_UINT64,
	PB_SINT32, /* zigzag, as the next */
	PB_SINT64,
	PB_FIXED32,
	PB_FIXED64,
	PB_STRING,
	PB_BYTES,
	PB_MESSAGE,
};

enum pb_bits {
	PB_REPEATED = 1 << 0,
	PB_REQUIRED = 1 << 1,
	/* Encode a repeated number as one run, as proto3 does; both forms are always decoded. */
	PB_PACKED = 1 << 2,
};

struct pb_number {
	bool set;
	int64_t v; /* of PB_UINT64 and PB_FIXED64 the same 64 bits */
};
struct pb_bytes {
	const uint8_t *data;
	size_t len;
};
struct pb_list {
	void *items;
	size_t n;
};

struct pb_message;

struct pb_field {
	uint32_t number; /* rows ascend by it */
	uint8_t kind;
	uint8_t bits;
	uint16_t offset;
	const struct pb_message *type; /* PB_MESSAGE */
	const char *name;              /* for messages */
};

struct pb_message {
	const char *name;
	size_t size;
	const struct pb_field *fields;
	size_t n_fields;
};

/* One row: struct, member (which names the field), number, kind, then what else the row says. */
#define PB_FIELD(c_type, member, field_number, field_kind, ...)                                    \
	{                                                                                          \
		.number = (field_number), .kind = (field_kind),                                    \
		.offset = offsetof(c_type, member), .name = #member, __VA_ARGS__                   \
	}
#define PB_MESSAGE_TYPE(message_name, c_type, rows)                                                \
	{                                                                                          \
		.name = (message_name), .size = sizeof(c_type), .fields = (rows),                  \
		.n_fields = ARRAY_LEN(rows)                                                        \
	}

static inline struct pb_number pb_set(int64_t v)
{
	return (struct pb_number){ .set = true, .v = v };
}

/* Decode into *object, which the caller has zeroed; what it points to lies in `a`. */
int pb_decode(const struct pb_message *m, const void *data, size_t len, struct arena *a,
	      void *object, struct err *e);

/* Append the message in the order of its rows. */
void pb_encode(const struct pb_message *m, const void *object, struct strbuf *out);

#endif
