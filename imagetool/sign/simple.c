/* SPDX-License-Identifier: Apache-2.0 */
/* cosign's first form: a JSON document that names a digest, signed as it is. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/sign/check.h"
#include "libutil/json.h"

#define SIMPLE_TYPE "cosign container image signature"

/* What was signed must be about this image.  Only after the signature was found good: before that
 * it is a stranger's text. */
static int check_payload(const struct sign_simple *sig, const struct sign_subject *s, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	const struct json *critical;
	const char *type, *digest, *name;
	int r = json_parse("signature payload", sig->payload, sig->len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "signed content");
	critical = json_get(doc, "critical");
	type = json_get_string(critical, "type");
	digest = json_get_string(json_get(critical, "image"), "docker-manifest-digest");
	if (!type || !streq(type, SIMPLE_TYPE) || !digest)
		return err_set(e, IMAGE_EVERIFY, "what is signed is no statement about an image");
	if (!streq(digest, s->digest))
		return err_set(e, IMAGE_EVERIFY, "it is a signature of another image, '%s'",
			       digest);
	name = json_get_string(json_get(critical, "identity"), "docker-reference");
	if (s->named && (!name || !s->named(s->named_ctx, name)))
		return err_set(e, IMAGE_EVERIFY, "it is a signature for another name, '%s'",
			       name ? name : "");
	return 0;
}

int sign_check_simple(const struct sign_trust *t, const struct sign_subject *s,
		      const struct sign_simple *sig, struct sign_verdict *ret, struct err *e)
{
	auto_(sign_chain) struct sign_chain chain = { 0 };
	auto_(sign_bytes) struct sign_bytes bytes = { 0 };
	auto_(sign_verdict) struct sign_verdict v = { 0 };
	int r = base64_decode("signature", sig->signature, strlen(sig->signature), BASE64_STANDARD,
			      &bytes, e);

	if (r >= 0 && sig->certificate)
		r = sign_chain_add_pem(&chain, "certificate", sig->certificate,
				       strlen(sig->certificate), e);
	if (r >= 0 && sig->certificate && sig->chain)
		r = sign_chain_add_pem(&chain, "chain", sig->chain, strlen(sig->chain), e);
	if (r >= 0)
		r = sig->certificate
			    ? sign_trust_check_chain(t, &chain, sign_trust_time(t), SIGN_NONE,
						     sig->payload, sig->len, &bytes, &v.who, e)
			    : sign_trust_check_key(t, sig->payload, sig->len, &bytes, &v.who, e);
	if (r >= 0)
		r = check_payload(sig, s, e);
	if (r < 0)
		return r;
	ret->who = steal_ptr(&v.who);
	return 0;
}
