/* SPDX-License-Identifier: Apache-2.0 */
/* What both of notation's envelopes say, and its rules. */
#ifndef IMAGETOOL_SIGN_NOTATION_H
#define IMAGETOOL_SIGN_NOTATION_H

#include "imagetool/sign/check.h"

#define NOTATION_PAYLOAD "application/vnd.cncf.notary.payload.v1+json"
#define NOTATION_SCHEME  "io.cncf.notary.signingScheme"
#define NOTATION_TIME    "io.cncf.notary.signingTime"
#define NOTATION_AUTH    "io.cncf.notary.authenticSigningTime"
#define NOTATION_EXPIRY  "io.cncf.notary.expiry"
#define NOTATION_X509    "notary.x509"
#define NOTATION_X509_SA "notary.x509.signingAuthority"

/* Headers that somebody vouches for by the signature, in either form. */
struct notation {
	enum sign_algorithm alg;
	const char *content_type, *scheme;
	bool critical_scheme, critical_expiry, critical_auth;
	bool has_expiry, has_auth;
	int64_t expiry, auth;    /* seconds since 1970 */
	const void *signed_data; /* what the signature is of */
	size_t signed_len;
	struct sign_bytes signature; /* borrowed, as what is signed and the payload are */
	struct sign_chain chain;
	const char *payload; /* JSON */
	size_t payload_len;
};

/* Mark a critical header; one that is not known makes the signature one for others. */
int notation_critical(struct notation *n, const char *name, size_t len, struct err *e);
int notation_check(const struct sign_trust *t, const struct sign_subject *s,
		   const struct notation *n, struct sign_verdict *ret, struct err *e);

#endif
