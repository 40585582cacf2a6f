/* SPDX-License-Identifier: Apache-2.0 */
/* notation's COSE envelope: COSE_Sign1 (RFC 9052) with certificates in its open headers. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/sign/cbor.h"
#include "imagetool/sign/notation.h"

#define SIGN1_TAG 18
/* Numbers of headers (RFC 9052, RFC 9360) */
#define HEADER_ALG     1
#define HEADER_CRIT    2
#define HEADER_TYPE    3
#define HEADER_X5CHAIN 33
/* A time is seconds since 1970. */
#define EPOCH_TAG 1

static const char *text_of(const struct cbor *v, struct arena *a)
{
	return v && v->kind == CBOR_TEXT ? arena_strndup(a, (const char *)v->data, v->len) : NULL;
}

static int read_time(const struct cbor *header, const char *name, bool *ret_has, int64_t *ret,
		     struct err *e)
{
	const struct cbor *v = cbor_get_text(header, name);

	if (!v)
		return 0;
	if (v->kind != CBOR_TAG || v->number != EPOCH_TAG || v->items->kind != CBOR_INT)
		return err_set(e, IMAGE_EVERIFY, "its header '%s' is no time", name);
	*ret_has = true;
	*ret = v->items->number;
	return 0;
}

/* Those that COSE itself says everybody understands. */
static bool is_standard(const struct cbor *name)
{
	return name->kind == CBOR_INT && name->number >= HEADER_ALG && name->number <= HEADER_TYPE;
}

static int read_critical(const struct cbor *list, struct notation *n, struct err *e)
{
	if (!list || list->kind != CBOR_ARRAY || !list->len)
		return err_set(e, IMAGE_EVERIFY, "it names no critical headers");
	for (size_t i = 0; i < list->len; i++) {
		const struct cbor *name = &list->items[i];
		int r;

		if (is_standard(name))
			continue;
		if (name->kind != CBOR_TEXT)
			return err_set(e, IMAGE_EVERIFY,
				       "it has a critical header that is not known here");
		r = notation_critical(n, (const char *)name->data, name->len, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_protected(const struct cbor *header, struct notation *n, struct arena *a,
			  struct err *e)
{
	const struct cbor *alg = cbor_get_number(header, HEADER_ALG);
	int r = read_critical(cbor_get_number(header, HEADER_CRIT), n, e);

	n->alg = alg && alg->kind == CBOR_INT ? sign_algorithm_by_number(alg->number) : SIGN_NONE;
	n->content_type = text_of(cbor_get_number(header, HEADER_TYPE), a);
	n->scheme = text_of(cbor_get_text(header, NOTATION_SCHEME), a);
	if (r >= 0)
		r = read_time(header, NOTATION_EXPIRY, &n->has_expiry, &n->expiry, e);
	return r < 0 ? r : read_time(header, NOTATION_AUTH, &n->has_auth, &n->auth, e);
}

/* One certificate, or a list. */
static int read_chain(const struct cbor *v, struct sign_chain *chain, struct err *e)
{
	const struct cbor *list = v && v->kind == CBOR_ARRAY ? v->items : v;
	size_t n = v && v->kind == CBOR_ARRAY ? v->len : 1;

	if (!v || !n || n > SIGN_CHAIN_MAX)
		return err_set(e, IMAGE_EVERIFY, "no certificates come with it");
	for (size_t i = 0; i < n; i++) {
		if (list[i].kind != CBOR_BYTES)
			return err_set(e, IMAGE_EVERIFY, "certificate %zu is none", i + 1);
		chain->items[i].data = xcalloc(list[i].len + 1, 1);
		memcpy(chain->items[i].data, list[i].data, list[i].len);
		chain->items[i].len = list[i].len;
		chain->n = i + 1;
	}
	return 0;
}

/* What is signed: ["Signature1", protected, nothing from outside, payload]. */
static void encode_signed(const struct cbor *protected, const struct cbor *payload,
			  struct strbuf *out)
{
	cbor_head(out, 4, 4);
	cbor_text(out, "Signature1");
	cbor_bytes(out, protected->data, protected->len);
	cbor_bytes(out, "", 0);
	cbor_bytes(out, payload->data, payload->len);
}

static int check_parts(const struct sign_trust *t, const struct sign_subject *s,
		       const struct cbor *parts, struct notation *n, struct arena *a,
		       struct sign_verdict *ret, struct err *e)
{
	auto_(strbuf) struct strbuf input = { 0 };
	struct cbor *header;
	int r = cbor_parse(parts[0].data, parts[0].len, a, &header, e);

	if (r >= 0)
		r = read_protected(header, n, a, e);
	if (r >= 0)
		r = read_chain(cbor_get_number(&parts[1], HEADER_X5CHAIN), &n->chain, e);
	if (r < 0)
		return r;
	encode_signed(&parts[0], &parts[2], &input);
	r = strbuf_check(&input, "COSE envelope", e);
	if (r < 0)
		return r;
	n->signed_data = input.data;
	n->signed_len = input.len;
	n->signature.data =
		(unsigned char *)arena_strndup(a, (const char *)parts[3].data, parts[3].len);
	n->signature.len = parts[3].len;
	n->payload = (const char *)parts[2].data;
	n->payload_len = parts[2].len;
	return notation_check(t, s, n, ret, e);
}

static const struct cbor *parts_of(const struct cbor *top)
{
	const struct cbor *list =
		top->kind == CBOR_TAG && top->number == SIGN1_TAG ? top->items : NULL;

	if (!list || list->kind != CBOR_ARRAY || list->len != 4 ||
	    list->items[0].kind != CBOR_BYTES || list->items[1].kind != CBOR_MAP ||
	    list->items[2].kind != CBOR_BYTES || list->items[3].kind != CBOR_BYTES)
		return NULL;
	return list->items;
}

int sign_check_cose(const struct sign_trust *t, const struct sign_subject *s, const void *data,
		    size_t len, struct sign_verdict *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct notation n = { 0 };
	const struct cbor *parts;
	struct cbor *top;
	int r = cbor_parse(data, len, &a, &top, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "notation");
	parts = parts_of(top);
	r = parts ? check_parts(t, s, parts, &n, &a, ret, e)
		  : err_set(e, IMAGE_EVERIFY, "it is no COSE_Sign1 envelope");
	sign_chain_done(&n.chain);
	return r < 0 ? err_wrap(e, -IMAGE_EVERIFY, "notation") : 0;
}
