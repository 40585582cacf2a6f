/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "oci-spec/decode_frame.h"

/* The value of a KEYSET's name. */
static const struct field_type no_rows = { .name = "empty object" };

/* ---- Names ---- */

/* Writers go through the rows in order, or sorted, so the row after the last match is looked at
 * first. */
static const struct field *find_row(struct frame *f, const char *s, size_t len)
{
	size_t n = f->type->n_fields;

	for (size_t k = 0, i = f->next; k < n; k++, i++) {
		const struct field *row;

		if (i >= n)
			i = 0;
		row = &f->type->fields[i];
		if (row->key[0] == s[0] && strlen(row->key) == len &&
		    memcmp(row->key, s, len) == 0) {
			f->next = i + 1;
			return row;
		}
	}
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int remember_name(struct decoder *d, struct frame *f, const char *s, size_t len,
			 struct err *e)
{
	const char *name;
	int r;

	if (f->names.n == f->names_cap) {
		void *items;
		size_t want = f->names_cap ? f->names_cap * 2 : 4;

		r = decoder_alloc(d, want, sizeof(name), &items, e);
		if (r < 0)
			return r;
		if (f->names.n)
			memcpy(items, f->names.items, f->names.n * sizeof(name));
		f->names.items = items;
		f->names_cap = want;
	}
	r = decoder_copy(d, s, len, &name, e);
	if (r < 0)
		return r;
	f->names.items[f->names.n++] = name;
	f->key = name;
	return 0;
}

/* Sorting keeps a hostile object with a million names from costing their square. */
static int check_names(struct decoder *d, struct frame *f, struct err *e)
{
	if (f->names.n < 2)
		return 0;
	qsort(f->names.items, f->names.n, sizeof(f->names.items[0]), compare_names);
	for (size_t i = 1; i < f->names.n; i++) {
		if (!streq(f->names.items[i - 1], f->names.items[i]))
			continue;
		f->key = f->names.items[i];
		if (decoder_fault(d, e, DECODE_DUPLICATE, "duplicate key") < 0)
			return -EINVAL;
	}
	return 0;
}

static int unknown_name(struct decoder *d, struct frame *f, const char *s, size_t len,
			struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	int r = remember_name(d, f, s, len, e);

	f->row = NULL;
	if (r < 0 || !d->opts || !d->opts->unknown)
		return r;
	decoder_path(d, &path);
	d->opts->unknown(d->opts->ctx, strbuf_str(&path), f->key, f->type);
	return 0;
}

static int known_name(struct decoder *d, struct frame *f, const struct field *row, struct err *e)
{
	uint64_t bit = UINT64_C(1) << (row - f->type->fields);

	f->row = row;
	f->key = row->key;
	if (f->seen & bit) {
		/* Whoever goes on goes on without it. */
		f->row = NULL;
		return decoder_fault(d, e, DECODE_DUPLICATE, "duplicate key") < 0 ? -EINVAL : 0;
	}
	f->seen |= bit;
	return 0;
}

static int on_map_key(void *ctx, const char *s, size_t len, struct err *e)
{
	struct decoder *d = ctx;
	struct frame *f = decoder_top(d);
	const struct field *row;

	f->key = NULL;
	if (f->kind == FRAME_OBJECT) {
		row = find_row(f, len ? s : "", len);
		return row ? known_name(d, f, row, e) : unknown_name(d, f, s, len, e);
	}
	if (f->kind == FRAME_MAP && len == 0)
		return decoder_fail(d, e, "a key must not be empty");
	return remember_name(d, f, s, len, e);
}

/* ---- Open and close ---- */

static int push(struct decoder *d, const struct frame *f, struct err *e)
{
	/* The reader has the same limit; this keeps the array safe whatever it does. */
	if (d->depth == ARRAY_LEN(d->frames))
		return decoder_fail(d, e, "nested more than %d levels deep", JSON_MAX_DEPTH);
	d->frames[d->depth++] = *f;
	return 0;
}

static int push_object(struct decoder *d, const struct field_type *type, void *object,
		       struct err *e)
{
	assert(type->n_fields <= FIELD_MAX_ROWS);
	return push(d, &(struct frame){ .kind = FRAME_OBJECT, .type = type, .object = object }, e);
}

static int push_items(struct decoder *d, enum frame_kind kind, const struct field *row,
		      void *member, struct err *e)
{
	static const enum field_kind element[] = {
		[FIELD_STRINGS] = FIELD_STRING, [FIELD_U32S] = FIELD_U64,
		[FIELD_ENUMS] = FIELD_ENUM,     [FIELD_OBJECTS] = FIELD_OBJECT,
		[FIELD_STRMAP] = FIELD_STRING,  [FIELD_OBJMAP] = FIELD_OBJECT,
		[FIELD_KEYSET] = FIELD_OBJECT,
	};
	struct frame f = {
		.kind = kind,
		.row = row,
		.element = element[row->kind],
		.object = member,
		.index = NO_INDEX,
	};
	int r = frame_start_items(d, &f, e);

	return r < 0 ? r : push(d, &f, e);
}

/* A value begins: an array's index moves on, a member counts as present. */
static void begin_value(struct decoder *d, bool is_null)
{
	struct frame *f = decoder_top(d);

	f->index++;
	if (f->kind == FRAME_OBJECT && f->row && !is_null)
		f->present |= UINT64_C(1) << (f->row - f->type->fields);
}

/* An object that is a member of its own, or an item: where its struct lies. */
static int open_object(struct decoder *d, struct err *e)
{
	const struct frame *f = decoder_top(d);
	const struct field *row = f->row;
	void *place, *object;
	int r = decoder_place(d, &place, e);

	if (r < 0)
		return r;
	if (f->kind != FRAME_OBJECT)
		return push_object(d, row->kind == FIELD_KEYSET ? &no_rows : row->type, place, e);
	r = decoder_alloc(d, 1, row->type->size, &object, e);
	if (r < 0)
		return r;
	memcpy(place, &object, sizeof(object));
	return push_object(d, row->type, object, e);
}

static int open_map(struct decoder *d, struct err *e)
{
	void *member;
	int r = decoder_place(d, &member, e);

	return r < 0 ? r : push_items(d, FRAME_MAP, decoder_top(d)->row, member, e);
}

static int on_start_map(void *ctx, struct err *e)
{
	struct decoder *d = ctx;
	enum field_kind kind = decoder_expect(d);

	begin_value(d, false);
	switch (kind) {
	case FIELD_OBJECT:
		return open_object(d, e);
	case FIELD_STRMAP:
	case FIELD_OBJMAP:
	case FIELD_KEYSET:
		return open_map(d, e);
	case FIELD_IGNORED:
		return push(d, &(struct frame){ .kind = FRAME_SKIP_OBJECT }, e);
	default: /* scalars and arrays */
		if (decode_wrong_kind(d, "an object", e) < 0)
			return -EINVAL;
		return push(d, &(struct frame){ .kind = FRAME_SKIP_OBJECT }, e);
	}
}

static int check_required(struct decoder *d, struct frame *f, struct err *e)
{
	for (size_t i = 0; i < f->type->n_fields; i++) {
		const struct field *row = &f->type->fields[i];

		if (!(row->bits & FIELD_REQUIRED) || f->present & UINT64_C(1) << i)
			continue;
		f->key = row->key;
		if (decoder_fault(d, e, DECODE_MISSING, "is required") < 0)
			return -EINVAL;
	}
	return 0;
}

/* Required strings are never NULL, also for who went on without one. */
static void fill_required(const struct decoder *d, const struct frame *f)
{
	for (size_t i = 0; d->opts && d->opts->fault && i < f->type->n_fields; i++) {
		const struct field *row = &f->type->fields[i];
		const char **member = (const char **)((char *)f->object + row->offset);

		if (row->bits & FIELD_REQUIRED && row->kind == FIELD_STRING && !*member)
			*member = "";
	}
}

static int on_end_map(void *ctx, struct err *e)
{
	struct decoder *d = ctx;
	struct frame *f = decoder_top(d);
	int r = check_names(d, f, e);

	if (r == 0 && f->kind == FRAME_OBJECT)
		r = check_required(d, f, e);
	if (r < 0)
		return r;
	if (f->kind == FRAME_OBJECT)
		fill_required(d, f);
	if (f->kind == FRAME_MAP)
		frame_store_items(f);
	d->depth--;
	return 0;
}

static int on_start_array(void *ctx, struct err *e)
{
	struct decoder *d = ctx;
	enum field_kind kind = decoder_expect(d);
	const struct frame *f = decoder_top(d);
	void *member;

	begin_value(d, false);
	switch (kind) {
	case FIELD_STRINGS:
	case FIELD_U32S:
	case FIELD_ENUMS:
	case FIELD_OBJECTS:
		break;
	case FIELD_IGNORED:
		return push(d, &(struct frame){ .kind = FRAME_SKIP_LIST, .index = NO_INDEX }, e);
	default: /* scalars and objects */
		if (decode_wrong_kind(d, "an array", e) < 0)
			return -EINVAL;
		return push(d, &(struct frame){ .kind = FRAME_SKIP_LIST, .index = NO_INDEX }, e);
	}
	member = (char *)f->object + f->row->offset;
	return push_items(d, FRAME_LIST, f->row, member, e);
}

static int on_end_array(void *ctx, struct err *e)
{
	struct decoder *d = ctx;
	struct frame *f = decoder_top(d);

	f->index = NO_INDEX;
	if (f->kind == FRAME_LIST) {
		if (f->n == 0 && f->row->bits & FIELD_NONEMPTY)
			if (decoder_fault(d, e, DECODE_WRONG_VALUE, "must not be empty") < 0)
				return -EINVAL;
		frame_store_items(f);
	}
	d->depth--;
	return 0;
}

/* ---- Scalars ---- */

/* What was left out is no failure of the read. */
static int settle(int r)
{
	return r < 0 ? r : 0;
}

static int on_null(void *ctx, struct err *e)
{
	begin_value(ctx, true);
	return settle(decode_null(ctx, e));
}

static int on_boolean(void *ctx, bool value, struct err *e)
{
	begin_value(ctx, false);
	return settle(decode_boolean(ctx, value, e));
}

static int on_number(void *ctx, const struct json_number *n, struct err *e)
{
	begin_value(ctx, false);
	return settle(decode_number(ctx, n, e));
}

static int on_string(void *ctx, const char *s, size_t len, struct err *e)
{
	begin_value(ctx, false);
	return settle(decode_string(ctx, s, len, e));
}

/* ---- The whole ---- */

static int decode(const struct field_type *type, enum field_kind kind, const char *name,
		  const char *text, size_t len, const struct decode_opts *opts, struct arena *a,
		  void *root, struct err *e)
{
	static const struct json_events events = {
		.null = on_null,
		.boolean = on_boolean,
		.number = on_number,
		.string = on_string,
		.start_map = on_start_map,
		.map_key = on_map_key,
		.end_map = on_end_map,
		.start_array = on_start_array,
		.end_array = on_end_array,
	};

	/* Frames are written when they are pushed: all of them would be more than most documents.
	 */
	struct decoder d;

	d.name = name;
	d.opts = opts;
	d.a = a;
	d.used_before = a->used;
	d.row = (struct field){ .kind = (uint8_t)kind, .type = type };
	d.depth = 1;
	d.frames[0] = (struct frame){ .kind = FRAME_DOCUMENT, .row = &d.row, .object = root };
	return json_read(name, text, len, &events, &d, e);
}

int oci_decode(const struct field_type *type, const char *name, const char *text, size_t len,
	       const struct decode_opts *opts, struct arena *a, void **ret, struct err *e)
{
	void *root = arena_alloc(a, 1, type->size);
	int r = decode(type, FIELD_OBJECT, name, text, len, opts, a, root, e);

	if (r < 0)
		return r;
	*ret = root;
	return 0;
}

int oci_decode_array(const struct field_type *type, const char *name, const char *text, size_t len,
		     const struct decode_opts *opts, struct arena *a, struct oci_array *ret,
		     struct err *e)
{
	struct oci_array items = { 0 };
	int r = decode(type, FIELD_OBJECTS, name, text, len, opts, a, &items, e);

	if (r < 0)
		return r;
	*ret = items;
	return 0;
}

const char *field_word(const struct field_words *words, int value)
{
	for (int i = 0; words->words[i]; i++) {
		if (i + 1 == value)
			return words->words[i];
	}
	return NULL;
}

int field_word_value(const struct field_words *words, const char *text, size_t len)
{
	for (int i = 0; words->words[i]; i++) {
		if (strlen(words->words[i]) == len && memcmp(words->words[i], text, len) == 0)
			return i + 1;
	}
	return 0;
}
