/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "imagetool/errors.h"
#include "imagetool/sign/trust_internal.h"
#include "libutil/alloc.h"

static const struct algorithm {
	const char *name;
	int64_t number;
	const char *hash;
	bool pss;
	int bits;
} algorithms[] = { [SIGN_NONE] = { "", 0, NULL, false, 0 },
#define X(name, number, hash, pss, bits) [SIGN_##name] = { #name, number, hash, pss, bits },
		   SIGN_ALGORITHMS(X)
#undef X
};

enum sign_algorithm sign_algorithm_by_name(const char *name)
{
	for (size_t i = 1; i < ARRAY_LEN(algorithms); i++)
		if (streq(algorithms[i].name, name))
			return (enum sign_algorithm)i;
	return SIGN_NONE;
}

enum sign_algorithm sign_algorithm_by_number(int64_t number)
{
	for (size_t i = 1; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].number == number)
			return (enum sign_algorithm)i;
	return SIGN_NONE;
}

/* `hash` NULL: the algorithm has its own.  `padding` 0: the key has none. */
static bool verify(EVP_PKEY *key, const char *hash, int padding, const void *data, size_t len,
		   const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool good =
		ctx && EVP_DigestVerifyInit_ex(ctx, &pctx, hash, NULL, NULL, key, NULL) == 1 &&
		(!padding || EVP_PKEY_CTX_set_rsa_padding(pctx, padding) == 1) &&
		/* Salts as long as the hash; whoever made another one had reasons of his own. */
		(padding != RSA_PKCS1_PSS_PADDING ||
		 EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1) &&
		EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

static const char *hash_of_curve(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return bits <= 256 ? "SHA256" : bits <= 384 ? "SHA384" : "SHA512";
}

bool sign_verify_any(EVP_PKEY *key, const void *data, size_t len, const struct sign_bytes *sig)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return verify(key, NULL, 0, data, len, sig->data, sig->len);
	case EVP_PKEY_EC:
		/* It hashed by SHA-256 whatever the curve, and takes the curve's own today. */
		return verify(key, "SHA256", 0, data, len, sig->data, sig->len) ||
		       verify(key, hash_of_curve(key), 0, data, len, sig->data, sig->len);
	default:
		return verify(key, "SHA256", RSA_PKCS1_PADDING, data, len, sig->data, sig->len) ||
		       verify(key, "SHA256", RSA_PKCS1_PSS_PADDING, data, len, sig->data, sig->len);
	}
}

/* JOSE and COSE write r and s behind one another, OpenSSL reads them in DER. */
static bool verify_raw_ecdsa(EVP_PKEY *key, const char *hash, const void *data, size_t len,
			     const struct sign_bytes *sig)
{
	size_t half = (size_t)(EVP_PKEY_get_bits(key) + 7) / 8;
	ECDSA_SIG *pair = sig->len == 2 * half ? ECDSA_SIG_new() : NULL;
	BIGNUM *r = pair ? BN_bin2bn(sig->data, (int)half, NULL) : NULL;
	BIGNUM *s = pair ? BN_bin2bn(sig->data + half, (int)half, NULL) : NULL;
	unsigned char *der = NULL;
	int der_len = 0;
	bool good = false;

	if (r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL;
		der_len = i2d_ECDSA_SIG(pair, &der);
	}
	if (der_len > 0)
		good = verify(key, hash, 0, data, len, der, (size_t)der_len);
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return good;
}

int sign_verify_by(EVP_PKEY *key, enum sign_algorithm alg, const void *data, size_t len,
		   const struct sign_bytes *sig, struct err *e)
{
	const struct algorithm *a = &algorithms[alg];
	int kind = EVP_PKEY_get_base_id(key);
	bool fits = a->pss ? kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS : kind == EVP_PKEY_EC;

	if (!fits || EVP_PKEY_get_bits(key) != a->bits)
		return err_set(e, IMAGE_EVERIFY,
			       "algorithm %s does not go with a key of %d bits of that "
			       "kind",
			       a->name, EVP_PKEY_get_bits(key));
	if (a->pss ? verify(key, a->hash, RSA_PKCS1_PSS_PADDING, data, len, sig->data, sig->len)
		   : verify_raw_ecdsa(key, a->hash, data, len, sig))
		return 0;
	return err_set(e, IMAGE_EVERIFY,
		       "the signature is not of this content and this certificate");
}

int sign_trust_check_key(const struct sign_trust *t, const void *data, size_t len,
			 const struct sign_bytes *sig, char **ret_who, struct err *e)
{
	if (!t->n_keys)
		return err_set(e, IMAGE_EVERIFY,
			       "it is made by a key without a certificate, and no --key is given");
	for (size_t i = 0; i < t->n_keys; i++) {
		if (!sign_verify_any(t->keys[i].key, data, len, sig))
			continue;
		*ret_who = xasprintf("key %s", t->keys[i].name);
		return 0;
	}
	return err_set(e, IMAGE_EVERIFY, "it is not made by %s",
		       t->n_keys == 1 ? "the key that is given" : "any of the keys that are given");
}
