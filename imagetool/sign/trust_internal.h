/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about trust share; the only header here that knows OpenSSL. */
#ifndef IMAGETOOL_SIGN_TRUST_INTERNAL_H
#define IMAGETOOL_SIGN_TRUST_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "imagetool/sign/trust.h"
#include "libutil/strv.h"

struct trusted_key {
	EVP_PKEY *key;
	char *name; /* the file */
};

struct sign_trust {
	struct trusted_key *keys;
	size_t n_keys;
	X509_STORE *authorities; /* NULL: none */
	struct strv identities;
	time_t now; /* 0: the clock's */
};

/* trust.c */
int sign_key_check(EVP_PKEY *key, struct err *e);

/* trust_verify.c: as cosign makes them; by one algorithm, where the key must fit it. */
bool sign_verify_any(EVP_PKEY *key, const void *data, size_t len, const struct sign_bytes *sig);
int sign_verify_by(EVP_PKEY *key, enum sign_algorithm alg, const void *data, size_t len,
		   const struct sign_bytes *sig, struct err *e);

#endif
