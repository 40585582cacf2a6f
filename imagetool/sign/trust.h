/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is trusted: public keys, and authorities whose certificates name signers.
 * All cryptography is OpenSSL's.
 */
#ifndef IMAGETOOL_SIGN_TRUST_H
#define IMAGETOOL_SIGN_TRUST_H

#include <time.h>

#include "imagetool/sign/base64.h"
#include "libutil/strbuf.h"

#define SIGN_FILE_MAX  ((size_t)1 << 20) /* of a key or certificates */
#define SIGN_CHAIN_MAX 10                /* certificates of one signature */

struct sign_trust;

struct sign_trust *sign_trust_new(void);
void sign_trust_free(struct sign_trust *t);
AUTO_DEFINE(sign_trust, sign_trust_free)

/* A PEM file with one public key: RSA of 2048 bits or more, ECDSA on P-256, P-384 or P-521,
 * Ed25519.
 */
int sign_trust_add_key(struct sign_trust *t, const char *path, struct err *e);
/* A PEM file with certificates: roots, or any that a chain may end at. */
int sign_trust_add_ca(struct sign_trust *t, const char *path, struct err *e);
/* Whom a certificate must name, in its alternative names (mail address, URI, DNS name) or as its
 * subject in RFC 2253's form; several: any.  Without one everybody whom the authorities certify. */
void sign_trust_add_identity(struct sign_trust *t, const char *identity);
/* "Now", for tests. */
void sign_trust_set_time(struct sign_trust *t, time_t now);
time_t sign_trust_time(const struct sign_trust *t);

/* ---- Signatures ---- */

/* JOSE's name, COSE's number, hash, RSA-PSS or ECDSA, bits of the key that notation wants for it.
 */
#define SIGN_ALGORITHMS(X)                                                                         \
	X(PS256, -37, "SHA256", true, 2048)                                                        \
	X(PS384, -38, "SHA384", true, 3072)                                                        \
	X(PS512, -39, "SHA512", true, 4096)                                                        \
	X(ES256, -7, "SHA256", false, 256)                                                         \
	X(ES384, -35, "SHA384", false, 384)                                                        \
	X(ES512, -36, "SHA512", false, 521)

enum sign_algorithm {
	SIGN_NONE,
#define X(name, number, hash, pss, bits) SIGN_##name,
	SIGN_ALGORITHMS(X)
#undef X
};
enum sign_algorithm sign_algorithm_by_name(const char *name);
enum sign_algorithm sign_algorithm_by_number(int64_t number);

/* Any trusted key made `sig` of `data`, by one of the algorithms that cosign uses for its kind:
 * ECDSA (DER), RSA PKCS#1 v1.5 or PSS, Ed25519.  *ret_who (owned) says which key. */
int sign_trust_check_key(const struct sign_trust *t, const void *data, size_t len,
			 const struct sign_bytes *sig, char **ret_who, struct err *e);

/* A leaf and what is between it and an authority, in DER. */
struct sign_chain {
	struct sign_bytes items[SIGN_CHAIN_MAX];
	size_t n;
};
void sign_chain_done(struct sign_chain *c);
AUTO_DEFINE_DONE(sign_chain, sign_chain_done)
/* Certificates of a PEM text behind those that are there. */
int sign_chain_add_pem(struct sign_chain *c, const char *what, const char *text, size_t len,
		       struct err *e);

/* The chain ends at a trusted authority at that time, its leaf may sign and names whom it must, and
 * signed.  `alg` NONE: cosign's algorithms; else that one, its signature as r and s, and a key of
 * the size notation's rules couple with it. */
int sign_trust_check_chain(const struct sign_trust *t, const struct sign_chain *chain, time_t at,
			   enum sign_algorithm alg, const void *data, size_t len,
			   const struct sign_bytes *sig, char **ret_who, struct err *e);

#endif
