/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a signature one of this image, by somebody who is trusted?  Each form of
 * signature has a function; all say 0, or -IMAGE_EVERIFY with the reason.  No
 * transparency log is asked: what only a log could attest is not believed.
 */
#ifndef IMAGETOOL_SIGN_CHECK_H
#define IMAGETOOL_SIGN_CHECK_H

#include <stdint.h>

#include "imagetool/sign/trust.h"

#define SIGN_ENVELOPE_MAX ((size_t)4 << 20) /* bytes of one signature */

/* The manifest or index that is signed. */
struct sign_subject {
	const char *digest; /* legal */
	const char *media_type;
	const void *text;
	size_t len;
	/* Attestations with this type of predicate count, and no others; NULL: signatures. */
	const char *predicate;
	/* The name inside must be one for this image; then only cosign's form has one.  NULL: any.
	 */
	bool (*named)(void *ctx, const char *name);
	void *named_ctx;
};

struct sign_verdict {
	char *who; /* owned */
};
static inline void sign_verdict_done(struct sign_verdict *v)
{
	free(v->who);
}
AUTO_DEFINE_DONE(sign_verdict, sign_verdict_done)

/* cosign's: the payload is a blob, what is beside it are annotations; certificate and chain (PEM)
 * NULL: a key made it. */
struct sign_simple {
	const void *payload;
	size_t len;
	const char *signature; /* base64 */
	const char *certificate, *chain;
};
int sign_check_simple(const struct sign_trust *t, const struct sign_subject *s,
		      const struct sign_simple *sig, struct sign_verdict *ret, struct err *e);

/* DSSE around an in-toto statement: {"payloadType", "payload", "signatures"}; `chain` empty: by a
 * key. */
int sign_check_dsse(const struct sign_trust *t, const struct sign_subject *s, const char *text,
		    size_t len, const struct sign_chain *chain, struct sign_verdict *ret,
		    struct err *e);

/* A sigstore bundle of versions 0.1 to 0.3: a message signature, or DSSE. */
int sign_check_bundle(const struct sign_trust *t, const struct sign_subject *s, const char *text,
		      size_t len, struct sign_verdict *ret, struct err *e);

/* notation's envelopes, JWS and COSE. */
int sign_check_jws(const struct sign_trust *t, const struct sign_subject *s, const char *text,
		   size_t len, struct sign_verdict *ret, struct err *e);
int sign_check_cose(const struct sign_trust *t, const struct sign_subject *s, const void *data,
		    size_t len, struct sign_verdict *ret, struct err *e);

#endif
