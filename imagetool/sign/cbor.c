/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/cbor.h"

#include <errno.h>

#include "libutil/utf8.h"

enum major {
	MAJOR_UNSIGNED,
	MAJOR_NEGATIVE,
	MAJOR_BYTES,
	MAJOR_TEXT,
	MAJOR_ARRAY,
	MAJOR_MAP,
	MAJOR_TAG,
	MAJOR_SIMPLE,
};

struct reader {
	const uint8_t *p, *end;
	struct arena *a;
	size_t items;
	unsigned depth;
};

/* A number's place is in the head, or in the 1, 2, 4 or 8 bytes behind it. */
static int read_head(struct reader *r, enum major *ret_major, uint64_t *ret, struct err *e)
{
	unsigned info, extra;
	uint64_t value = 0;

	if (r->p == r->end)
		return err_set(e, EBADMSG, "CBOR: it ends too early");
	*ret_major = (enum major)(*r->p >> 5);
	info = *r->p++ & 31;
	if (info < 24) {
		*ret = info;
		return 0;
	}
	if (info > 27)
		return err_set(e, EBADMSG, "CBOR: an item whose length is not said before");
	extra = 1u << (info - 24);
	if ((size_t)(r->end - r->p) < extra)
		return err_set(e, EBADMSG, "CBOR: it ends too early");
	for (unsigned i = 0; i < extra; i++)
		value = value << 8 | *r->p++;
	if (value < 24 || (extra > 1 && value >> (4 * extra) == 0))
		return err_set(e, EBADMSG, "CBOR: a number is longer than needed");
	*ret = value;
	return 0;
}

static int read_item(struct reader *r, struct cbor *ret, struct err *e);

static int read_string(struct reader *r, uint64_t len, struct cbor *ret, struct err *e)
{
	if (len > (uint64_t)(r->end - r->p))
		return err_set(e, EBADMSG, "CBOR: a string is longer than all the rest");
	ret->data = r->p;
	ret->len = (size_t)len;
	r->p += len;
	if (ret->kind == CBOR_TEXT && utf8_span((const char *)ret->data, ret->len) != ret->len)
		return err_set(e, EBADMSG, "CBOR: a text is not UTF-8");
	return 0;
}

static bool is_same(const struct cbor *a, const struct cbor *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == CBOR_INT)
		return a->number == b->number;
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Names are numbers or texts, each once. */
static int check_names(const struct cbor *map, struct err *e)
{
	for (size_t i = 0; i < map->len; i++) {
		const struct cbor *name = &map->items[2 * i];

		if (name->kind != CBOR_INT && name->kind != CBOR_TEXT)
			return err_set(e, EBADMSG, "CBOR: a name is neither a number nor a text");
		for (size_t k = 0; k < i; k++)
			if (is_same(name, &map->items[2 * k]))
				return err_set(e, EBADMSG, "CBOR: a name comes twice");
	}
	return 0;
}

static int read_items(struct reader *r, uint64_t n, struct cbor *ret, struct err *e)
{
	int result = 0;

	/* Each takes a byte at least, so that no head alone can ask for much memory. */
	if (n > (uint64_t)(r->end - r->p) || n > CBOR_ITEMS_MAX - r->items)
		return err_set(e, EBADMSG,
			       "CBOR: a list is longer than all the rest, or has more than %d "
			       "items",
			       CBOR_ITEMS_MAX);
	if (r->depth == CBOR_DEPTH_MAX)
		return err_set(e, EBADMSG, "CBOR: nested deeper than %d", CBOR_DEPTH_MAX);
	r->depth++;
	r->items += n;
	ret->items = arena_alloc(r->a, n + 1, sizeof(*ret->items));
	for (uint64_t i = 0; i < n && result >= 0; i++)
		result = read_item(r, &ret->items[i], e);
	r->depth--;
	return result;
}

static int read_number(enum major major, uint64_t value, struct cbor *ret, struct err *e)
{
	if (value > INT64_MAX)
		return err_set(e, EBADMSG, "CBOR: a number is too large");
	ret->kind = CBOR_INT;
	ret->number = major == MAJOR_NEGATIVE ? -1 - (int64_t)value : (int64_t)value;
	return 0;
}

