/* SPDX-License-Identifier: Apache-2.0 */
/* Sigstore bundles: what is needed to check a signature without asking anybody, in one document. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/sign/check.h"
#include "libutil/json.h"

#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle"

static int add_certificate(const struct json *cert, struct sign_chain *chain, struct err *e)
{
	const char *der = json_get_string(cert, "rawBytes");
	int r;

	if (!der)
		return err_set(e, IMAGE_EVERIFY, "a certificate of the bundle has no 'rawBytes'");
	if (chain->n == SIGN_CHAIN_MAX)
		return err_set(e, IMAGE_EVERIFY, "more than %d certificates", SIGN_CHAIN_MAX);
	r = base64_decode("certificate", der, strlen(der), BASE64_STANDARD, &chain->items[chain->n],
			  e);
	if (r >= 0)
		chain->n++;
	return r;
}

/* Version 0.3 has one certificate, those before a chain; with a key there is none. */
static int read_chain(const struct json *material, struct sign_chain *chain, struct err *e)
{
	const struct json *one = json_get(material, "certificate");
	const struct json *list =
		json_get(json_get(material, "x509CertificateChain"), "certificates");
	int r = one ? add_certificate(one, chain, e) : 0;

	for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len && r >= 0; i++)
		r = add_certificate(&list->items[i], chain, e);
	if (r >= 0 && !chain->n && !json_get(material, "publicKey"))
		r = err_set(e, IMAGE_EVERIFY, "the bundle does not say what to check it with");
	return r;
}

/* The manifest's own bytes are signed. */
static int check_message(const struct sign_trust *t, const struct sign_subject *s,
			 const struct json *message, const struct sign_chain *chain,
			 struct sign_verdict *ret, struct err *e)
{
	auto_(sign_bytes) struct sign_bytes sig = { 0 };
	const char *text = json_get_string(message, "signature");
	int r;

	if (s->predicate)
		return err_set(e, IMAGE_EVERIFY, "it is a signature, and no statement of type '%s'",
			       s->predicate);
	if (!text)
		return err_set(e, IMAGE_EVERIFY, "the bundle has no signature");
	r = base64_decode("signature", text, strlen(text), BASE64_STANDARD, &sig, e);
	if (r < 0)
		return r;
	/* Its messageDigest is a hint for finding things, and proves nothing. */
	if (chain->n)
		return sign_trust_check_chain(t, chain, sign_trust_time(t), SIGN_NONE, s->text,
					      s->len, &sig, &ret->who, e);
	return sign_trust_check_key(t, s->text, s->len, &sig, &ret->who, e);
}

static int check_envelope(const struct sign_trust *t, const struct sign_subject *s,
			  const struct json *envelope, const struct sign_chain *chain,
			  struct sign_verdict *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };
	int r;

	json_write_tree(&w, envelope);
	r = strbuf_check(&text, "DSSE envelope", e);
	return r < 0 ? r : sign_check_dsse(t, s, text.data, text.len, chain, ret, e);
}

int sign_check_bundle(const struct sign_trust *t, const struct sign_subject *s, const char *text,
		      size_t len, struct sign_verdict *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(sign_chain) struct sign_chain chain = { 0 };
	const struct json *message, *envelope;
	const char *type;
	struct json *doc;
	int r = json_parse("sigstore bundle", text, len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "signature");
	type = json_get_string(doc, "mediaType");
	if (!type || !starts_with(type, BUNDLE_TYPE))
		return err_set(e, IMAGE_EVERIFY, "it is no sigstore bundle");
	message = json_get(doc, "messageSignature");
	envelope = json_get(doc, "dsseEnvelope");
	if (!message == !envelope)
		return err_set(e, IMAGE_EVERIFY, "the bundle has not one signature");
	r = read_chain(json_get(doc, "verificationMaterial"), &chain, e);
	if (r < 0)
		return r;
	return message ? check_message(t, s, message, &chain, ret, e)
		       : check_envelope(t, s, envelope, &chain, ret, e);
}
