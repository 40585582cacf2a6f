/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: from a leaf to a trusted authority. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "imagetool/errors.h"
#include "imagetool/sign/trust_internal.h"
#include "libutil/alloc.h"

void sign_chain_done(struct sign_chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		sign_bytes_done(&c->items[i]);
	c->n = 0;
}

int sign_chain_add_pem(struct sign_chain *c, const char *what, const char *text, size_t len,
		       struct err *e)
{
	BIO *bio = BIO_new_mem_buf(text, len > SIGN_FILE_MAX ? 0 : (int)len);
	size_t before = c->n;
	X509 *cert;

	while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		unsigned char *der = NULL;
		int n = c->n < SIGN_CHAIN_MAX ? i2d_X509(cert, &der) : -1;

		X509_free(cert);
		if (n < 0)
			break;
		c->items[c->n].data = xcalloc((size_t)n + 1, 1);
		memcpy(c->items[c->n].data, der, (size_t)n);
		c->items[c->n++].len = (size_t)n;
		OPENSSL_free(der);
	}
	BIO_free(bio);
	ERR_clear_error();
	return c->n > before
		       ? 0
		       : err_set(e, IMAGE_EVERIFY, "%s: no certificate in PEM is in it", what);
}

/* ---- Whom it names ---- */

static bool is_text(const ASN1_STRING *have, const char *want)
{
	size_t len = strlen(want);

	/* One with a NUL inside is longer than its text. */
	return (size_t)ASN1_STRING_length(have) == len &&
	       memcmp(ASN1_STRING_get0_data(have), want, len) == 0;
}

static bool has_alternative_name(const X509 *cert, const char *want)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type == GEN_EMAIL || n->type == GEN_DNS || n->type == GEN_URI)
			found = is_text(n->d.ia5, want);
	}
	GENERAL_NAMES_free(names);
	return found;
}

static char *subject_of(const X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *copy;
	long len;

	if (bio)
		(void)X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
					 XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = bio ? BIO_get_mem_data(bio, &text) : 0;
	copy = xstrndup(text ? text : "", (size_t)(len > 0 ? len : 0));
	BIO_free(bio);
	return copy;
}

static bool names_somebody_wanted(const struct sign_trust *t, const X509 *cert, const char *subject)
{
	if (!t->identities.n)
		return true;
	for (size_t i = 0; i < t->identities.n; i++)
		if (streq(subject, t->identities.v[i]) ||
		    has_alternative_name(cert, t->identities.v[i]))
			return true;
	return false;
}

/* ---- The chain ---- */

static X509 *decode(const struct sign_bytes *der)
{
	const unsigned char *p = der->data;
	X509 *cert = d2i_X509(NULL, &p, (long)der->len);

	/* Bytes behind it are no part of a certificate. */
	if (cert && p != der->data + der->len) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

struct certs {
	X509 *leaf;
	STACK_OF(X509) * others;
};
static void certs_done(struct certs *c)
{
	X509_free(c->leaf);
	sk_X509_pop_free(c->others, X509_free);
	ERR_clear_error();
}
AUTO_DEFINE_DONE(certs, certs_done)

static int decode_all(const struct sign_chain *chain, struct certs *ret, struct err *e)
{
	ret->others = sk_X509_new_null();
	for (size_t i = 0; i < chain->n; i++) {
		X509 *cert = decode(&chain->items[i]);

		if (!cert)
			return err_set(e, IMAGE_EVERIFY, "certificate %zu is none", i + 1);
		if (i == 0)
			ret->leaf = cert;
		else if (!ret->others || sk_X509_push(ret->others, cert) <= 0) {
			X509_free(cert);
			return err_set(e, ENOMEM, "no memory for certificates");
		}
	}
	return ret->leaf ? 0 : err_set(e, IMAGE_EVERIFY, "no certificate comes with it");
}

/* A certificate that names servers or other authorities does not name signers. */
static int check_leaf(X509 *leaf, struct err *e)
{
	uint32_t usage = X509_get_key_usage(leaf), extended = X509_get_extended_key_usage(leaf);

	if (X509_check_ca(leaf) == 1)
		return err_set(e, IMAGE_EVERIFY,
			       "its certificate is an authority's, not a signer's");
	/* All bits are set where nothing is said. */
	if (usage == UINT32_MAX || !(usage & KU_DIGITAL_SIGNATURE))
		return err_set(e, IMAGE_EVERIFY, "its certificate is not for signatures");
	if (extended != UINT32_MAX && !(extended & XKU_CODE_SIGN))
		return err_set(e, IMAGE_EVERIFY, "its certificate is not for signing code");
	return 0;
}

static int check_path(const struct sign_trust *t, const struct certs *c, time_t at, struct err *e)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int r = 0;

	if (!ctx || X509_STORE_CTX_init(ctx, t->authorities, c->leaf, c->others) != 1) {
		X509_STORE_CTX_free(ctx);
		return err_set(e, ENOMEM, "no memory for certificates");
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, at);
	/* What a person trusts need not be a root.  Keys and hashes that are too weak break it. */
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, SIGN_CHAIN_MAX);
	if (X509_verify_cert(ctx) != 1)
		r = err_set(e, IMAGE_EVERIFY, "its certificate is not trusted: %s",
			    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	return r;
}

static int check_signature(EVP_PKEY *key, enum sign_algorithm alg, const void *data, size_t len,
			   const struct sign_bytes *sig, struct err *e)
{
	int r = key ? sign_key_check(key, e)
		    : err_set(e, IMAGE_EVERIFY, "its certificate has a key that is not understood");

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "its certificate");
	if (alg != SIGN_NONE)
		return sign_verify_by(key, alg, data, len, sig, e);
	if (!sign_verify_any(key, data, len, sig))
		return err_set(e, IMAGE_EVERIFY,
			       "the signature is not of this content and this certificate");
	return 0;
}

int sign_trust_check_chain(const struct sign_trust *t, const struct sign_chain *chain, time_t at,
			   enum sign_algorithm alg, const void *data, size_t len,
			   const struct sign_bytes *sig, char **ret_who, struct err *e)
{
	auto_(certs) struct certs c = { 0 };
	autofree char *subject = NULL;
	int r;

	if (!t->authorities)
		return err_set(e, IMAGE_EVERIFY,
			       "a certificate says who made it, and no --ca is given");
	r = decode_all(chain, &c, e);
	if (r >= 0)
		r = check_leaf(c.leaf, e);
	if (r >= 0)
		r = check_path(t, &c, at, e);
	if (r >= 0)
		r = check_signature(X509_get0_pubkey(c.leaf), alg, data, len, sig, e);
	if (r < 0)
		return r;
	subject = subject_of(c.leaf);
	if (!names_somebody_wanted(t, c.leaf, subject))
		return err_set(e, IMAGE_EVERIFY, "its certificate names another: '%s'", subject);
	*ret_who = xasprintf("certificate of %s", *subject ? subject : "somebody without a name");
	return 0;
}