static int read_map(struct reader *r, uint64_t pairs, struct cbor *ret, struct err *e)
{
	int result;

	if (pairs > CBOR_ITEMS_MAX)
		return err_set(e, EBADMSG, "CBOR: a map has more than %d names", CBOR_ITEMS_MAX);
	ret->kind = CBOR_MAP;
	ret->len = (size_t)pairs;
	result = read_items(r, 2 * pairs, ret, e);
	return result < 0 ? result : check_names(ret, e);
}

static int read_item(struct reader *r, struct cbor *ret, struct err *e)
{
	enum major major = MAJOR_SIMPLE;
	uint64_t value = 0;
	int result = read_head(r, &major, &value, e);

	if (result < 0)
		return result;
	switch (major) {
	case MAJOR_UNSIGNED:
	case MAJOR_NEGATIVE:
		return read_number(major, value, ret, e);
	case MAJOR_BYTES:
	case MAJOR_TEXT:
		ret->kind = major == MAJOR_BYTES ? CBOR_BYTES : CBOR_TEXT;
		return read_string(r, value, ret, e);
	case MAJOR_ARRAY:
		ret->kind = CBOR_ARRAY;
		result = read_items(r, value, ret, e);
		ret->len = (size_t)value;
		return result;
	case MAJOR_MAP:
		return read_map(r, value, ret, e);
	case MAJOR_TAG:
		ret->kind = CBOR_TAG;
		ret->number = (int64_t)(value & INT64_MAX);
		return read_items(r, 1, ret, e);
	case MAJOR_SIMPLE:
		break;
	}
	/* false, true, null, undefined */
	if (value < 20 || value > 23)
		return err_set(e, EBADMSG, "CBOR: a kind of value that is not used here");
	ret->kind = CBOR_SIMPLE;
	ret->number = (int64_t)value;
	return 0;
}

int cbor_parse(const void *data, size_t len, struct arena *a, struct cbor **ret, struct err *e)
{
	struct reader r = { .p = data, .end = (const uint8_t *)data + len, .a = a };
	struct cbor *top = arena_alloc(a, 1, sizeof(*top));
	int result = read_item(&r, top, e);

	if (result < 0)
		return result;
	if (r.p != r.end)
		return err_set(e, EBADMSG, "CBOR: there are bytes behind the end");
	*ret = top;
	return 0;
}

/* ---- Maps ---- */

const struct cbor *cbor_get_number(const struct cbor *map, int64_t name)
{
	for (size_t i = 0; map && map->kind == CBOR_MAP && i < map->len; i++)
		if (map->items[2 * i].kind == CBOR_INT && map->items[2 * i].number == name)
			return &map->items[2 * i + 1];
	return NULL;
}

const struct cbor *cbor_get_text(const struct cbor *map, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; map && map->kind == CBOR_MAP && i < map->len; i++) {
		const struct cbor *n = &map->items[2 * i];

		if (n->kind == CBOR_TEXT && n->len == len && memcmp(n->data, name, len) == 0)
			return n + 1;
	}
	return NULL;
}

/* ---- Writing ---- */

void cbor_head(struct strbuf *out, unsigned major, uint64_t value)
{
	unsigned info = value < 24            ? (unsigned)value
			: value <= UINT8_MAX  ? 24
			: value <= UINT16_MAX ? 25
			: value <= UINT32_MAX ? 26
					      : 27;

	strbuf_addc(out, (char)(major << 5 | info));
	for (int shift = info < 24 ? -8 : (8 << (info - 24)) - 8; shift >= 0; shift -= 8)
		strbuf_addc(out, (char)(value >> shift & 255));
}

void cbor_bytes(struct strbuf *out, const void *data, size_t len)
{
	cbor_head(out, MAJOR_BYTES, len);
	strbuf_add(out, data, len);
}

void cbor_text(struct strbuf *out, const char *text)
{
	cbor_head(out, MAJOR_TEXT, strlen(text));
	strbuf_adds(out, text);
}
