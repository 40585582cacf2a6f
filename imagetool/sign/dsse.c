/* SPDX-License-Identifier: Apache-2.0 */
/* Dead Simple Signing Envelope, and the in-toto statement inside. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/sign/check.h"
#include "libutil/json.h"

#define STATEMENT_TYPE   "application/vnd.in-toto+json"
#define STATEMENT_PREFIX "https://in-toto.io/Statement/"
/* cosign's word for "I sign this image", and nothing more. */
#define SIGNATURE_PREDICATE "https://sigstore.dev/cosign/sign/v1"
#define SIGNATURES_MAX      16

/* Pre-Authentication Encoding: type and body with their lengths, so that neither runs into the
 * other. */
static void encode(const char *type, const struct sign_bytes *body, struct strbuf *out)
{
	out->max = SIGN_ENVELOPE_MAX * 2;
	strbuf_addf(out, "DSSEv1 %zu %s %zu ", strlen(type), type, body->len);
	strbuf_add(out, body->data, body->len);
}

static bool names_digest(const struct json *subjects, const char *digest)
{
	const char *colon = strchr(digest, ':');
	autofree char *algorithm = xstrndup(digest, (size_t)(colon - digest));

	for (size_t i = 0; subjects && subjects->kind == JSON_ARRAY && i < subjects->len; i++) {
		const char *hex =
			json_get_string(json_get(&subjects->items[i], "digest"), algorithm);

		if (hex && streq(hex, colon + 1))
			return true;
	}
	return false;
}

static int check_statement(const struct sign_bytes *body, const struct sign_subject *s,
			   struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const char *want = s->predicate ? s->predicate : SIGNATURE_PREDICATE, *type, *predicate;
	struct json *doc;
	int r = json_parse("statement", (const char *)body->data, body->len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "signed content");
	type = json_get_string(doc, "_type");
	predicate = json_get_string(doc, "predicateType");
	if (!type || !starts_with(type, STATEMENT_PREFIX) || !predicate)
		return err_set(e, IMAGE_EVERIFY, "what is signed is no in-toto statement");
	if (!streq(predicate, want))
		return err_set(e, IMAGE_EVERIFY, "it is a statement of type '%s', not '%s'",
			       predicate, want);
	if (!names_digest(json_get(doc, "subject"), s->digest))
		return err_set(e, IMAGE_EVERIFY, "it is a statement about another image");
	return 0;
}

static int check_one(const struct sign_trust *t, const struct json *signature,
		     const struct strbuf *pae, const struct sign_chain *chain, char **ret_who,
		     struct err *e)
{
	auto_(sign_bytes) struct sign_bytes sig = { 0 };
	const char *text = json_get_string(signature, "sig");
	int r = text ? base64_decode("signature", text, strlen(text), BASE64_STANDARD, &sig, e)
		     : err_set(e, IMAGE_EVERIFY, "a signature of the envelope has no 'sig'");

	if (r < 0)
		return r;
	if (chain->n)
		return sign_trust_check_chain(t, chain, sign_trust_time(t), SIGN_NONE, pae->data,
					      pae->len, &sig, ret_who, e);
	return sign_trust_check_key(t, pae->data, pae->len, &sig, ret_who, e);
}

/* Any of its signatures is enough; the last failure is told. */
static int check_any(const struct sign_trust *t, const struct json *list, const struct strbuf *pae,
		     const struct sign_chain *chain, char **ret_who, struct err *e)
{
	int r = -IMAGE_EVERIFY;

	if (!list || list->kind != JSON_ARRAY || !list->len || list->len > SIGNATURES_MAX)
		return err_set(e, IMAGE_EVERIFY, "the envelope has no list of signatures");
	for (size_t i = 0; i < list->len && r < 0; i++) {
		if (e)
			err_clear(e);
		r = check_one(t, &list->items[i], pae, chain, ret_who, e);
	}
	return r;
}

int sign_check_dsse(const struct sign_trust *t, const struct sign_subject *s, const char *text,
		    size_t len, const struct sign_chain *chain, struct sign_verdict *ret,
		    struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(sign_bytes) struct sign_bytes body = { 0 };
	auto_(sign_verdict) struct sign_verdict v = { 0 };
	auto_(strbuf) struct strbuf pae = { 0 };
	const char *type, *payload;
	struct json *doc;
	int r = json_parse("DSSE envelope", text, len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "signature");
	type = json_get_string(doc, "payloadType");
	payload = json_get_string(doc, "payload");
	if (!type || !streq(type, STATEMENT_TYPE) || !payload)
		return err_set(e, IMAGE_EVERIFY, "the envelope holds no in-toto statement");
	r = base64_decode("payload", payload, strlen(payload), BASE64_STANDARD, &body, e);
	if (r < 0)
		return r;
	encode(type, &body, &pae);
	r = strbuf_check(&pae, "DSSE envelope", e);
	if (r >= 0)
		r = check_any(t, json_get(doc, "signatures"), &pae, chain, &v.who, e);
	if (r >= 0)
		r = check_statement(&body, s, e);
	if (r >= 0)
		ret->who = steal_ptr(&v.who);
	return r;
}
