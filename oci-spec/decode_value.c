/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#include "oci-spec/decode_frame.h"

/* For "expected ..., found ...". */
static const char *const kind_text[] = {
	[FIELD_STRING] = "a string",  [FIELD_BOOL] = "a boolean",   [FIELD_OPT_BOOL] = "a boolean",
	[FIELD_I64] = "an integer",   [FIELD_U64] = "an integer",   [FIELD_REAL] = "a number",
	[FIELD_ENUM] = "a string",    [FIELD_OBJECT] = "an object", [FIELD_STRINGS] = "an array",
	[FIELD_U32S] = "an array",    [FIELD_ENUMS] = "an array",   [FIELD_OBJECTS] = "an array",
	[FIELD_STRMAP] = "an object", [FIELD_OBJMAP] = "an object", [FIELD_KEYSET] = "an object",
	[FIELD_IGNORED] = "anything",
};

int decode_wrong_kind(const struct decoder *d, const char *found, struct err *e)
{
	/* A document of another kind leaves nothing to go on with. */
	if (d->depth == 1)
		return decoder_fail(d, e, "expected %s, found %s", kind_text[decoder_expect(d)],
				    found);
	return decoder_fault(d, e, DECODE_WRONG_KIND, "expected %s, found %s",
			     kind_text[decoder_expect(d)], found);
}

enum field_kind decoder_expect(const struct decoder *d)
{
	const struct frame *f = &d->frames[d->depth - 1];

	switch (f->kind) {
	case FRAME_DOCUMENT:
	case FRAME_OBJECT:
		return f->row ? (enum field_kind)f->row->kind : FIELD_IGNORED;
	case FRAME_LIST:
	case FRAME_MAP:
		return f->element;
	case FRAME_SKIP_OBJECT:
	case FRAME_SKIP_LIST:
		break;
	}
	return FIELD_IGNORED;
}

/* ---- Memory ---- */

static int check_memory(const struct decoder *d, size_t bytes, struct err *e)
{
	if (d->a->used - d->used_before + bytes > DECODE_MAX_MEMORY)
		return decoder_fail(d, e, "the document needs more than %zu MiB of memory",
				    DECODE_MAX_MEMORY >> 20);
	return 0;
}

int decoder_alloc(struct decoder *d, size_t n, size_t size, void **ret, struct err *e)
{
	int r = check_memory(d, n * size, e);

	if (r < 0)
		return r;
	*ret = arena_alloc(d->a, n, size);
	return 0;
}

int decoder_copy(struct decoder *d, const char *s, size_t len, const char **ret, struct err *e)
{
	int r;

	if (len && memchr(s, '\0', len))
		return decoder_fail(d, e, "text with an embedded NUL");
	r = check_memory(d, len + 1, e);
	if (r < 0)
		return r;
	*ret = arena_strndup(d->a, s, len);
	return 0;
}

/* ---- Lists and maps ---- */

static size_t item_size(const struct frame *f)
{
	switch ((enum field_kind)f->row->kind) {
	case FIELD_STRINGS:
	case FIELD_KEYSET:
		return sizeof(const char *);
	case FIELD_U32S:
		return sizeof(uint32_t);
	case FIELD_ENUMS:
		return sizeof(int);
	case FIELD_STRMAP:
		return sizeof(struct oci_pair);
	default: /* objects */
		return f->row->type->size;
	}
}

int frame_start_items(struct decoder *d, struct frame *f, struct err *e)
{
	f->cap = 4;
	return decoder_alloc(d, f->cap, item_size(f), &f->items, e);
}

/* One more item, zeroed.  One slot stays free: lists of strings end in NULL. */
static int add_item(struct decoder *d, struct frame *f, void **ret, struct err *e)
{
	size_t size = item_size(f);

	if (f->n + 1 >= f->cap) {
		int r = check_memory(d, f->cap * 2 * size, e);

		if (r < 0)
			return r;
		f->items = arena_grow(d->a, f->items, f->n, f->cap * 2, size);
		f->cap *= 2;
	}
	*ret = (char *)f->items + f->n++ * size;
	return 0;
}

