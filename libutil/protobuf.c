/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/protobuf.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

/* How a value lies on the wire; 3 and 4 began and ended groups and are history. */
enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LEN = 2, WIRE_32 = 5 };

#define VARINT_MAX_BYTES 10
#define FIELD_NUMBER_MAX ((1U << 29) - 1)

struct reader {
	const uint8_t *at, *end;
	struct arena *a;
	size_t limit; /* of a->used */
	unsigned depth;
};

static const struct {
	uint8_t wire, size; /* of an item in a list */
} kinds[] = {
	[PB_BOOL] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_INT32] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_UINT32] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_INT64] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_UINT64] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_SINT32] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_SINT64] = { WIRE_VARINT, sizeof(struct pb_number) },
	[PB_FIXED32] = { WIRE_32, sizeof(struct pb_number) },
	[PB_FIXED64] = { WIRE_64, sizeof(struct pb_number) },
	[PB_STRING] = { WIRE_LEN, sizeof(char *) },
	[PB_BYTES] = { WIRE_LEN, sizeof(struct pb_bytes) },
	[PB_MESSAGE] = { WIRE_LEN, 0 },
};

static bool is_number(const struct pb_field *f)
{
	return kinds[f->kind].wire != WIRE_LEN;
}

static size_t item_size(const struct pb_field *f)
{
	return f->kind == PB_MESSAGE ? f->type->size : kinds[f->kind].size;
}

/* ---- Decode ---- */

static int read_varint(struct reader *r, uint64_t *ret, struct err *e)
{
	uint64_t v = 0;

	for (int i = 0; i < VARINT_MAX_BYTES; i++) {
		uint8_t byte;

		if (r->at == r->end)
			return err_set(e, EBADMSG, "ends in the middle of a number");
		byte = *r->at++;
		/* Nine bytes hold 63 bits. */
		if (i == VARINT_MAX_BYTES - 1 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = v;
			return 0;
		}
	}
	return err_set(e, EBADMSG, "holds a number of more than 64 bits");
}

static int read_fixed(struct reader *r, size_t size, uint64_t *ret, struct err *e)
{
	uint64_t v = 0;

	if ((size_t)(r->end - r->at) < size)
		return err_set(e, EBADMSG, "ends in the middle of a number");
	for (size_t i = 0; i < size; i++)
		v |= (uint64_t)r->at[i] << (8 * i);
	r->at += size;
	*ret = v;
	return 0;
}

/* The bytes of a length-delimited value as a reader of its own. */
static int read_run(struct reader *r, struct reader *ret, struct err *e)
{
	uint64_t len = 0;
	int res = read_varint(r, &len, e);

	if (res < 0)
		return res;
	if (len > (uint64_t)(r->end - r->at))
		return err_set(e, EBADMSG, "says it has %llu bytes where %td are left",
			       (unsigned long long)len, r->end - r->at);
	*ret = *r;
	ret->end = r->at + len;
	r->at += len;
	return 0;
}

static int read_raw(struct reader *r, uint8_t wire, uint64_t *ret, struct err *e)
{
	if (wire == WIRE_VARINT)
		return read_varint(r, ret, e);
	return read_fixed(r, wire == WIRE_64 ? 8 : 4, ret, e);
}

