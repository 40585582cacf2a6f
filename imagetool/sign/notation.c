/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/notation.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "libutil/json.h"

int notation_critical(struct notation *n, const char *name, size_t len, struct err *e)
{
	const struct {
		const char *name;
		bool *mark;
	} known[] = {
		{ NOTATION_SCHEME, &n->critical_scheme },
		{ NOTATION_EXPIRY, &n->critical_expiry },
		{ NOTATION_AUTH, &n->critical_auth },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strlen(known[i].name) != len || memcmp(known[i].name, name, len) != 0)
			continue;
		*known[i].mark = true;
		return 0;
	}
	return err_set(e, IMAGE_EVERIFY, "it has a critical header that is not known here: '%.*s'",
		       (int)(len < 100 ? len : 100), name);
}

/* "MUST be marked critical" */
static int check_headers(const struct sign_trust *t, const struct notation *n, struct err *e)
{
	bool authority = n->scheme && streq(n->scheme, NOTATION_X509_SA);

	if (n->alg == SIGN_NONE)
		return err_set(e, IMAGE_EVERIFY, "its algorithm is none that notation allows");
	if (!n->content_type || !streq(n->content_type, NOTATION_PAYLOAD))
		return err_set(e, IMAGE_EVERIFY, "its content is no payload of notation's");
	if (!n->scheme || (!authority && !streq(n->scheme, NOTATION_X509)))
		return err_set(e, IMAGE_EVERIFY, "its signing scheme is not known here");
	if (!n->critical_scheme || n->has_expiry != n->critical_expiry ||
	    n->has_auth != n->critical_auth)
		return err_set(e, IMAGE_EVERIFY,
			       "headers that must be critical are not, or are missing");
	if (authority != n->has_auth)
		return err_set(e, IMAGE_EVERIFY,
			       "its signing scheme and its time do not go together");
	if (n->has_expiry && n->expiry <= (int64_t)sign_trust_time(t))
		return err_set(e, IMAGE_EVERIFY, "the signature has expired");
	return 0;
}

static int check_payload(const struct sign_subject *s, const struct notation *n, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct json *target, *size;
	const char *digest, *type;
	struct json *doc;
	int r = json_parse("signature payload", n->payload, n->payload_len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "signed content");
	target = json_get(doc, "targetArtifact");
	digest = json_get_string(target, "digest");
	type = json_get_string(target, "mediaType");
	size = json_get(target, "size");
	if (!digest || !type || !size || size->kind != JSON_NUMBER ||
	    size->number.kind != JSON_NUM_I64)
		return err_set(e, IMAGE_EVERIFY, "what is signed is no descriptor of an artifact");
	if (!streq(digest, s->digest) || size->number.i64 != (int64_t)s->len ||
	    (s->media_type && !streq(type, s->media_type)))
		return err_set(e, IMAGE_EVERIFY, "it is a signature of another image, '%s'",
			       digest);
	return 0;
}

int notation_check(const struct sign_trust *t, const struct sign_subject *s,
		   const struct notation *n, struct sign_verdict *ret, struct err *e)
{
	auto_(sign_verdict) struct sign_verdict v = { 0 };
	int r = check_headers(t, n, e);

	if (r >= 0 && s->predicate)
		r = err_set(e, IMAGE_EVERIFY, "it is a signature, and no statement of type '%s'",
			    s->predicate);
	if (r >= 0)
		/* Valid now: a time that only the signer vouches for would let a stolen certificate
		 * sign after its end. */
		r = sign_trust_check_chain(t, &n->chain, sign_trust_time(t), n->alg, n->signed_data,
					   n->signed_len, &n->signature, &v.who, e);
	if (r >= 0)
		r = check_payload(s, n, e);
	if (r >= 0)
		ret->who = steal_ptr(&v.who);
	return r;
}