static int add_map_item(struct decoder *d, struct frame *f, void **ret, struct err *e)
{
	void *item;
	int r = add_item(d, f, &item, e);

	if (r < 0)
		return r;
	if (f->row->kind == FIELD_STRMAP) {
		struct oci_pair *pair = item;

		pair->key = f->key;
		*ret = &pair->value;
		return 0;
	}
	/* A KEYSET's item is the name; an OBJMAP's struct begins with it. */
	*(const char **)item = f->key;
	*ret = item;
	return 0;
}

int decoder_place(struct decoder *d, void **ret, struct err *e)
{
	struct frame *f = decoder_top(d);

	if (f->kind == FRAME_LIST)
		return add_item(d, f, ret, e);
	if (f->kind == FRAME_MAP)
		return add_map_item(d, f, ret, e);
	*ret = (char *)f->object + f->row->offset; /* a document's row has offset 0 */
	return 0;
}

void frame_store_items(const struct frame *f)
{
	switch ((enum field_kind)f->row->kind) {
	case FIELD_STRINGS:
	case FIELD_KEYSET:
		*(struct oci_strings *)f->object = (struct oci_strings){ f->items, f->n };
		break;
	case FIELD_U32S:
		*(struct oci_u32s *)f->object = (struct oci_u32s){ f->items, f->n };
		break;
	case FIELD_ENUMS:
		*(struct oci_ints *)f->object = (struct oci_ints){ f->items, f->n };
		break;
	case FIELD_STRMAP:
		*(struct oci_strmap *)f->object = (struct oci_strmap){ f->items, f->n };
		break;
	default: /* objects */
		*(struct oci_array *)f->object = (struct oci_array){ f->items, f->n };
		break;
	}
}

/* ---- Scalars ---- */

static bool is_list(const struct field *row)
{
	return row->kind == FIELD_STRINGS || row->kind == FIELD_U32S || row->kind == FIELD_ENUMS ||
	       row->kind == FIELD_OBJECTS;
}

static int null_list(const struct decoder *d, struct frame *f, struct err *e)
{
	if (f->row->bits & FIELD_NONEMPTY)
		return decoder_fault(d, e, DECODE_WRONG_VALUE, "must not be empty");
	f->present |= UINT64_C(1) << (f->row - f->type->fields);
	return 0;
}

int decode_null(struct decoder *d, struct err *e)
{
	struct frame *f = decoder_top(d);
	void *place;

	if (f->kind == FRAME_DOCUMENT || f->kind == FRAME_LIST)
		return decode_wrong_kind(d, "null", e);
	/* A required list that is null is Go's empty list. */
	if (f->kind == FRAME_OBJECT && f->row && is_list(f->row))
		return null_list(d, f, e);
	/* Names of OBJMAP and KEYSET are content: null is the empty object. */
	if (f->kind == FRAME_MAP && f->element == FIELD_OBJECT)
		return decoder_place(d, &place, e);
	return 0;
}

int decode_boolean(struct decoder *d, bool value, struct err *e)
{
	enum field_kind kind = decoder_expect(d);
	void *place;
	int r;

	if (kind == FIELD_IGNORED)
		return 0;
	if (kind != FIELD_BOOL && kind != FIELD_OPT_BOOL)
		return decode_wrong_kind(d, value ? "true" : "false", e);
	r = decoder_place(d, &place, e);
	if (r < 0)
		return r;
	if (kind == FIELD_BOOL)
		*(bool *)place = value;
	else
		*(struct opt_bool *)place = (struct opt_bool){ .set = true, .v = value };
	return 0;
}

static int out_of_range(const struct decoder *d, const struct json_number *n, int64_t min,
			uint64_t max, struct err *e)
{
	if (n->kind == JSON_NUM_U64)
		return decoder_fault(d, e, DECODE_WRONG_VALUE,
				     "%" PRIu64 " is out of range %" PRId64 " to %" PRIu64, n->u64,
				     min, max);
	return decoder_fault(d, e, DECODE_WRONG_VALUE,
			     "%" PRId64 " is out of range %" PRId64 " to %" PRIu64, n->i64, min,
			     max);
}

static int check_range(const struct decoder *d, const struct json_number *n,
		       const struct field *row, struct err *e)
{
	int64_t min = row->kind == FIELD_I64 ? INT64_MIN : 0;
	uint64_t max = row->kind == FIELD_I64    ? INT64_MAX
		       : row->kind == FIELD_U32S ? UINT32_MAX
						 : UINT64_MAX;

	if (row->min || row->max) {
		min = row->min;
		max = row->max;
	}
	if (n->kind == JSON_NUM_U64)
		return n->u64 > max ? out_of_range(d, n, min, max, e) : 0;
	if (n->i64 < min || (n->i64 > 0 && (uint64_t)n->i64 > max))
		return out_of_range(d, n, min, max, e);
	return 0;
}