static int64_t unzigzag(uint64_t raw)
{
	return (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
}

static int to_number(const struct pb_field *f, uint64_t raw, struct pb_number *ret, struct err *e)
{
	int64_t v = f->kind == PB_SINT32 || f->kind == PB_SINT64 ? unzigzag(raw) : (int64_t)raw;
	bool fits = true;

	if (f->kind == PB_INT32 || f->kind == PB_SINT32)
		fits = v >= INT32_MIN && v <= INT32_MAX;
	else if (f->kind == PB_UINT32)
		fits = raw <= UINT32_MAX;
	else if (f->kind == PB_BOOL)
		v = raw != 0;
	if (!fits)
		return err_set(e, ERANGE, "is out of range");
	*ret = pb_set(v);
	return 0;
}

static int check_memory(const struct reader *r, size_t more, struct err *e)
{
	if (r->a->used > r->limit || more > r->limit - r->a->used)
		return err_set(e, E2BIG, "needs more than %zu MiB of memory", PB_MAX_MEMORY >> 20);
	return 0;
}

static int decode_body(const struct pb_message *m, struct reader *r, void *object, struct err *e);

static int read_string(struct reader *run, void *slot, struct err *e)
{
	size_t len = (size_t)(run->end - run->at);
	int res = check_memory(run, len + 1, e);

	if (res < 0)
		return res;
	if (memchr(run->at, '\0', len))
		return err_set(e, EBADMSG, "holds a NUL");
	*(const char **)slot = arena_strndup(run->a, (const char *)run->at, len);
	return 0;
}

static int read_bytes(struct reader *run, struct pb_bytes *slot, struct err *e)
{
	size_t len = (size_t)(run->end - run->at);
	int res = check_memory(run, len + 1, e);

	if (res < 0)
		return res;
	slot->data = (const uint8_t *)arena_strndup(run->a, (const char *)run->at, len);
	slot->len = len;
	return 0;
}

static int read_message(const struct pb_field *f, struct reader *run, void *object, struct err *e)
{
	if (++run->depth > PB_MAX_DEPTH)
		return err_set(e, EBADMSG, "is nested more than %d deep", PB_MAX_DEPTH);
	return decode_body(f->type, run, object, e);
}

/* One length-delimited value, to where it belongs. */
static int read_value(const struct pb_field *f, struct reader *run, void *slot, struct err *e)
{
	if (f->kind == PB_STRING)
		return read_string(run, slot, e);
	if (f->kind == PB_BYTES)
		return read_bytes(run, slot, e);
	return read_message(f, run, slot, e);
}

/* Room for one more; grown by doubling, so that what is thrown away stays below what is kept. */
static int list_slot(const struct pb_field *f, struct reader *r, struct pb_list *list, void **ret,
		     struct err *e)
{
	size_t size = item_size(f), want = list->n ? list->n * 2 : 4;

	/* A power of two, and more than three: full.  Strings keep a place for their NULL. */
	if (list->n == 0 || (list->n >= 4 && (list->n & (list->n - 1)) == 0)) {
		int res = check_memory(r, (want + 1) * size, e);

		if (res < 0)
			return res;
		list->items = arena_grow(r->a, list->items, list->n, want + 1, size);
	}
	*ret = (char *)list->items + list->n * size;
	return 0;
}

static int add_number(const struct pb_field *f, struct reader *r, uint64_t raw,
		      struct pb_list *list, struct err *e)
{
	void *slot = NULL;
	int res = list_slot(f, r, list, &slot, e);

	if (res >= 0)
		res = to_number(f, raw, slot, e);
	if (res >= 0)
		list->n++;
	return res;
}

static int read_packed(const struct pb_field *f, struct reader *run, struct pb_list *list,
		       struct err *e)
{
	int res = 0;

	while (res >= 0 && run->at < run->end) {
		uint64_t raw = 0;

		res = read_raw(run, kinds[f->kind].wire, &raw, e);
		if (res >= 0)
			res = add_number(f, run, raw, list, e);
	}
	return res;
}

static int read_number(const struct pb_field *f, struct reader *r, uint8_t wire, void *slot,
		       struct err *e)
{
	struct reader run;
	uint64_t raw = 0;
	int res;

	if (wire == WIRE_LEN && (f->bits & PB_REPEATED)) {
		res = read_run(r, &run, e);
		return res < 0 ? res : read_packed(f, &run, slot, e);
	}
	if (wire != kinds[f->kind].wire)
		return err_set(e, EBADMSG, "has wire type %d", wire);
	res = read_raw(r, wire, &raw, e);
	if (res < 0)
		return res;
	return f->bits & PB_REPEATED ? add_number(f, r, raw, slot, e) : to_number(f, raw, slot, e);
}

static int read_repeated(const struct pb_field *f, struct reader *run, struct pb_list *list,
			 struct err *e)
{
	void *slot = NULL;
	int res = list_slot(f, run, list, &slot, e);

	if (res >= 0)
		res = read_value(f, run, slot, e);
	if (res >= 0)
		list->n++;
	return res;
}

/* A message that comes twice is one that comes in parts. */
static int read_single_message(const struct pb_field *f, struct reader *run, void **slot,
			       struct err *e)
{
	int res = *slot ? 0 : check_memory(run, f->type->size, e);

	if (res < 0)
		return res;
	if (!*slot)
		*slot = arena_alloc(run->a, 1, f->type->size);
	return read_message(f, run, *slot, e);
}

static int read_field(const struct pb_field *f, struct reader *r, uint8_t wire, void *object,
		      struct err *e)
{
	void *slot = (char *)object + f->offset;
	struct reader run;
	int res;

	if (is_number(f))
		return read_number(f, r, wire, slot, e);
	if (wire != WIRE_LEN)
		return err_set(e, EBADMSG, "has wire type %d", wire);
	res = read_run(r, &run, e);
	if (res < 0)
		return res;
	if (f->bits & PB_REPEATED)
		return read_repeated(f, &run, slot, e);
	if (f->kind == PB_MESSAGE)
		return read_single_message(f, &run, slot, e);
	return read_value(f, &run, slot, e);
}

static int skip_field(struct reader *r, uint8_t wire, struct err *e)
{
	struct reader run;
	uint64_t raw = 0;

	if (wire == WIRE_LEN)
		return read_run(r, &run, e);
	if (wire == WIRE_VARINT || wire == WIRE_64 || wire == WIRE_32)
		return read_raw(r, wire, &raw, e);
	return err_set(e, EBADMSG, "has wire type %d", wire);
}

static const struct pb_field *find_field(const struct pb_message *m, uint32_t number)
{
	for (size_t i = 0; i < m->n_fields && m->fields[i].number <= number; i++)
		if (m->fields[i].number == number)
			return &m->fields[i];
	return NULL;
}

static bool is_set(const struct pb_field *f, const void *object)
{
	const void *slot = (const char *)object + f->offset;

	if (f->bits & PB_REPEATED)
		return ((const struct pb_list *)slot)->n > 0;
	if (is_number(f))
		return ((const struct pb_number *)slot)->set;
	if (f->kind == PB_BYTES)
		return ((const struct pb_bytes *)slot)->data != NULL;
	return *(const void *const *)slot != NULL;
}

static int check_required(const struct pb_message *m, const void *object, struct err *e)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if ((m->fields[i].bits & PB_REQUIRED) && !is_set(&m->fields[i], object))
			return err_set(e, EBADMSG, "%s: missing", m->fields[i].name);
	return 0;
}

