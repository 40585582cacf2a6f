/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per JSON key.  The rows are the only description of a document; the
 * walkers of codec.h read them.  A decoded document lives in one arena and is
 * freed as a whole: there is no per-field release.
 *
 * How a kind lies in the struct:
 *
 *   FIELD_STRING   const char *            NULL when absent; "" is the same as absent (Go writes it
 * for an unset string) unless the row is required or keeps empty values FIELD_BOOL     bool false
 * when absent FIELD_OPT_BOOL struct opt_bool FIELD_I64      struct opt_i64          `set` tells
 * absent from 0 FIELD_U64      struct opt_u64 FIELD_REAL     struct opt_real FIELD_ENUM     int 0
 * when absent; words of `words` are 1, 2, ... FIELD_OBJECT   struct T *              NULL when
 * absent; rows of `type` FIELD_STRINGS  struct oci_strings      items NULL when absent, not NULL
 * when [] FIELD_U32S     struct oci_u32s FIELD_ENUMS    struct oci_ints         array of words
 *   FIELD_OBJECTS  struct oci_array        items of `type`
 *   FIELD_STRMAP   struct oci_strmap       object of strings, document order
 *   FIELD_OBJMAP   struct oci_array        object of objects; the first member of the item's struct
 * is `const char *key` FIELD_KEYSET   struct oci_strings      object whose values are empty
 * objects: {"80/tcp": {}} FIELD_IGNORED  nothing                 known to the schema, meaningless
 * here (other platforms)
 *
 * null is the same as absent for every member (Go writes it for a nil slice) and for a member of a
 * STRMAP; in OBJMAP and KEYSET it stands for an empty object, since there the name is the content;
 * in an array it is refused.
 */
#ifndef OCI_SPEC_FIELD_H
#define OCI_SPEC_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/macro.h"

enum field_kind {
	FIELD_STRING,
	FIELD_BOOL,
	FIELD_OPT_BOOL,
	FIELD_I64,
	FIELD_U64,
	FIELD_REAL,
	FIELD_ENUM,
	FIELD_OBJECT,
	FIELD_STRINGS,
	FIELD_U32S,
	FIELD_ENUMS,
	FIELD_OBJECTS,
	FIELD_STRMAP,
	FIELD_OBJMAP,
	FIELD_KEYSET,
	FIELD_IGNORED,
};

struct opt_bool {
	bool set;
	bool v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_real {
	bool set;
	double v;
};
struct oci_strings {
	const char **items; /* items[n] == NULL when items is set: usable as argv */
	size_t n;
};
struct oci_u32s {
	uint32_t *items;
	size_t n;
};
struct oci_ints {
	int *items;
	size_t n;
};
struct oci_array {
	void *items; /* n structs of the row's type, back to back */
	size_t n;
};
struct oci_pair {
	const char *key;
	const char *value;
};
struct oci_strmap {
	struct oci_pair *items;
	size_t n;
};

/* Words of an enum, in order of their values, NULL-terminated: words[0] is value 1. */
struct field_words {
	const char *what; /* "namespace type", for "unknown namespace type 'foo'" */
	const char *const *words;
};

struct field_type;

enum field_bits {
	FIELD_REQUIRED = 1 << 0,
	FIELD_NONEMPTY = 1 << 1,   /* strings and arrays */
	FIELD_ABSOLUTE = 1 << 2,   /* a string that is an absolute path when present */
	FIELD_KEEP_EMPTY = 1 << 3, /* encode even when empty, false or zero */
};

struct field {
	const char *key;
	uint8_t kind;
	uint8_t bits;
	uint16_t offset;
	const struct field_type *type;   /* OBJECT, OBJECTS, OBJMAP */
	const struct field_words *words; /* ENUM, ENUMS */
	int64_t min;                     /* numbers; both 0 means the kind's whole range */
	uint64_t max;
};

struct field_type {
	const char *name; /* "runtime config", for messages of the whole document */
	size_t size;
	const struct field *fields;
	size_t n_fields;
};

/* FIELD_MAX_ROWS bits say which keys of an object were seen. */
#define FIELD_MAX_ROWS 64

/* One row: struct, member, key, kind, then what else the row says (`.bits = FIELD_REQUIRED`). */
#define FIELD_ROW(c_type, member, json_key, field_kind, ...)                                       \
	{                                                                                          \
		.key = (json_key), .kind = (field_kind), .offset = offsetof(c_type, member),       \
		__VA_ARGS__                                                                        \
	}
/* A key that is known and ignored. */
#define FIELD_ROW_IGNORED(json_key)                                                                \
	{                                                                                          \
		.key = (json_key), .kind = FIELD_IGNORED                                           \
	}

#define FIELD_TYPE(type_name, c_type, rows)                                                        \
	{                                                                                          \
		.name = (type_name), .size = sizeof(c_type), .fields = (rows),                     \
		.n_fields = ARRAY_LEN(rows)                                                        \
	}

#endif
