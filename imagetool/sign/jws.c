/* SPDX-License-Identifier: Apache-2.0 */
/* notation's JWS envelope: JSON Web Signature, flattened, with certificates beside it. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/sign/notation.h"
#include "libutil/json.h"
#include "libutil/parse.h"

static int read_time(const struct json *header, const char *key, bool *ret_has, int64_t *ret,
		     struct err *e)
{
	const struct json *v = json_get(header, key);
	struct timespec ts;

	if (!v)
		return 0;
	if (v->kind != JSON_STRING || parse_time(v->string, &ts) < 0)
		return err_set(e, IMAGE_EVERIFY, "its header '%s' is no time", key);
	*ret_has = true;
	*ret = ts.tv_sec;
	return 0;
}

static int read_protected(const struct json *header, struct notation *n, struct err *e)
{
	const struct json *critical = json_get(header, "crit");
	const char *alg = json_get_string(header, "alg");
	int r = 0;

	n->alg = alg ? sign_algorithm_by_name(alg) : SIGN_NONE;
	n->content_type = json_get_string(header, "cty");
	n->scheme = json_get_string(header, NOTATION_SCHEME);
	for (size_t i = 0; critical && critical->kind == JSON_ARRAY && i < critical->len; i++) {
		const struct json *name = &critical->items[i];

		if (name->kind != JSON_STRING)
			return err_set(e, IMAGE_EVERIFY, "a critical header is no name");
		r = notation_critical(n, name->string, name->len, e);
		if (r < 0)
			return r;
	}
	r = read_time(header, NOTATION_EXPIRY, &n->has_expiry, &n->expiry, e);
	return r < 0 ? r : read_time(header, NOTATION_AUTH, &n->has_auth, &n->auth, e);
}

static int read_chain(const struct json *list, struct sign_chain *chain, struct err *e)
{
	if (!list || list->kind != JSON_ARRAY || !list->len || list->len > SIGN_CHAIN_MAX)
		return err_set(e, IMAGE_EVERIFY, "no certificates come with it");
	for (size_t i = 0; i < list->len; i++) {
		const struct json *c = &list->items[i];
		int r = c->kind == JSON_STRING
				? base64_decode("certificate", c->string, c->len, BASE64_STANDARD,
						&chain->items[i], e)
				: err_set(e, IMAGE_EVERIFY, "certificate %zu is no text", i + 1);

		if (r < 0)
			return r;
		chain->n = i + 1;
	}
	return 0;
}

struct parts {
	const char *payload, *protected, *signature;
};

static int check_parts(const struct sign_trust *t, const struct sign_subject *s,
		       const struct parts *p, struct notation *n, struct sign_verdict *ret,
		       struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(sign_bytes) struct sign_bytes payload = { 0 }, header = { 0 }, sig = { 0 };
	auto_(strbuf) struct strbuf input = { 0 };
	struct json *doc;
	int r = base64_decode("payload", p->payload, strlen(p->payload), BASE64_URL, &payload, e);

	if (r >= 0)
		r = base64_decode("protected", p->protected, strlen(p->protected), BASE64_URL,
				  &header, e);
	if (r >= 0)
		r = base64_decode("signature", p->signature, strlen(p->signature), BASE64_URL, &sig,
				  e);
	if (r >= 0)
		r = json_parse("JWS header", (const char *)header.data, header.len, &a, &doc, e);
	if (r >= 0)
		r = read_protected(doc, n, e);
	if (r < 0)
		return r;
	strbuf_addf(&input, "%s.%s", p->protected, p->payload);
	n->signed_data = strbuf_str(&input);
	n->signed_len = input.len;
	n->signature = sig;
	n->payload = (const char *)payload.data;
	n->payload_len = payload.len;
	return notation_check(t, s, n, ret, e);
}

int sign_check_jws(const struct sign_trust *t, const struct sign_subject *s, const char *text,
		   size_t len, struct sign_verdict *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct notation n = { 0 };
	struct parts p;
	struct json *doc;
	int r = json_parse("JWS envelope", text, len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "signature");
	p = (struct parts){ json_get_string(doc, "payload"), json_get_string(doc, "protected"),
			    json_get_string(doc, "signature") };
	if (!p.payload || !p.protected || !p.signature)
		return err_set(e, IMAGE_EVERIFY, "it is no JWS envelope");
	r = read_chain(json_get(json_get(doc, "header"), "x5c"), &n.chain, e);
	if (r >= 0)
		r = check_parts(t, s, &p, &n, ret, e);
	sign_chain_done(&n.chain);
	return r < 0 ? err_wrap(e, -IMAGE_EVERIFY, "notation") : 0;
}