static int decode_body(const struct pb_message *m, struct reader *r, void *object, struct err *e)
{
	while (r->at < r->end) {
		const struct pb_field *f;
		uint64_t key = 0;
		int res = read_varint(r, &key, e);

		if (res < 0)
			return res;
		if (key >> 3 == 0 || key >> 3 > FIELD_NUMBER_MAX)
			return err_set(e, EBADMSG, "has a field number out of range");
		f = find_field(m, (uint32_t)(key >> 3));
		res = f ? read_field(f, r, key & 7, object, e) : skip_field(r, key & 7, e);
		if (res < 0 && f)
			return err_wrap(e, res, "%s", f->name);
		if (res < 0)
			return err_wrap(e, res, "field %u", (unsigned)(key >> 3));
	}
	return check_required(m, object, e);
}

int pb_decode(const struct pb_message *m, const void *data, size_t len, struct arena *a,
	      void *object, struct err *e)
{
	struct reader r = { .at = data, .a = a, .limit = a->used + PB_MAX_MEMORY };
	int res;

	r.end = r.at + len;
	res = decode_body(m, &r, object, e);
	return res < 0 ? err_wrap(e, res, "%s", m->name) : 0;
}

/* ---- Encode ---- */

static void write_varint(struct strbuf *out, uint64_t v)
{
	uint8_t bytes[VARINT_MAX_BYTES];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	strbuf_add(out, bytes, n);
}

static void write_fixed(struct strbuf *out, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		strbuf_addc(out, (char)(v >> (8 * i)));
}

static void write_run(struct strbuf *out, const void *data, size_t len)
{
	write_varint(out, len);
	if (len > 0)
		strbuf_add(out, data, len);
}

static void write_key(struct strbuf *out, const struct pb_field *f, uint8_t wire)
{
	write_varint(out, (uint64_t)f->number << 3 | wire);
}

static void write_number(const struct pb_field *f, int64_t v, struct strbuf *out)
{
	uint64_t raw = (uint64_t)v;

	if (f->kind == PB_SINT32 || f->kind == PB_SINT64)
		raw = (raw << 1) ^ (v < 0 ? UINT64_MAX : 0);
	if (kinds[f->kind].wire == WIRE_VARINT)
		write_varint(out, raw);
	else
		write_fixed(out, raw, kinds[f->kind].wire == WIRE_64 ? 8 : 4);
}

static void write_value(const struct pb_field *f, const void *slot, struct strbuf *out)
{
	write_key(out, f, kinds[f->kind].wire);
	if (is_number(f)) {
		write_number(f, ((const struct pb_number *)slot)->v, out);
	} else if (f->kind == PB_STRING) {
		const char *text = *(const char *const *)slot;

		write_run(out, text, strlen(text));
	} else if (f->kind == PB_BYTES) {
		const struct pb_bytes *b = slot;

		write_run(out, b->data, b->len);
	} else {
		auto_(strbuf) struct strbuf body = { 0 };

		pb_encode(f->type, slot, &body);
		write_run(out, body.data, body.len);
	}
}

static void write_packed(const struct pb_field *f, const struct pb_list *list, struct strbuf *out)
{
	auto_(strbuf) struct strbuf body = { 0 };
	const struct pb_number *n = list->items;

	for (size_t i = 0; i < list->n; i++)
		write_number(f, n[i].v, &body);
	write_key(out, f, WIRE_LEN);
	write_run(out, body.data, body.len);
}

static void write_list(const struct pb_field *f, const struct pb_list *list, struct strbuf *out)
{
	if ((f->bits & PB_PACKED) && is_number(f)) {
		write_packed(f, list, out);
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		write_value(f, (const char *)list->items + i * item_size(f), out);
}

void pb_encode(const struct pb_message *m, const void *object, struct strbuf *out)
{
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct pb_field *f = &m->fields[i];
		const void *slot = (const char *)object + f->offset;

		assert(i == 0 || m->fields[i - 1].number < f->number);
		if (!is_set(f, object))
			continue;
		if (f->bits & PB_REPEATED)
			write_list(f, slot, out);
		else if (f->kind == PB_MESSAGE)
			write_value(f, *(const void *const *)slot, out);
		else
			write_value(f, slot, out);
	}
}