static double number_real(const struct json_number *n)
{
	switch (n->kind) {
	case JSON_NUM_I64:
		return (double)n->i64;
	case JSON_NUM_U64:
		return (double)n->u64;
	case JSON_NUM_REAL:
		break;
	}
	return n->real;
}

int decode_number(struct decoder *d, const struct json_number *n, struct err *e)
{
	enum field_kind kind = decoder_expect(d);
	const struct frame *f = decoder_top(d);
	uint64_t u = n->kind == JSON_NUM_U64 ? n->u64 : (uint64_t)n->i64;
	void *place;
	int r;

	if (kind == FIELD_IGNORED)
		return 0;
	if (kind != FIELD_I64 && kind != FIELD_U64 && kind != FIELD_REAL)
		return decode_wrong_kind(d, "a number", e);
	if (kind != FIELD_REAL && n->kind == JSON_NUM_REAL)
		return decoder_fault(d, e, DECODE_WRONG_KIND,
				     "expected an integer of 64 bits without fraction or exponent");
	r = kind == FIELD_REAL ? 0 : check_range(d, n, f->row, e);
	if (r != 0)
		return r;
	r = decoder_place(d, &place, e);
	if (r < 0)
		return r;
	if (f->kind == FRAME_LIST)
		*(uint32_t *)place = (uint32_t)u; /* the only lists of numbers are U32S */
	else if (kind == FIELD_I64)
		*(struct opt_i64 *)place = (struct opt_i64){ .set = true, .v = (int64_t)u };
	else if (kind == FIELD_U64)
		*(struct opt_u64 *)place = (struct opt_u64){ .set = true, .v = u };
	else
		*(struct opt_real *)place = (struct opt_real){ .set = true, .v = number_real(n) };
	return 0;
}

static int store_word(struct decoder *d, const char *s, size_t len, struct err *e)
{
	const struct field_words *words = decoder_top(d)->row->words;
	int value = field_word_value(words, s, len);
	char clipped[CLIP_SIZE];
	void *place;
	int r;

	if (!value)
		return decoder_fault(d, e, DECODE_WRONG_VALUE, "unknown %s '%s'", words->what,
				     clip_text(clipped, s, len));
	r = decoder_place(d, &place, e);
	if (r < 0)
		return r;
	*(int *)place = value;
	return 0;
}

/* Bits of rows speak of the member, not of the items of a list. */
static int check_text(const struct decoder *d, const char *s, size_t len, unsigned bits,
		      struct err *e)
{
	char clipped[CLIP_SIZE];

	if (len == 0 && bits & FIELD_NONEMPTY)
		return decoder_fault(d, e, DECODE_WRONG_VALUE, "must not be empty");
	if (bits & FIELD_ABSOLUTE && (len == 0 || s[0] != '/'))
		return decoder_fault(d, e, DECODE_WRONG_VALUE, "must be an absolute path, not '%s'",
				     clip_text(clipped, s, len));
	return 0;
}

static int store_text(struct decoder *d, const char *s, size_t len, struct err *e)
{
	const struct frame *f = decoder_top(d);
	unsigned bits = f->kind == FRAME_OBJECT ? f->row->bits : FIELD_KEEP_EMPTY;
	const char *copy = NULL;
	void *place;
	int r;

	if (len == 0 && !(bits & (FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_KEEP_EMPTY)))
		return 0;
	r = check_text(d, s, len, bits, e);
	if (r != 0)
		return r;
	r = decoder_copy(d, s, len, &copy, e);
	if (r < 0)
		return r;
	r = decoder_place(d, &place, e);
	if (r < 0)
		return r;
	*(const char **)place = copy;
	return 0;
}

int decode_string(struct decoder *d, const char *s, size_t len, struct err *e)
{
	enum field_kind kind = decoder_expect(d);

	if (kind == FIELD_IGNORED)
		return 0;
	if (kind == FIELD_ENUM)
		return store_word(d, s, len, e);
	if (kind != FIELD_STRING)
		return decode_wrong_kind(d, "a string", e);
	return store_text(d, s, len, e);
}
